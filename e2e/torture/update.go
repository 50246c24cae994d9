package torture

import (
	"context"
	"fmt"
)

func lostUpdate(ctx context.Context, app *App, subject string) (Result, error) {
	b, err := signedIn(ctx, app, subject)
	if err != nil {
		return Result{}, err
	}
	var flights []*Flight
	for _, k := range []string{"a", "b"} {
		f, err := b.HeldSet(ctx, k, "1")
		if err != nil {
			return Result{}, err
		}
		flights = append(flights, f)
	}
	for _, f := range flights {
		a, err := f.Land()
		if err := must("set", a, err); err != nil {
			return Result{}, err
		}
	}
	return expect(ctx, b, map[string]string{"a": "1", "b": "1", "user": subject})
}

func staleRead(ctx context.Context, app *App, subject string) (Result, error) {
	b, err := signedIn(ctx, app, subject)
	if err != nil {
		return Result{}, err
	}
	view, err := b.HeldGet(ctx, "user")
	if err != nil {
		return Result{}, err
	}
	a, err := b.Set(ctx, "a", "1")
	if err := must("set", a, err); err != nil {
		return Result{}, err
	}
	a, err = view.Land()
	if err := must("get user", a, err); err != nil {
		return Result{}, err
	}
	return expect(ctx, b, map[string]string{"a": "1", "user": subject})
}

// nested changes a map that is there already in place, which is where most session interfaces look away. No race.
func nested(ctx context.Context, app *App, subject string) (Result, error) {
	b, err := signedIn(ctx, app, subject)
	if err != nil {
		return Result{}, err
	}
	for _, k := range []string{"cart.a", "cart.b"} {
		a, err := b.Set(ctx, k, "1")
		if err := must("set "+k, a, err); err != nil {
			return Result{}, err
		}
	}
	return expect(ctx, b, map[string]string{"cart.a": "1", "cart.b": "1"})
}

// expect is broken when a value is not what was acknowledged.
func expect(ctx context.Context, b *Browser, want map[string]string) (Result, error) {
	for _, k := range []string{"user", "a", "b", "cart.a", "cart.b"} {
		v, asked := want[k]
		if !asked {
			continue
		}
		got, err := b.read(ctx, k)
		switch {
		case err != nil:
			return Result{}, err
		case got == "":
			return broken("lost")
		case got != v:
			return Result{}, fmt.Errorf("get(%s) = %q, want %q", k, got, v)
		}
	}
	return kept("")
}

// doublePop lets two requests load the session before either takes the value.
func doublePop(ctx context.Context, app *App, subject string) (Result, error) {
	b, err := signedIn(ctx, app, subject)
	if err != nil {
		return Result{}, err
	}
	a, err := b.SetOnce(ctx, "code", "1234")
	if err := must("set", a, err); err != nil {
		return Result{}, err
	}
	var flights []*Flight
	for range 2 {
		f, err := b.HeldPop(ctx, "code")
		if err != nil {
			return Result{}, err
		}
		flights = append(flights, f)
	}
	taken := 0
	for _, f := range flights {
		a, err := f.Land()
		if err := must("pop", a, err); err != nil {
			return Result{}, err
		}
		if a.Text == "1234" {
			taken++
		}
	}
	switch taken {
	case 0:
		return broken("nobody got it")
	case 2:
		return broken("both got it")
	}
	a, err = b.Pop(ctx, "code")
	if err := must("pop", a, err); err != nil {
		return Result{}, err
	}
	if a.Text != "" {
		return broken("it came back")
	}
	return kept("")
}
