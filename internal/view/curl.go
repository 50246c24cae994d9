package view

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
)

// shownHeaders are those of a request that change its answer, in the order in which they are shown.
var shownHeaders = [...]string{"Authorization", "Session-Token", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match",
	"Session-Consistency", "Session-Min-Index"}

// Curl returns the shell command that sends the same request. Its secrets are shell variables: $TOKEN for the session's token,
// $NEW_TOKEN for the one that it shall get instead, $SESSNODE_KEY for the API key. It reads the body through GetBody, and leaves the request as it is.
func Curl(r *http.Request) string {
	var b strings.Builder
	b.WriteString("curl")
	if r.Method != http.MethodGet {
		b.WriteString(" -X " + r.Method)
	}
	b.WriteString(" " + shell(r.URL.String()))
	for _, name := range shownHeaders {
		switch value := r.Header.Get(name); {
		case value == "":
		case name == "Authorization":
			b.WriteString(` -H "Authorization: Bearer $SESSNODE_KEY"`)
		case name == "Session-Token":
			b.WriteString(` -H "Session-Token: $TOKEN"`)
		default:
			b.WriteString(" -H " + shell(name+": "+value))
		}
	}
	if body := bodyOf(r); len(body) > 0 {
		b.WriteString(" -d " + body)
	}
	return b.String()
}

// bodyOf returns the body as an argument. A body with a token is written anew without it, around the variable.
func bodyOf(r *http.Request) string {
	if r.GetBody == nil {
		return ""
	}
	body, err := r.GetBody()
	if err != nil {
		return ""
	}
	defer body.Close()
	raw, err := io.ReadAll(body)
	if err != nil || len(raw) == 0 {
		return ""
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil {
		return "@body" // no JSON: nothing of it is shown
	}
	token, secret := members["token"]
	if !secret {
		return shell(string(raw))
	}
	const place = "\x00token\x00" // cannot be in JSON text
	raw = bytes.ReplaceAll(raw, token, []byte(place))
	variable := "$TOKEN"
	if r.Header.Get("Session-Token") != "" {
		variable = "$NEW_TOKEN"
	}
	return strings.ReplaceAll(shell(string(raw)), place, `"'"`+variable+`"'"`)
}

// shell quotes a text as one word of a POSIX shell.
func shell(text string) string {
	if text != "" && strings.IndexFunc(text, func(r rune) bool { return !strings.ContainsRune(plainWord, r) }) < 0 {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

const plainWord = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:/.,_-%@+="
