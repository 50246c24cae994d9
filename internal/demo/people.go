package demo

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"
)

// password is everybody's in the demo.
const password = "demo"

// visitors are the people of the load. Ada and Grace are left to those who try the app themselves.
var visitors = strings.Fields("alan barbara claude dennis donald edsger frances hedy jean john " +
	"karen katherine ken linus margaret niklaus radia shafi tim tony")

// users returns the names and passwords that the login app accepts.
func users() map[string]string {
	all := map[string]string{"ada": password, "grace": password}
	for _, name := range visitors {
		all[name] = password
	}
	return all
}

// pace is how fast people are. Twenty of them at the demo's pace make about twelve requests a second.
type pace struct {
	think  time.Duration // the mean pause between two clicks; each pause is half to one and a half of it
	clicks int           // the mean number of clicks between login and logout
}

func demoPace() pace { return pace{think: 1600 * time.Millisecond, clicks: 12} }

// People are the load of the demo: they log in through the app's form, click, and log out, each with a cookie jar of their
// own, and judge what they are shown.
type People struct {
	*counter
	transport *http.Transport
	cancel    context.CancelFunc
	running   sync.WaitGroup
	signedIn  chan struct{} // closed when each has signed in once
}

// startPeople lets the named people use the app until stop.
func startPeople(ctx context.Context, app string, names []string, p pace) *People {
	ctx, cancel := context.WithCancel(ctx)
	all := &People{counter: newCounter(), cancel: cancel, signedIn: make(chan struct{}),
		transport: &http.Transport{MaxIdleConnsPerHost: len(names), IdleConnTimeout: time.Minute}}
	var first sync.WaitGroup
	first.Add(len(names))
	for _, name := range names {
		one := &person{name: name, pace: p, app: app, transport: all.transport, counter: all.counter, arrived: first.Done}
		all.running.Go(func() { one.live(ctx) }) // ends with ctx, which stop ends
	}
	all.running.Go(func() { // ends when each has arrived or gone
		first.Wait()
		close(all.signedIn)
	})
	return all
}

// stop ends the load and waits for it. Clicks that were not served by then are given up.
func (p *People) stop() {
	p.cancel()
	p.running.Wait()
	p.transport.CloseIdleConnections()
}

// person is one of the people.
type person struct {
	name      string
	pace      pace
	app       string
	transport http.RoundTripper
	counter   *counter
	arrived   func() // to be called once
	browser   *browser
}

// live logs in, clicks and logs out again and again.
func (p *person) live(ctx context.Context) {
	var once sync.Once
	defer once.Do(p.arrived)
	if !p.pause(ctx, rand.N(p.pace.think)) { // so that not all come at once
		return
	}
	for ctx.Err() == nil {
		p.browser = newBrowser(p.app, p.transport)
		if !p.until(ctx, func() error { return p.browser.logIn(ctx, p.name, password) }) {
			continue
		}
		first := false
		once.Do(func() { p.arrived(); first = true })
		p.counter.add(func(all *Counts) {
			all.SignedIn++
			if first {
				all.People++
			}
		})
		stays := p.clickAround(ctx)
		p.counter.add(func(all *Counts) { all.SignedIn-- })
		if stays {
			p.leave(ctx)
		}
	}
}

// clickAround looks at pages for a while, and reports whether the person is still signed in at the end.
func (p *person) clickAround(ctx context.Context) bool {
	for range 1 + p.pace.clicks/2 + rand.N(p.pace.clicks) {
		if !p.pause(ctx, p.pace.think/2+rand.N(p.pace.think)) {
			return false
		}
		seen := ""
		look := func() (err error) {
			if rand.N(2) == 0 {
				seen, err = p.browser.whoAmI(ctx)
			} else {
				seen, err = p.browser.home(ctx, p.name)
			}
			return err
		}
		if !p.until(ctx, look) {
			return false
		}
		if seen != p.name { // nobody has logged out, and no session of the demo is old enough to expire
			p.counter.add(func(all *Counts) { all.SignedOut++ })
			return false
		}
	}
	return true
}

// leave logs out, and then tries the old cookie once more.
func (p *person) leave(ctx context.Context) {
	old := p.browser.withCookies(p.browser.cookies())
	if !p.until(ctx, func() error { return p.browser.logOut(ctx) }) {
		return
	}
	seen := ""
	if p.until(ctx, func() (err error) { seen, err = old.whoAmI(ctx); return err }) && seen != "" {
		p.counter.add(func(all *Counts) { all.Ghosts++ })
	}
}

// until tries until the app has served what the person wants, and reports whether it did: not when ctx ended before, nor when
// the answer made no sense, which is counted.
func (p *person) until(ctx context.Context, try func() error) bool {
	click := p.counter.begin()
	for {
		err := try()
		switch {
		case ctx.Err() != nil:
			p.counter.givenUp(click)
			return false
		case err == nil:
			p.counter.served(click)
			return true
		case !errors.Is(err, errNotServed):
			p.counter.served(click)
			p.counter.add(func(all *Counts) { all.Odd++ })
			p.pause(ctx, p.pace.think)
			return false
		}
		p.counter.failed()
		if !p.pause(ctx, min(retryAfter, p.pace.think)) {
			p.counter.givenUp(click)
			return false
		}
	}
}

// pause waits, and reports whether ctx still runs.
func (p *person) pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
