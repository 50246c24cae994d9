package torture

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// requestLimit bounds one request, the time at the gate included.
const requestLimit = 30 * time.Second

// Browser is a visitor: cookies, and what one can do in the application. Set-Cookie is obeyed in the order in which answers
// arrive, as browsers do. Each request has a connection of its own, so that any worker of the server may get it. Safe for concurrent use.
type Browser struct {
	base   string
	gate   *Gate
	client *http.Client

	mu      sync.Mutex
	cookies map[string]string
}

// Answer is what came back.
type Answer struct {
	Status int
	Text   string // the body, without surrounding space
}

func (a Answer) ok() bool { return a.Status >= 200 && a.Status < 300 }

// NewBrowser returns a visitor of the application at base who was never there. The gate is needed for held requests only.
func NewBrowser(base string, gate *Gate) *Browser {
	return &Browser{base: strings.TrimSuffix(base, "/"), gate: gate, cookies: map[string]string{}, client: &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		Timeout:       requestLimit,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Copy returns a visitor with the same cookies as now: somebody who kept, or stole, them.
func (b *Browser) Copy() *Browser {
	other := NewBrowser(b.base, b.gate)
	other.cookies = b.Cookies()
	return other
}

// Cookies returns the cookies as they are now.
func (b *Browser) Cookies() map[string]string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(b.cookies)
}

// Login signs a subject in.
func (b *Browser) Login(ctx context.Context, user string) (Answer, error) {
	return b.do(ctx, http.MethodPost, "/login", nil, url.Values{"user": {user}})
}

// Logout signs out.
func (b *Browser) Logout(ctx context.Context) (Answer, error) {
	return b.do(ctx, http.MethodPost, "/logout", nil, nil)
}

// Set stores a value. A name with a dot, "cart.a", means: change the map "cart" in place.
func (b *Browser) Set(ctx context.Context, k, v string) (Answer, error) {
	return b.do(ctx, http.MethodPost, "/set", url.Values{"k": {k}, "v": {v}}, nil)
}

// SetOnce stores a value that is to be taken by Pop.
func (b *Browser) SetOnce(ctx context.Context, k, v string) (Answer, error) {
	return b.do(ctx, http.MethodPost, "/set", url.Values{"k": {k}, "v": {v}, "once": {"1"}}, nil)
}

// Get reads a value; "" is none. The name "user" tells who is signed in.
func (b *Browser) Get(ctx context.Context, k string) (Answer, error) {
	return b.do(ctx, http.MethodGet, "/get", url.Values{"k": {k}}, nil)
}

// Pop takes a value.
func (b *Browser) Pop(ctx context.Context, k string) (Answer, error) {
	return b.do(ctx, http.MethodPost, "/pop", url.Values{"k": {k}}, nil)
}

// HeldSet is Set, sent now: it returns when its handler waits at the gate, as the other held requests do.
func (b *Browser) HeldSet(ctx context.Context, k, v string) (*Flight, error) {
	return b.held(ctx, http.MethodPost, "/set", url.Values{"k": {k}, "v": {v}}, nil)
}

// HeldGet is Get, held.
func (b *Browser) HeldGet(ctx context.Context, k string) (*Flight, error) {
	return b.held(ctx, http.MethodGet, "/get", url.Values{"k": {k}}, nil)
}

// HeldPop is Pop, held.
func (b *Browser) HeldPop(ctx context.Context, k string) (*Flight, error) {
	return b.held(ctx, http.MethodPost, "/pop", url.Values{"k": {k}}, nil)
}

// HeldLogin is Login, held.
func (b *Browser) HeldLogin(ctx context.Context, user string) (*Flight, error) {
	return b.held(ctx, http.MethodPost, "/login", url.Values{}, url.Values{"user": {user}})
}

func (b *Browser) held(ctx context.Context, method, path string, query, form url.Values) (*Flight, error) {
	return b.gate.hold(ctx, func(name string) (Answer, error) {
		query.Set("hold", name)
		return b.do(ctx, method, path, query, form)
	})
}

// do sends one request with the cookies of now, and obeys the answer's Set-Cookie.
func (b *Browser) do(ctx context.Context, method, path string, query, form url.Values) (Answer, error) {
	r, err := http.NewRequestWithContext(ctx, method, b.base+path+"?"+query.Encode(), strings.NewReader(form.Encode()))
	if err != nil {
		return Answer{}, err
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, value := range b.Cookies() {
		// by hand: AddCookie would quote what some applications put there
		r.Header.Set("Cookie", strings.TrimPrefix(r.Header.Get("Cookie")+"; "+name+"="+value, "; "))
	}
	resp, err := b.client.Do(r)
	if err != nil {
		return Answer{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return Answer{}, fmt.Errorf("%s %s: %w", method, path, err)
	}
	b.obey(resp)
	return Answer{resp.StatusCode, strings.TrimSpace(string(body))}, nil
}

func (b *Browser) obey(resp *http.Response) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range resp.Cookies() {
		gone := c.MaxAge < 0 || c.MaxAge == 0 && !c.Expires.IsZero() && c.Expires.Before(time.Now())
		if gone {
			delete(b.cookies, c.Name)
		} else {
			b.cookies[c.Name] = c.Value
		}
	}
}
