package torture

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/sessnode/sessnode/e2e/harness"
)

// Ordeal is a question that needs a failure. All applications over one store go through it together.
type Ordeal struct {
	Name  string
	Claim string
	// before makes a witness per application; hurt is the failure; during and after ask the witness. mend ends the failure between
	// during and after, or after both.
	before func(ctx context.Context, a *App, subject string) (*witness, error)
	during func(ctx context.Context, w *witness) error
	judge  func(ctx context.Context, w *witness) (Result, error)
	down   bool // the failure is Down, mended before judging; else Kill, mended afterwards
}

// Ordeals returns all questions that need a failure, in the order of the tables.
func Ordeals() []Ordeal {
	return []Ordeal{
		{Name: "kill", Claim: "Logins and logouts that were acknowledged survive `kill -9` of the store's process",
			before: acknowledged, judge: standing},
		{Name: "outage", Claim: "While the store is down nobody is signed out, and afterwards all goes on",
			before: acknowledged, during: endure, judge: unharmed, down: true},
	}
}

// recoverLimit is how long an application may answer 5xx after a failure.
const recoverLimit = 30 * time.Second

// witness is what people of one application had been told before the failure, and what they were told during it.
type witness struct {
	app     *App
	subject string
	in      []*Browser // signed in
	out     []*Browser // copies of the cookies of people who signed out

	status  int  // of a page view during the failure
	changed bool // a change during the failure was acknowledged
	note    string
}

// acknowledged signs in twice, and once in and out again. All of it is acknowledged.
func acknowledged(ctx context.Context, app *App, subject string) (*witness, error) {
	w := &witness{app: app, subject: subject}
	for range 2 {
		b, err := signedIn(ctx, app, subject)
		if err != nil {
			return nil, err
		}
		w.in = append(w.in, b)
	}
	b, err := signedIn(ctx, app, subject)
	if err != nil {
		return nil, err
	}
	copied := b.Copy()
	a, err := b.Logout(ctx)
	if err := must("logout", a, err); err != nil {
		return nil, err
	}
	user, err := copied.Copy().read(ctx, "user")
	if user == "" { // where it opens the session anyway, dead-cookie has said so, and no failure is needed
		w.out = append(w.out, copied)
	}
	return w, err
}

// eventually asks who is signed in until the application has an answer.
func (b *Browser) eventually(ctx context.Context, k string) (string, error) {
	var text string
	err := harness.Await(ctx, recoverLimit, "an answer", func(ctx context.Context) error {
		a, err := b.Get(ctx, k)
		if err == nil && a.Status >= 500 {
			err = fmt.Errorf("it answers %d", a.Status)
		}
		text = a.Text
		return err
	})
	return text, err
}

// standing asks after a failure whether what was acknowledged still holds. 5xx is no answer, and waited out.
func standing(ctx context.Context, w *witness) (Result, error) {
	for _, b := range w.in {
		switch user, err := b.eventually(ctx, "user"); {
		case err != nil:
			return Result{}, err
		case user != w.subject:
			return broken("signed out")
		}
	}
	for _, b := range w.out {
		switch user, err := b.eventually(ctx, "user"); {
		case err != nil:
			return Result{}, err
		case user == w.subject:
			return broken("a logout is undone")
		}
	}
	return kept("")
}

// endure asks for a page and a change at a time, while the store is down.
func endure(ctx context.Context, w *witness) error {
	b := w.in[0]
	before := b.Cookies()
	var change Answer
	var changeErr error
	done := make(chan struct{})
	go func() { // ends with its request, which has a limit
		defer close(done)
		change, changeErr = b.Set(ctx, "a", "1")
	}()
	view, err := b.Get(ctx, "user")
	<-done
	if err := errors.Join(err, changeErr); err != nil {
		return err
	}
	w.status, w.changed = view.Status, change.ok()
	switch {
	case view.Status < 500 && view.Text != w.subject:
		w.note = "signed out"
	case !maps.Equal(before, b.Cookies()):
		w.note = "the cookie is taken away"
	}
	return nil
}

// unharmed judges an outage when it is over. Its note is the status that people saw.
func unharmed(ctx context.Context, w *witness) (Result, error) {
	if w.note != "" {
		return broken("%s", w.note)
	}
	if r, err := standing(ctx, w); err != nil || r.Verdict != Kept {
		return r, err
	}
	if w.changed {
		switch v, err := w.in[0].eventually(ctx, "a"); {
		case err != nil:
			return Result{}, err
		case v != "1":
			return broken("a change was acknowledged and is lost")
		}
	}
	return kept(fmt.Sprintf("answers %d", w.status))
}

// undergo puts the applications through the ordeal once, and returns a result and an error for each. The backend is nil where the
// applications have no store of their own: then each application is killed and started again.
func (o Ordeal) undergo(ctx context.Context, servers []*Server, backend Backend, subject string) ([]Result, []error) {
	results, faults := make([]Result, len(servers)), make([]error, len(servers))
	witnesses := make([]*witness, len(servers))
	all := func(do func(i int) error) {
		done := make(chan struct{})
		for i := range servers {
			go func() { // ends with its requests, which have a limit
				if faults[i] == nil {
					faults[i] = do(i)
				}
				done <- struct{}{}
			}()
		}
		for range servers {
			<-done
		}
	}
	all(func(i int) (err error) {
		witnesses[i], err = o.before(ctx, &servers[i].App, subject)
		return err
	})
	hurt := o.hurt(ctx, servers, backend)
	if o.during != nil {
		all(func(i int) error { return errors.Join(hurt, o.during(ctx, witnesses[i])) })
	}
	if o.down {
		hurt = errors.Join(hurt, backend.Mend(ctx))
	}
	all(func(i int) (err error) {
		results[i], err = o.judge(ctx, witnesses[i])
		return errors.Join(hurt, err)
	})
	if backend != nil {
		err := backend.Mend(ctx)
		all(func(int) error { return err })
	}
	return results, faults
}

func (o Ordeal) hurt(ctx context.Context, servers []*Server, backend Backend) error {
	if backend != nil {
		if o.down {
			return backend.Down(ctx)
		}
		return backend.Kill(ctx)
	}
	var faults []error
	for _, s := range servers {
		faults = append(faults, s.kill(), s.start(ctx))
	}
	return errors.Join(faults...)
}

// applies returns why an ordeal says nothing about a kind of application; "" where it does.
func (o Ordeal) applies(k Kind) string {
	switch {
	case k == InCookie:
		return "there is no store"
	case o.down && k == InFile:
		return "the store is a file of the machine"
	case o.down && k == InMemory:
		return "the store is the application itself"
	}
	return ""
}
