package torture

import (
	"context"
	"fmt"
	"time"
)

// App is a running application under trial.
type App struct {
	URL   string
	Gate  *Gate
	Limit int // how many sessions one subject may have; 0: its store knows no subjects
}

// visitor returns somebody new.
func (a *App) visitor() *Browser { return NewBrowser(a.URL, a.Gate) }

// Trial is one question to an application. Play asks it once, with a subject that nobody else has; an error means that the
// question could not be asked to its end.
type Trial struct {
	Name  string // short, for flags and logs: "lost-update"
	Claim string // what holds where it is kept, for people
	Play  func(ctx context.Context, a *App, subject string) (Result, error)
}

// playLimit bounds one play.
const playLimit = 40 * time.Second

// Try plays a trial once.
func (t Trial) Try(ctx context.Context, a *App, subject string) (Result, error) {
	ctx, cancel := context.WithTimeout(ctx, playLimit)
	defer cancel()
	return t.Play(ctx, a, subject)
}

// Trials returns all questions that need no failure, in the order of the tables.
func Trials() []Trial {
	return []Trial{
		{"dead-cookie", "After a logout, a kept copy of the cookie opens nothing", deadCookie},
		{"ghost-read", "A page view under way during the logout does not bring the session back", ghostRead},
		{"ghost-write", "A change under way during the logout does not bring the session back", ghostWrite},
		{"lost-update", "Two parallel requests that set different things both keep theirs", lostUpdate},
		{"stale-read", "A page view under way during a change does not undo it", staleRead},
		{"nested", "A change inside a stored map is seen without being announced", nested},
		{"fixation", "The cookie of before the login opens nothing after it", fixation},
		{"rotation-race", "Requests under way during the login neither fail nor sign out", rotationRace},
		{"next-person", "Requests of one person do not reach into the session of the next at the same browser", nextPerson},
		{"double-pop", "Of two parallel requests that take a one-time value, one gets it", doublePop},
		{"limit", "Parallel logins do not pass the limit of sessions per person", limit},
	}
}

// must turns an answer that is no success into an error: the trial needs it to go on.
func must(what string, a Answer, err error) error {
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", what, err)
	case !a.ok():
		return fmt.Errorf("%s answered %d", what, a.Status)
	}
	return nil
}

// read returns the value of a name, and an error for what is no success.
func (b *Browser) read(ctx context.Context, k string) (string, error) {
	a, err := b.Get(ctx, k)
	return a.Text, must("get "+k, a, err)
}

// signedIn returns a visitor who has signed in, and was told so.
func signedIn(ctx context.Context, app *App, subject string) (*Browser, error) {
	b := app.visitor()
	a, err := b.Login(ctx, subject)
	if err := must("login", a, err); err != nil {
		return nil, err
	}
	return b, b.mustBe(ctx, subject)
}

// mustBe returns an error for a visitor who has just signed in and is not taken for who they are.
func (b *Browser) mustBe(ctx context.Context, subject string) error {
	user, err := b.read(ctx, "user")
	if err == nil && user != subject {
		err = fmt.Errorf("after its login the application takes %q for %q", subject, user)
	}
	return err
}
