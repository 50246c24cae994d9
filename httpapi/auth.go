package httpapi

import (
	"crypto/sha256"
	"crypto/subtle"
	"strings"

	"github.com/sessnode/sessnode"
)

// APIKey is one key that is let in. The key itself is not kept.
type APIKey struct {
	Name string            // for the log and for "who ended this session"
	Role string            // "operator", or "app:NAME"
	Hash [sha256.Size]byte // SHA-256 of the key's text
}

// role says who may call a route. An operator may call all of them.
type role uint8

const (
	rolePublic   role = iota // anyone: health and the contract
	roleApp                  // the application whose {app} it is
	roleOperator             // operators only
)

func (r role) String() string { return [...]string{"public", "app", "operator"}[r] }

// caller is who sent a request.
type caller struct {
	name     string // of the API key; empty where the API is open
	operator bool
	app      string // the only app it may touch, unless it is an operator
}

// actor is what a tombstone says of who ended a session by other means than its token.
func (c caller) actor() string {
	if c.name == "" {
		return "operator"
	}
	return "key:" + c.name
}

// authenticate finds out who sent a request. All keys are compared, each in constant time, so that the time taken tells
// nothing about how near a guess was (ASVS 11.2.4).
func (a *API) authenticate(c *call) (caller, error) {
	if len(a.config.Keys) == 0 {
		return caller{operator: true}, nil
	}
	if c.Header.counts[headerAuthorization] != 1 {
		return caller{}, sessnode.Errorf(sessnode.CodeUnauthorized, "", "send Authorization: Bearer with an API key")
	}
	text := c.Header.values[headerAuthorization]
	if c.known.key != "" && subtle.ConstantTimeCompare([]byte(text), []byte(c.known.key)) == 1 {
		return c.known.caller, nil
	}
	scheme, key, _ := strings.Cut(text, " ")
	hash := sha256.Sum256([]byte(strings.TrimSpace(key)))
	found := -1
	for i := range a.config.Keys {
		if subtle.ConstantTimeCompare(hash[:], a.config.Keys[i].Hash[:]) == 1 {
			found = i
		}
	}
	if found < 0 || !strings.EqualFold(scheme, "Bearer") {
		return caller{}, sessnode.Errorf(sessnode.CodeUnauthorized, "", "this API key is not known to the node")
	}
	k := a.config.Keys[found]
	app, _ := strings.CutPrefix(k.Role, "app:")
	c.known.key, c.known.caller = strings.Clone(text), caller{name: k.Name, operator: k.Role == "operator", app: app}
	return c.known.caller, nil
}

// authorize checks that a caller may call a route for an app.
func (c caller) authorize(r role, app string) error {
	if c.operator || r == rolePublic || r == roleApp && app != "" && app == c.app {
		return nil
	}
	return sessnode.Errorf(sessnode.CodeForbidden, "", "the API key %q does not cover this request", c.name)
}
