package torture

import "context"

func deadCookie(ctx context.Context, app *App, subject string) (Result, error) {
	b, err := signedIn(ctx, app, subject)
	if err != nil {
		return Result{}, err
	}
	thief := b.Copy()
	a, err := b.Logout(ctx)
	if err := must("logout", a, err); err != nil {
		return Result{}, err
	}
	user, err := thief.read(ctx, "user")
	switch {
	case err != nil:
		return Result{}, err
	case user == subject:
		return broken("still signed in")
	}
	return kept("")
}

func ghostRead(ctx context.Context, app *App, subject string) (Result, error) {
	return ghost(ctx, app, subject, func(b *Browser) (*Flight, error) { return b.HeldGet(ctx, "user") })
}

func ghostWrite(ctx context.Context, app *App, subject string) (Result, error) {
	return ghost(ctx, app, subject, func(b *Browser) (*Flight, error) { return b.HeldSet(ctx, "theme", "dark") })
}

// ghost signs out while a request that has loaded the session is under way. That request may succeed or be refused; afterwards
// neither the browser, nor a copy of the cookie that was dead in between, may be signed in.
func ghost(ctx context.Context, app *App, subject string, send func(*Browser) (*Flight, error)) (Result, error) {
	b, err := signedIn(ctx, app, subject)
	if err != nil {
		return Result{}, err
	}
	copied := b.Copy()
	late, err := send(b)
	if err != nil {
		return Result{}, err
	}
	a, err := b.Logout(ctx)
	if err := must("logout", a, err); err != nil {
		_, _ = late.Land()
		return Result{}, err
	}
	between, err := copied.Copy().read(ctx, "user")
	if _, lateErr := late.Land(); lateErr != nil {
		return Result{}, lateErr
	}
	if err != nil {
		return Result{}, err
	}
	user, err := b.read(ctx, "user")
	if err != nil {
		return Result{}, err
	}
	if user == subject {
		return broken("signed in again")
	}
	user, err = copied.read(ctx, "user")
	switch {
	case err != nil:
		return Result{}, err
	case user == subject && between == "":
		return broken("the dead cookie lives again")
	}
	return kept("")
}
