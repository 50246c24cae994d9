package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/internal/term"
	"github.com/sessnode/sessnode/internal/view"
)

func newSession(std stdio) *cobra.Command {
	return family("session", "Sessions, by id or token",
		"A session is named by its public id, which may be shown and logged, or by its token, the secret in the cookie, "+
			"which comes from a file or from standard input and never from the command line.",
		newSessionCreate(std), newSessionGet(std), newSessionSet(std), newSessionRotate(std), newSessionRevoke(std), newSessionList(std))
}

// parseID reads a public id that was typed. A token in its place is refused without being shown.
func parseID(text string) (sessnode.ID, error) {
	if id, err := sessnode.ParseID(text); err == nil {
		return id, nil
	}
	if looksLikeToken(text) {
		return sessnode.ID{}, &problem{what: "that looks like a token, not like the id of a session",
			why: "a token is a secret, and command lines can be seen by other users of this host; this one may be in your shell's history",
			try: "--token-file FILE, or --token-file - to read it from standard input; revoke the session if others could see this", exit: exitUsage}
	}
	return sessnode.ID{}, &problem{what: fmt.Sprintf("%q is not the id of a session", text), why: "an id has 22 letters, digits, - and _",
		try: "sessnode session list   (or: sessnode subject sessions NAME)", exit: exitUsage}
}

// attributes are the flags that give attributes.
type attributes struct {
	json, text []string
}

func (a *attributes) flags(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&a.text, "string", nil, "an attribute that is a text: name=ada; may be given often")
}

// values reads name=JSON and name=text pairs.
func (a *attributes) values() (map[string]sessnode.Value, error) {
	all := map[string]sessnode.Value{}
	add := func(name string, v sessnode.Value) error {
		if _, twice := all[name]; twice {
			return &problem{what: fmt.Sprintf("the attribute %q is given twice", name), why: "which value is meant cannot be told", try: "leave one of them out", exit: exitUsage}
		}
		all[name] = v
		return nil
	}
	for _, pair := range a.json {
		name, text, found := strings.Cut(pair, "=")
		if !found || name == "" {
			return nil, badPair(pair)
		}
		if !json.Valid([]byte(text)) {
			return nil, notJSON(name, text)
		}
		if err := add(name, sessnode.Value{Codec: sessnode.JSON, Data: bytes.TrimSpace([]byte(text))}); err != nil {
			return nil, err
		}
	}
	for _, pair := range a.text {
		name, text, found := strings.Cut(pair, "=")
		if !found || name == "" {
			return nil, badPair(pair)
		}
		v, err := client.JSON(text)
		if err != nil {
			return nil, err
		}
		if err := add(name, v); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func badPair(pair string) error {
	if looksLikeToken(pair) {
		pair = "that, which looks like a token," // never shown
	} else {
		pair = fmt.Sprintf("%q", pair)
	}
	return &problem{what: pair + " is not NAME=JSON", why: "an attribute is a name, an equals sign and a value in JSON",
		try: `cart='[1,2]'   or   name='"ada"'   or   --string name=ada`, exit: exitUsage}
}

func notJSON(name, text string) error {
	quoted, _ := json.Marshal(text)
	try := fmt.Sprintf("%s='%s'   or   --string %s=%s", name, quoted, name, text)
	if strings.ContainsAny(text, "'\\\n") || len(text) > 60 || tokenLike.MatchString(text) {
		try = name + `='"..."'   or   --string ` + name + "=..."
	}
	return &problem{what: fmt.Sprintf("the value of %s is not JSON", name), why: "a text in JSON stands in double quotes, which the shell takes away unless they are quoted themselves",
		try: try, exit: exitUsage}
}

// printSession writes one session.
func printSession(p printer, s *client.Session) error {
	return printOne(p, view.SessionOf(s.Session, s.ETag), func() *term.Table { return view.OneSession(s.Session, s.ETag, p.view()) })
}

// newToken is a session with a token that was just made: the only result that holds one.
type newToken struct {
	Token string `json:"token" doc:"the secret for the cookie; shown by create and rotate only"`
	view.Session
}

// printNewToken writes a session with its new token, and reminds a person of what a token is.
func printNewToken(p printer, token sessnode.Token, s *client.Session) error {
	if p.screen.TTY {
		p.say("the token is a secret: whoever has it is signed in. It is not shown again.")
	}
	text := token.Reveal()
	return printOne(p, newToken{text, view.SessionOf(s.Session, s.ETag)}, func() *term.Table {
		t := view.OneSession(s.Session, s.ETag, p.view())
		t.First("token", text)
		return t
	})
}

// tokenAfter explains an outcome that is not known: the session may have been made, and only its token can tell.
func tokenAfter(err error) error {
	var e *sessnode.Error
	if !errors.Is(err, sessnode.ErrUnknown) || !errors.As(err, &e) {
		return err
	}
	return &problem{what: e.Error(), why: "no answer came, so the session may or may not have a new token, which is not shown",
		try: "sessnode session list shows whether there is one; then do it again, and revoke what is not needed", exit: sessnode.CodeUnknown.Info().Exit, err: err}
}
