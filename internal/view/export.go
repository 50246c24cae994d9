package view

import "github.com/sessnode/sessnode"

// Export is all that is stored about a subject, with the names of the HTTP API.
type Export struct {
	App      string    `json:"app" doc:"the app"`
	Subject  string    `json:"subject" doc:"whom it is about"`
	Sessions []Session `json:"sessions" doc:"live sessions, with attributes"`
	Ended    []Ended   `json:"ended" doc:"what is remembered of sessions that ended"`
}

// ExportOf returns the JSON form.
func ExportOf(app, subject string, sessions []sessnode.Session, ended []sessnode.Ended) Export {
	out := Export{App: app, Subject: subject, Sessions: []Session{}, Ended: []Ended{}}
	for _, s := range sessions {
		out.Sessions = append(out.Sessions, SessionOf(s, ""))
	}
	for _, e := range ended {
		out.Ended = append(out.Ended, EndedOf(e))
	}
	return out
}
