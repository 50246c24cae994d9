//go:build e2e

package compose

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
)

const (
	personCount = 6

	// pace is how long each person takes from click to click, so that two cores are left for the nodes.
	pace = 40 * time.Millisecond
)

// What people's sessions hold, and nobody may read between the nodes.
const (
	attrName     = "reading-list"
	attrValue    = "treasure-island-chapter-"
	personPrefix = "jim-hawkins-"
)

// acknowledged is a session that a person was told of.
type acknowledged struct {
	token   sessnode.Token
	value   string // the only session that has it
	revoked bool   // and the person was told so
}

// people sign in, change things and sign out, all the time, and write down what they were told.
type people struct {
	s     *site
	stop  context.CancelFunc
	group sync.WaitGroup
	done  atomic.Int64 // acknowledged changes

	mu     sync.Mutex
	said   []acknowledged
	faults []error
}

// crowd starts them.
func (s *site) crowd() *people {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.t.Context())
	p := &people{s: s, stop: cancel}
	c := s.client()
	for i := range personCount {
		p.group.Go(func() { // ends with ctx
			if err := p.live(ctx, c, i); err != nil {
				p.mu.Lock()
				defer p.mu.Unlock()
				p.faults = append(p.faults, err)
			}
		})
	}
	s.t.Cleanup(func() { cancel(); p.group.Wait() })
	return p
}

// live is what one person does until ctx ends: a click on the session that stays, and a session more; every third of these is left again.
func (p *people) live(ctx context.Context, c *client.Client, number int) error {
	subject, all := fmt.Sprint(personPrefix, number), context.WithoutCancel(ctx)
	home, _, err := c.Create(all, client.Create{Subject: subject})
	if err != nil {
		return fmt.Errorf("%s signs in: %w", subject, err)
	}
	ticker := time.NewTicker(pace)
	defer ticker.Stop()
	for click := 1; ctx.Err() == nil; click++ {
		got, err := c.Patch(all, home, sessnode.Edit{Incr: map[string]int64{"clicks": 1}})
		if err != nil {
			return fmt.Errorf("%s, click %d: %w", subject, click, err)
		}
		if is := string(got.Values["clicks"].Data); is != fmt.Sprint(click) {
			return fmt.Errorf("%s, click %d counts as %s", subject, click, is)
		}
		a := acknowledged{value: fmt.Sprintf("%q", fmt.Sprint(attrValue, number, "-", click))}
		a.token, _, err = c.Create(all, client.Create{Subject: subject, Attrs: map[string]sessnode.Value{attrName: {Data: []byte(a.value)}}})
		if err != nil {
			return fmt.Errorf("%s, session %d: %w", subject, click, err)
		}
		if click%3 == 0 {
			if err := c.Revoke(all, a.token); err != nil {
				return fmt.Errorf("%s leaves session %d: %w", subject, click, err)
			}
			a.revoked = true
		}
		p.mu.Lock()
		p.said = append(p.said, a)
		p.mu.Unlock()
		p.done.Add(2)
		select {
		case <-ticker.C:
		case <-ctx.Done():
		}
	}
	return nil
}

// more waits until people have done n things more: so a fault has met people, and they have got over it.
func (p *people) more(n int64) {
	p.s.t.Helper()
	want := p.done.Load() + n
	p.s.becomes(fmt.Sprint(n, " more changes are acknowledged"), func() error {
		if err := p.fault(); err != nil {
			p.s.t.Fatal(err)
		}
		if is := p.done.Load(); is < want {
			return fmt.Errorf("%d of %d", is, want)
		}
		return nil
	})
}

func (p *people) fault() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return errors.Join(p.faults...)
}

// end has everybody stop, and returns what they were told.
func (p *people) end() []acknowledged {
	p.s.t.Helper()
	p.stop()
	p.group.Wait()
	if err := p.fault(); err != nil {
		p.s.t.Error(err)
	}
	if len(p.said) < 100 {
		p.s.t.Errorf("people were told of %d sessions: too few to show anything", len(p.said))
	}
	return p.said
}

// kept asks one node for all that was acknowledged.
func (s *site) kept(node string, said []acknowledged) {
	s.t.Helper()
	c := s.client(node)
	lost, ghosts, example := 0, 0, ""
	for _, a := range said {
		got, err := c.Read(s.t.Context(), a.token, client.WithoutTouch())
		switch {
		case a.revoked && err == nil:
			ghosts++
		case a.revoked && errors.Is(err, sessnode.ErrNotFound):
		case errors.Is(err, sessnode.ErrNotFound):
			lost++
		case err != nil:
			s.t.Fatalf("%s: %v", node, err)
		case string(got.Attrs[attrName].Data) != a.value:
			lost++
			example = fmt.Sprintf("%s instead of %s", got.Attrs[attrName].Data, a.value)
		}
	}
	if lost+ghosts > 0 {
		s.t.Errorf("of %d acknowledged sessions %s has lost %d, and serves %d that were left; %s", len(said), node, lost, ghosts, example)
	}
}
