package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/e2e/harness"
)

const (
	clients   = 16
	before    = 300 * time.Millisecond // of undisturbed work, to have every connection open
	after     = 700 * time.Millisecond // of undisturbed work behind the recovery
	findLimit = 20 * time.Second
)

// once takes the leader away under work and returns the longest wait of any client.
func once(ctx context.Context, cluster *harness.Cluster, e event) (time.Duration, error) {
	if err := cluster.AwaitReady(ctx); err != nil {
		return 0, err
	}
	leader, term, err := cluster.Leader(ctx, findLimit)
	if err != nil {
		return 0, err
	}
	work, stop := context.WithCancel(ctx)
	defer stop()
	waits := make([]time.Duration, clients)
	faults := make([]error, clients)
	var group sync.WaitGroup
	for i := range clients {
		group.Go(func() { waits[i], faults[i] = write(work, cluster, i) })
	}
	time.Sleep(before)
	err = e.do(ctx, cluster, leader)
	if err == nil {
		err = harness.Await(ctx, findLimit, "a later term", func(ctx context.Context) error {
			for _, n := range cluster.Others(leader) {
				if s, err := n.Status(ctx); err == nil && s.Leads() && s.Term > term {
					return nil
				}
			}
			return fmt.Errorf("%s led in term %d, and nobody has followed", leader.Name, term)
		})
	}
	if err == nil {
		time.Sleep(after)
	}
	stop()
	group.Wait()
	if e.back && !leader.Running() {
		err = errors.Join(err, leader.Start())
	}
	worst := time.Duration(0)
	for i := range clients {
		worst = max(worst, waits[i])
		err = errors.Join(err, faults[i])
	}
	return worst, err
}

// write is one client: it creates a session and then changes it, one write after the other, until ctx ends. It returns the
// longest that one write took from its first try to its acknowledgement.
func write(ctx context.Context, cluster *harness.Cluster, place int) (worst time.Duration, err error) {
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	c := &http.Client{Transport: transport, Timeout: findLimit}
	token := sessnode.NewToken()
	const app = "/v1/apps/measure/session"
	method, path, body := http.MethodPost, app+"s", fmt.Sprintf(`{"token":%q}`, token.Reveal())
	for n := 0; ctx.Err() == nil; n++ {
		op, began := sessnode.NewID().String(), time.Now()
		for {
			url := cluster.Nodes[place%len(cluster.Nodes)].URL() + path
			if status := send(c, method, url, token, op, body); status/100 == 2 {
				break
			} else if status/100 == 4 {
				return worst, fmt.Errorf("%s %s: status %d", method, path, status)
			}
			if place++; time.Since(began) > findLimit {
				return worst, errors.New("a write was not acknowledged in time")
			}
			time.Sleep(2 * time.Millisecond)
		}
		worst = max(worst, time.Since(began))
		method, path, body = http.MethodPatch, app, fmt.Sprintf(`{"set":{"n":%d}}`, n)
	}
	return worst, nil
}

// send makes one try and returns its status, 0 if there was none. It is not cut off when the work ends: what has begun counts.
func send(c *http.Client, method, url string, token sessnode.Token, op, body string) int {
	req, err := http.NewRequest(method, url, bytes.NewReader([]byte(body)))
	if err != nil {
		return 0
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", op)
	req.Header.Set("Session-Timeout", "10")
	if method != http.MethodPost {
		req.Header.Set("Session-Token", token.Reveal())
	}
	res, err := c.Do(req)
	if err != nil {
		return 0
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
	return res.StatusCode
}
