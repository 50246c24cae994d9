package torture

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// Cost is what pages of one application took, in the order in which they were asked for.
type Cost struct {
	Spec    Spec
	Reads   []time.Duration // of a page that reads the session
	Changes []time.Duration // of one that changes it
}

// Quantile returns what the given share of the pages took at most; 0 for no pages.
func Quantile(took []time.Duration, share float64) time.Duration {
	if len(took) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(took))
	return sorted[min(len(sorted)-1, int(share*float64(len(sorted))))]
}

// pagesARound is how many pages of each kind an application answers before it is the next one's turn.
const pagesARound = 25

// Cost starts all applications and their stores at once, and asks them in turns for pages, one at a time, so that whatever else
// the machine does hits all of them alike.
func (w *Workshop) Cost(ctx context.Context, p Plan, rounds int) (costs []Cost, err error) {
	// With several processes of uvicorn 0.54 each answer on a kept connection waits 40 ms, as if the socket they share lacked TCP_NODELAY.
	p.Variables = append(p.Variables, "WEB_CONCURRENCY=1")
	h, err := w.house(ctx, p)
	defer func() { err = errors.Join(err, h.close(context.WithoutCancel(ctx))) }()
	if err != nil {
		return nil, err
	}
	costs = make([]Cost, len(h.servers))
	browsers := make([]*Browser, len(h.servers))
	for i, s := range h.servers {
		costs[i].Spec = s.Spec
		if browsers[i], err = signedIn(ctx, &s.App, "ada"); err != nil {
			return nil, fmt.Errorf("%s: %w", s.Spec.Name, err)
		}
		browsers[i].client = &http.Client{Transport: &http.Transport{}, Timeout: requestLimit}
	}
	for round := range rounds + 1 { // the first warms up
		for i, b := range browsers {
			reads, changes, err := pages(ctx, b, round)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", h.servers[i].Spec.Name, err)
			}
			if round > 0 {
				costs[i].Reads, costs[i].Changes = append(costs[i].Reads, reads...), append(costs[i].Changes, changes...)
			}
		}
	}
	return costs, nil
}

// pages asks for pages of both kinds in turns.
func pages(ctx context.Context, b *Browser, round int) (reads, changes []time.Duration, err error) {
	for i := range pagesARound {
		begun := time.Now()
		a, err := b.Get(ctx, "user")
		if err := must("get", a, err); err != nil {
			return nil, nil, err
		}
		reads = append(reads, time.Since(begun))
		begun = time.Now()
		a, err = b.Set(ctx, "a", strconv.Itoa(round*pagesARound+i))
		if err := must("set", a, err); err != nil {
			return nil, nil, err
		}
		changes = append(changes, time.Since(begun))
	}
	return reads, changes, nil
}
