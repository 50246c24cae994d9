package people

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"
)

const (
	// browserLimit is how long a browser waits for an answer. The app gives up on the store before that.
	browserLimit = 10 * time.Second

	// retryAfter is how long a person waits before clicking again where the app said that it cannot answer.
	retryAfter = 100 * time.Millisecond

	maxPage = 1 << 20
)

// ErrNotServed means that the app could not answer: 503, or no answer at all. It says nothing about who is signed in.
var ErrNotServed = errors.New("the app could not answer")

// Browser is one person's browser: the app's pages and a cookie jar of its own. It is safe for concurrent use.
type Browser struct {
	http *http.Client
	app  string // base address
}

// NewBrowser opens a browser with an empty jar. The transport may be shared.
func NewBrowser(app string, transport http.RoundTripper) *Browser {
	jar, _ := cookiejar.New(nil) // never fails
	return &Browser{app: app, http: &http.Client{
		Transport: transport, Jar: jar, Timeout: browserLimit,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// At returns a browser with the same jar for another address of the app. Cookies do not know ports.
func (b *Browser) At(app string) *Browser { return &Browser{http: b.http, app: app} }

// Cookies returns the app's cookies in the jar.
func (b *Browser) Cookies() []*http.Cookie {
	u, err := url.Parse(b.app)
	if err != nil {
		return nil
	}
	return b.http.Jar.Cookies(u)
}

// WithCookies returns a browser that has the given cookies in its jar, as a thief of them would have.
func (b *Browser) WithCookies(stolen []*http.Cookie) *Browser {
	thief := NewBrowser(b.app, b.http.Transport)
	if u, err := url.Parse(b.app); err == nil {
		thief.http.Jar.SetCookies(u, stolen)
	}
	return thief
}

// WhoAmI asks the app who is signed in: "" for nobody.
func (b *Browser) WhoAmI(ctx context.Context) (string, error) {
	res, body, err := b.do(ctx, http.MethodGet, "/whoami", nil)
	switch {
	case err != nil:
		return "", err
	case res.StatusCode == http.StatusOK:
		return strings.TrimSpace(body), nil
	case res.StatusCode == http.StatusUnauthorized:
		return "", nil
	}
	return "", unexpected("GET /whoami", res)
}

// home opens the home page: as is the person whom it must greet. It returns that name, or "" where the app asks to sign in
// or greets somebody else.
func (b *Browser) home(ctx context.Context, as string) (string, error) {
	res, body, err := b.do(ctx, http.MethodGet, "/", nil)
	switch {
	case err != nil:
		return "", err
	case res.StatusCode == http.StatusOK && strings.Contains(body, "Welcome back, "+as+"!"):
		return as, nil
	case res.StatusCode == http.StatusOK, toLogin(res):
		return "", nil
	}
	return "", unexpected("GET /", res)
}

// LogIn sends the form. A nil error means that the app has let the person in.
func (b *Browser) LogIn(ctx context.Context, name, password string) error {
	res, _, err := b.do(ctx, http.MethodPost, "/login", url.Values{"username": {name}, "password": {password}})
	if err != nil {
		return err
	}
	if !redirects(res) || toLogin(res) {
		return unexpected("POST /login", res)
	}
	return nil
}

// LogOut signs out. A nil error means that the app has said so.
func (b *Browser) LogOut(ctx context.Context) error {
	res, _, err := b.do(ctx, http.MethodPost, "/logout", url.Values{})
	if err != nil {
		return err
	}
	if !redirects(res) {
		return unexpected("POST /logout", res)
	}
	return nil
}

func redirects(res *http.Response) bool {
	return res.StatusCode == http.StatusSeeOther || res.StatusCode == http.StatusFound
}

func toLogin(res *http.Response) bool {
	to, err := res.Location()
	return redirects(res) && err == nil && to.Path == "/login"
}

// do sends one request. Its error is errNotServed where the app, or the store behind it, could not answer.
func (b *Browser) do(ctx context.Context, method, path string, form url.Values) (*http.Response, string, error) {
	req, err := http.NewRequestWithContext(ctx, method, b.app+path, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, "", err
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := b.http.Do(req)
	if err != nil {
		return nil, "", notServed(ctx)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxPage))
	if err != nil || res.StatusCode >= http.StatusInternalServerError {
		return nil, "", notServed(ctx)
	}
	return res, string(body), nil
}

// notServed is errNotServed, with the reason where it is the caller's own.
func notServed(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%w: %w", ErrNotServed, err)
	}
	return ErrNotServed
}

// unexpected is an answer that the app has no reason to give. It names no cookie.
func unexpected(request string, res *http.Response) error {
	return fmt.Errorf("%s: %s to %q makes no sense", request, res.Status, res.Header.Get("Location"))
}
