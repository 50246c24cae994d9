package sessions

import "github.com/gorilla/sessions"

// Options are gorilla's.
type Options = sessions.Options
