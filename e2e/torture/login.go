package torture

import (
	"context"
	"errors"
	"fmt"
)

// fixation asks what the cookie that a visitor had before signing in is worth afterwards (OWASP ASVS 5.0, 7.2.4).
func fixation(ctx context.Context, app *App, subject string) (Result, error) {
	b, old, err := wasAnonymous(ctx, app)
	if err != nil {
		return Result{}, err
	}
	a, err := b.Login(ctx, subject)
	if err := must("login", a, err); err != nil {
		return Result{}, err
	}
	if err := b.mustBe(ctx, subject); err != nil {
		return Result{}, err
	}
	user, err := old.Copy().read(ctx, "user")
	if err != nil {
		return Result{}, err
	}
	if user == subject {
		return broken("signed in")
	}
	basket, err := old.read(ctx, "basket")
	switch {
	case err != nil:
		return Result{}, err
	case basket != "":
		return broken("opens the session of before")
	}
	return kept("")
}

// rotationRace has a page view and a change under way while the same browser signs in.
func rotationRace(ctx context.Context, app *App, subject string) (Result, error) {
	b, _, err := wasAnonymous(ctx, app)
	if err != nil {
		return Result{}, err
	}
	view, err := b.HeldGet(ctx, "basket")
	if err != nil {
		return Result{}, err
	}
	change, err := b.HeldSet(ctx, "theme", "dark")
	if err != nil {
		_, _ = view.Land()
		return Result{}, err
	}
	a, loginErr := b.Login(ctx, subject)
	for _, f := range []*Flight{view, change} {
		late, err := f.Land()
		if err != nil {
			return Result{}, err
		}
		if late.Status >= 400 {
			return broken("answered %d", late.Status)
		}
	}
	if err := must("login", a, loginErr); err != nil {
		return Result{}, err
	}
	user, err := b.read(ctx, "user")
	switch {
	case err != nil:
		return Result{}, err
	case user != subject:
		return broken("signed out")
	}
	return kept("")
}

// nextPerson has a page view and a change under way while their person signs out and somebody else signs in at the same browser. They
// may be refused.
func nextPerson(ctx context.Context, app *App, subject string) (Result, error) {
	b, err := signedIn(ctx, app, subject)
	if err != nil {
		return Result{}, err
	}
	view, err := b.HeldGet(ctx, "user")
	if err != nil {
		return Result{}, err
	}
	change, err := b.HeldSet(ctx, "a", "1")
	if err != nil {
		_, _ = view.Land()
		return Result{}, err
	}
	next := subject + "-next"
	out, outErr := b.Logout(ctx)
	in, inErr := b.Login(ctx, next)
	_, viewErr := view.Land()
	_, changeErr := change.Land()
	if err := errors.Join(must("logout", out, outErr), must("login", in, inErr), viewErr, changeErr); err != nil {
		return Result{}, err
	}
	user, err := b.read(ctx, "user")
	if err != nil {
		return Result{}, err
	}
	found, err := b.read(ctx, "a")
	switch {
	case err != nil:
		return Result{}, err
	case user == subject:
		return broken("signed in as the one before")
	case user != next:
		return broken("signed out")
	case found != "":
		return broken("has a value of the one before")
	}
	return kept("")
}

// wasAnonymous returns a visitor with something in the basket, and a copy of the cookie of that time.
func wasAnonymous(ctx context.Context, app *App) (b, old *Browser, err error) {
	b = app.visitor()
	a, err := b.Set(ctx, "basket", "book")
	if err := must("set", a, err); err != nil {
		return nil, nil, err
	}
	got, err := b.read(ctx, "basket")
	if err == nil && got != "book" {
		err = fmt.Errorf("a visitor's get(basket) = %q, want book", got)
	}
	if err != nil {
		return nil, nil, err
	}
	return b, b.Copy(), nil
}

// limit has one login more than allowed, and then some, all loaded before any is answered.
func limit(ctx context.Context, app *App, subject string) (Result, error) {
	if app.Limit == 0 {
		return notApplicable("the store does not know whose a session is")
	}
	var browsers []*Browser
	var flights []*Flight
	for range 2*app.Limit + 2 {
		b := app.visitor()
		f, err := b.HeldLogin(ctx, subject)
		if err != nil {
			return Result{}, err
		}
		browsers, flights = append(browsers, b), append(flights, f)
	}
	for _, f := range flights {
		f.place.letGo()
	}
	for _, f := range flights {
		a, err := f.Land()
		if err == nil && a.Status >= 500 {
			err = fmt.Errorf("login answered %d", a.Status)
		}
		if err != nil {
			return Result{}, err
		}
	}
	in := 0
	for _, b := range browsers {
		user, err := b.read(ctx, "user")
		if err != nil {
			return Result{}, err
		}
		if user == subject {
			in++
		}
	}
	switch {
	case in > app.Limit:
		return broken("%d signed in where %d may", in, app.Limit)
	case in < app.Limit:
		return broken("%d signed in where %d may: refused too many", in, app.Limit)
	}
	return kept("")
}
