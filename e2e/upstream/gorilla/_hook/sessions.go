// Package sessions is gorilla/sessions with the stores of gorillastore in the place of its own.
package sessions

import (
	"net/http"

	"github.com/gorilla/sessions"
)

// Session is gorilla's.
type Session = sessions.Session

// NewSession is gorilla's.
func NewSession(store sessions.Store, name string) *Session { return sessions.NewSession(store, name) }

// Save is gorilla's.
func Save(r *http.Request, w http.ResponseWriter) error { return sessions.Save(r, w) }
