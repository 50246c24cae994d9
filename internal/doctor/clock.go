package doctor

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"
)

const (
	// farOff is more than a well kept clock is off: HTTP tells whole seconds only.
	farOff = 2 * time.Second

	// stepped is by how much the wall clock may differ from the monotonic one in a moment.
	stepped = 100 * time.Millisecond

	watchFor = 200 * time.Millisecond
)

// epoch is before any correct clock.
func epoch() time.Time { return time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC) }

// clock finds one that is far from those of the other nodes, or is being set.
func (p Patient) clock(ctx context.Context) []Finding {
	const subject = "clock"
	const cure = "keep the time with chrony, systemd-timesyncd or ntpd"
	if now := p.Now(); now.Before(epoch()) {
		return []Finding{fail(subject, cure, "this host believes that it is %s", now.UTC().Format(time.DateOnly))}
	}
	offsets := p.offsets(ctx)
	if jump := steady(ctx); jump > stepped || jump < -stepped {
		return []Finding{warn(subject, cure, "it was set by %v while it was looked at", jump.Round(time.Millisecond))}
	}
	if len(offsets) == 0 {
		return []Finding{ok(subject, "%s; no other node was asked", p.Now().UTC().Format(time.RFC3339))}
	}
	slices.Sort(offsets)
	median := offsets[len(offsets)/2]
	if off := median.Abs(); off > farOff {
		word := "behind"
		if median < 0 {
			word = "ahead of"
		}
		return []Finding{warn(subject, cure, "it is about %v %s those of the other nodes", off.Round(time.Second), word)}
	}
	return []Finding{ok(subject, "within %v of %s", farOff, count(len(offsets), "other node"))}
}

// steady compares the wall clock with the monotonic one over a moment.
func steady(ctx context.Context) time.Duration {
	began := time.Now()
	timer := time.NewTimer(watchFor)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	now := time.Now()
	return now.Round(0).Sub(began.Round(0)) - now.Sub(began)
}

// offsets asks the HTTP ports beside the seeds what time it is. Those that do not answer are left out.
func (p Patient) offsets(ctx context.Context) []time.Duration {
	var mu sync.Mutex
	var all []time.Duration
	var wg sync.WaitGroup
	for _, seed := range p.others() {
		wg.Go(func() { // ends with its time-out
			scheme := "http://"
			if p.Config.Security.TLS.Given() {
				scheme = "https://"
			}
			if off, told := p.offset(ctx, scheme+p.beside(seed, p.Config.Listen.HTTP)+"/livez"); told {
				mu.Lock()
				defer mu.Unlock()
				all = append(all, off)
			}
		})
	}
	wg.Wait()
	return all
}

// offset is by how much a server's clock is ahead of this one, by the header that every answer has. It carries whole seconds, cut off.
func (p Patient) offset(ctx context.Context, url string) (time.Duration, bool) {
	ctx, cancel := context.WithTimeout(ctx, reach)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, false
	}
	began := time.Now()
	res, err := p.HTTP.RoundTrip(req)
	if err != nil {
		return 0, false
	}
	defer res.Body.Close()
	told, err := http.ParseTime(res.Header.Get("Date"))
	if err != nil {
		return 0, false
	}
	here := p.Now().Add(-time.Since(began) / 2)
	return told.Add(500 * time.Millisecond).Sub(here), true
}
