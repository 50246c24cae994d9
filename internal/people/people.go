package people

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Password is everybody's.
const Password = "demo"

// Names returns the people of a load: twenty. Ada and Grace are left to those who try the app themselves.
func Names() []string {
	return strings.Fields("alan barbara claude dennis donald edsger frances hedy jean john " +
		"karen katherine ken linus margaret niklaus radia shafi tim tony")
}

// Users returns the names and passwords that the login app accepts.
func Users() map[string]string {
	all := map[string]string{"ada": Password, "grace": Password}
	for _, name := range Names() {
		all[name] = Password
	}
	return all
}

// Pace is how fast people are. Twenty of them at the demo's pace make about twelve requests a second.
type Pace struct {
	Think  time.Duration // the mean pause between two clicks; each pause is half to one and a half of it
	Clicks int           // the mean number of clicks between login and logout
}

// DemoPace is that of people who are looked at.
func DemoPace() Pace { return Pace{Think: 1600 * time.Millisecond, Clicks: 12} }

// People are a load: they log in through the app's form, click, and log out, each with a cookie jar of their
// own, and judge what they are shown.
type People struct {
	*counter
	Transport *http.Transport
	cancel    context.CancelFunc
	running   sync.WaitGroup
	SignedIn  chan struct{} // closed when each has signed in once
}

// Start lets the named people use the app at an address until Stop.
func Start(ctx context.Context, app string, names []string, p Pace) *People {
	ctx, cancel := context.WithCancel(ctx)
	all := &People{counter: newCounter(), cancel: cancel, SignedIn: make(chan struct{}),
		Transport: &http.Transport{MaxIdleConnsPerHost: len(names), IdleConnTimeout: time.Minute}}
	var first sync.WaitGroup
	first.Add(len(names))
	for _, name := range names {
		one := &person{name: name, pace: p, app: app, transport: all.Transport, counter: all.counter, arrived: first.Done}
		all.running.Go(func() { one.live(ctx) }) // ends with ctx, which stop ends
	}
	all.running.Go(func() { // ends when each has arrived or gone
		first.Wait()
		close(all.SignedIn)
	})
	return all
}

// Stop ends the load and waits for it. Clicks that were not served by then are given up.
func (p *People) Stop() {
	p.cancel()
	p.running.Wait()
	p.Transport.CloseIdleConnections()
}

// person is one of the people.
type person struct {
	name      string
	pace      Pace
	app       string
	transport http.RoundTripper
	counter   *counter
	arrived   func() // to be called once
	browser   *Browser
}

// live logs in, clicks and logs out again and again.
func (p *person) live(ctx context.Context) {
	var once sync.Once
	defer once.Do(p.arrived)
	if !p.pause(ctx, rand.N(p.pace.Think)) { // so that not all come at once
		return
	}
	for ctx.Err() == nil {
		p.browser = NewBrowser(p.app, p.transport)
		if !p.until(ctx, func() error { return p.browser.LogIn(ctx, p.name, Password) }) {
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
	for range 1 + p.pace.Clicks/2 + rand.N(p.pace.Clicks) {
		if !p.pause(ctx, p.pace.Think/2+rand.N(p.pace.Think)) {
			return false
		}
		seen := ""
		look := func() (err error) {
			if rand.N(2) == 0 {
				seen, err = p.browser.WhoAmI(ctx)
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
	old := p.browser.WithCookies(p.browser.Cookies())
	if !p.until(ctx, func() error { return p.browser.LogOut(ctx) }) {
		return
	}
	seen := ""
	if p.until(ctx, func() (err error) { seen, err = old.WhoAmI(ctx); return err }) && seen != "" {
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
		case !errors.Is(err, ErrNotServed):
			p.counter.served(click)
			p.counter.add(func(all *Counts) { all.Odd++ })
			p.pause(ctx, p.pace.Think)
			return false
		}
		p.counter.failed()
		if !p.pause(ctx, min(retryAfter, p.pace.Think)) {
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
