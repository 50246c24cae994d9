package sessionhttp

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"
)

// defaultCookieName is the cookie's name behind the prefix.
const defaultCookieName = "session"

// Options are the settings of a Middleware. The zero value is good: every field says what its zero means.
type Options struct {
	// CookieName is the cookie's name without the prefix __Host-, which is put in front of it. Empty means "session".
	CookieName string

	// SameSite is the cookie's SameSite attribute. Zero means http.SameSiteLaxMode.
	SameSite http.SameSite

	// Persistent lets the browser keep the cookie when it is closed, until the session's lifetime is over (Max-Age). The
	// store ends the session by its own clock all the same.
	Persistent bool

	// AlwaysSecure turns off the exception for plain HTTP on a loopback name; see the package comment.
	AlwaysSecure bool

	// Idle and Lifetime are the timeouts of new sessions. Zero means those of the app's policy, whose maxima cap them.
	Idle, Lifetime time.Duration

	// SubjectFrom names an attribute that holds who is signed in, a string or a number, for applications that sign people in
	// by setting one: Set with another value than the session's subject is a Login, Unset (or an empty value) a Logout.
	// Empty means none.
	SubjectFrom string

	// ClientIP tells the browser's address, which the session keeps for its owner to recognise the device. Nil means the
	// peer of the connection: behind a proxy, set a function that reads the header which that proxy, and nobody else, sets.
	ClientIP func(*http.Request) string

	// OnError answers instead of the handler when the session could not be loaded or its changes not be sent. Status(err) is
	// the status to use. Retry-After and Cache-Control are set already, the handler's own headers are gone, and the request
	// has no session. Nil means one line of plain text.
	OnError func(w http.ResponseWriter, r *http.Request, err error)

	// Log gets failures of the store and the announcement of the loopback exception. It never gets a token. Nil means
	// slog.Default().
	Log *slog.Logger
}

// Validate reports every fault at once, each naming the field, its value and what is allowed.
func (o Options) Validate() error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	name := o.withDefaults().CookieName
	if strings.ContainsFunc(name, notInCookieName) {
		fault("CookieName is %q, allowed are letters, digits and ! # $ %% & ' * + - . ^ _ ` | ~", name)
	}
	if strings.HasPrefix(strings.ToLower(name), "__host-") || strings.HasPrefix(strings.ToLower(name), "__secure-") {
		fault("CookieName is %q, allowed is a name without a prefix: __Host- comes by itself", name)
	}
	if o.SameSite < 0 || o.SameSite > http.SameSiteNoneMode {
		fault("SameSite is %d, allowed are the constants of net/http", o.SameSite)
	}
	if o.Idle < 0 {
		fault("Idle is %v, allowed is 0 (the policy's) or more", o.Idle)
	}
	if o.Lifetime < 0 {
		fault("Lifetime is %v, allowed is 0 (the policy's) or more", o.Lifetime)
	}
	if strings.HasPrefix(o.SubjectFrom, flashPrefix) {
		fault("SubjectFrom is %q, allowed is a name that does not begin with %s", o.SubjectFrom, flashPrefix)
	}
	return errors.Join(faults...)
}

// notInCookieName reports whether c cannot stand in a cookie's name (RFC 6265: a token of HTTP).
func notInCookieName(c rune) bool {
	alnum := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
	return !alnum && !strings.ContainsRune("!#$%&'*+-.^_`|~", c)
}

func (o Options) withDefaults() Options {
	if o.CookieName == "" {
		o.CookieName = defaultCookieName
	}
	if o.SameSite == 0 || o.SameSite == http.SameSiteDefaultMode {
		o.SameSite = http.SameSiteLaxMode
	}
	if o.ClientIP == nil {
		o.ClientIP = peer
	}
	if o.OnError == nil {
		o.OnError = plainError
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return o
}

// peer is the address at the other end of the connection.
func peer(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
