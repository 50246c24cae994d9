package sessionhttp

import (
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/sessnode/sessnode"
)

const (
	// hostPrefix binds a cookie to this very host: browsers take it over HTTPS only, with Path=/ and without a Domain, so that
	// no other host of the domain can plant one (RFC 6265bis; ASVS 3.3.1, 3.3.3).
	hostPrefix = "__Host-"

	// leastToken is the shortest token that any policy allows.
	leastToken = 8
)

// tokenOf returns the token in a request's cookie. Of a cookie that can hold none the store need not be asked.
func (m *Middleware) tokenOf(r *http.Request) sessnode.Token {
	name, _ := m.cookieName(r)
	for _, c := range r.CookiesNamed(name) {
		if token := sessnode.Token(c.Value); token.Valid(leastToken) {
			return token
		}
	}
	return ""
}

// cookieName returns the cookie's name on the way that a request came, and whether it is Secure there.
func (m *Middleware) cookieName(r *http.Request) (name string, secure bool) {
	if !m.options.AlwaysSecure && plainLoopback(r) {
		return m.options.CookieName, false
	}
	return hostPrefix + m.options.CookieName, true
}

// plainLoopback reports whether a request came over plain HTTP to a name that only this machine answers to. Browsers take no
// __Host- cookie there, or not all of them do.
func plainLoopback(r *http.Request) bool {
	if r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https") ||
		strings.Contains(strings.ToLower(r.Header.Get("Forwarded")), "proto=https") {
		return false
	}
	name := hostname(r.Host)
	if addr, err := netip.ParseAddr(name); err == nil {
		return addr.IsLoopback()
	}
	return name == "localhost" || strings.HasSuffix(name, ".localhost")
}

// hostname takes the port and the brackets of an IPv6 address away.
func hostname(host string) string {
	if inner, found := strings.CutPrefix(host, "["); found {
		inner, _, _ = strings.Cut(inner, "]")
		return inner
	}
	name, _, _ := strings.Cut(host, ":")
	return strings.ToLower(strings.TrimSuffix(name, "."))
}

// newCookie makes the cookie that gives the browser a token, for so long where it is to outlive the browser.
func (m *Middleware) newCookie(r *http.Request, token sessnode.Token, life time.Duration) *http.Cookie {
	c := m.bareCookie(r)
	c.Value = token.Reveal()
	if m.options.Persistent {
		c.MaxAge = max(1, int(life.Round(time.Second).Seconds()))
	}
	return c
}

// clearedCookie makes the cookie that takes the browser's away.
func (m *Middleware) clearedCookie(r *http.Request) *http.Cookie {
	c := m.bareCookie(r)
	c.MaxAge = -1
	return c
}

func (m *Middleware) bareCookie(r *http.Request) *http.Cookie {
	name, secure := m.cookieName(r)
	sameSite := m.options.SameSite
	if !secure {
		m.announce.Do(func() { m.warnOfLoopback(r, name) })
		if sameSite == http.SameSiteNoneMode { // browsers refuse it where it is not Secure
			sameSite = http.SameSiteLaxMode
		}
	}
	return &http.Cookie{Name: name, Path: "/", Secure: secure, HttpOnly: true, SameSite: sameSite}
}

func (m *Middleware) warnOfLoopback(r *http.Request, name string) {
	m.options.Log.WarnContext(r.Context(), "plain HTTP on loopback: the session cookie has no __Host- prefix and is not Secure; "+
		"if a TLS proxy is in front, let it pass the Host header on, or set AlwaysSecure", "cookie", name, "host", r.Host)
}
