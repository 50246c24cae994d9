package docs

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/sessnode/sessnode/e2e/harness"
)

// Aside is what a page lets run in another terminal. It is not safe for concurrent use.
type Aside struct {
	cmd    *exec.Cmd
	output string
	done   chan struct{} // closed when it has ended and was waited for
}

// Await waits until a URL answers with 200, and fails at once when what should serve it ends.
func (a *Aside) Await(ctx context.Context, url string, limit time.Duration) error {
	return a.await(ctx, limit, url, func(ctx context.Context) error { return ask(ctx, url) })
}

// AwaitHost waits until the node at an address is ready, whether it speaks TLS or not.
func (a *Aside) AwaitHost(ctx context.Context, address string, limit time.Duration) error {
	ready := address + ":7480/readyz"
	return a.await(ctx, limit, ready, func(ctx context.Context) error {
		if ask(ctx, "http://"+ready) == nil {
			return nil
		}
		return ask(ctx, "https://"+ready)
	})
}

func (a *Aside) await(ctx context.Context, limit time.Duration, what string, try func(context.Context) error) error {
	ended := false
	err := harness.Await(ctx, limit, what, func(ctx context.Context) error {
		if ended = a.ended(); ended {
			return nil
		}
		return try(ctx)
	})
	if ended {
		return fmt.Errorf("it has ended by itself: %v", a.cmd.ProcessState)
	}
	return err
}

func (a *Aside) ended() bool {
	select {
	case <-a.done:
		return true
	default:
		return false
	}
}

// ask sends one request and expects 200. It believes any certificate: whether the reader's program does is the page's business.
func ask(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}
	res, err := transport.RoundTrip(req)
	if err != nil {
		return err
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s", res.Status)
	}
	return nil
}

// Interrupt does what Ctrl-C in that terminal does, and waits for the end until limit. Then it kills the group and returns an
// error.
func (a *Aside) Interrupt(limit time.Duration) error {
	if a.ended() {
		return nil
	}
	_ = syscall.Kill(-a.cmd.Process.Pid, syscall.SIGINT)
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-a.done:
		return nil
	case <-timer.C:
	}
	_ = syscall.Kill(-a.cmd.Process.Pid, syscall.SIGKILL)
	<-a.done
	return fmt.Errorf("Ctrl-C did not end it within %v", limit)
}

// Printed is what it has written so far.
func (a *Aside) Printed() string {
	printed, err := os.ReadFile(a.output)
	if err != nil {
		return err.Error()
	}
	return string(printed)
}
