package login

import (
	"bytes"
	"embed"
	"errors"
	"html/template"
	"net/http"
	"strings"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client/sessionhttp"
)

//go:embed web
var web embed.FS

// contentPolicy lets a page have our one style sheet and post our forms, and nothing else: no script runs, whoever wrote it.
const contentPolicy = "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// pages are the templates and what all of them show.
type pages struct {
	title     string
	hint      bool // the login page tells the demo's accounts
	templates map[string]*template.Template
	css       []byte
}

type homePage struct {
	User    string
	Visits  int64
	Flashes []sessionhttp.Flash
	Devices []device
}

type loginPage struct {
	User    string
	Wrong   bool
	Flashes []sessionhttp.Flash
}

// failurePage is what people read while their session cannot be used.
type failurePage struct {
	Heading, Text string
	Again         string // where the page goes by itself in a moment; empty = it stays
}

func newPages(title string, hint bool) (*pages, error) {
	p := &pages{title: title, hint: hint, templates: make(map[string]*template.Template)}
	var err error
	if p.css, err = web.ReadFile("web/style.css"); err != nil {
		return nil, err
	}
	for _, name := range []string{"home", "login", "failure"} {
		if p.templates[name], err = template.ParseFS(web, "web/layout.html", "web/"+name+".html"); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// show writes a page. It is made in memory first, so that a page that fails half way is a 500 and no half page.
func (p *pages) show(w http.ResponseWriter, status int, name string, data any) {
	var page bytes.Buffer
	err := p.templates[name].ExecuteTemplate(&page, "layout", map[string]any{"Title": p.title, "Hint": p.hint, "Page": data})
	if err != nil {
		http.Error(w, "This page is broken.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store") // after a logout, the back button shows nothing of it
	w.WriteHeader(status)
	_, _ = page.WriteTo(w)
}

func (p *pages) style(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "max-age=300")
	_, _ = w.Write(p.css)
}

// storeFailed answers while the store cannot: nobody is signed out, and the cookie stays what it is.
func (a *app) storeFailed(w http.ResponseWriter, r *http.Request, err error) {
	status := sessionhttp.Status(err)
	if status == http.StatusServiceUnavailable && w.Header().Get("Retry-After") == "" {
		w.Header().Set("Retry-After", "2")
	}
	if r.URL.Path == "/whoami" {
		http.Error(w, "unavailable", status)
		return
	}
	page := failurePage{
		Heading: "One moment, please",
		Text:    "The store cannot answer just now, and nothing has changed. This page tries again by itself.",
		Again:   "/",
	}
	if hasSession(r) && r.URL.Path != "/login" { // there nobody is, who has a session only for a message
		page.Heading, page.Text = "You are still signed in", "The store cannot answer just now. This page tries again by itself."
	}
	switch {
	case errors.Is(err, sessnode.ErrUnknown):
		page.Heading, page.Text = "One moment, please", "The store did not say in time whether that was done. This page looks again by itself."
	case status == http.StatusConflict:
		page = failurePage{Heading: "Too many devices", Text: "You are signed in on as many devices as are allowed. Sign out on one of them first."}
	case status == http.StatusInternalServerError:
		page = failurePage{Heading: "This went wrong on our side", Text: "You have not been signed out. Please try again later."}
	}
	if page.Again != "" && r.URL.Path == "/login" {
		page.Again = "/login"
	}
	a.pages.show(w, status, "failure", page)
}

// hasSession reports whether the browser came with a session's cookie, whatever that is worth.
func hasSession(r *http.Request) bool {
	for _, c := range r.Cookies() {
		if strings.TrimPrefix(c.Name, "__Host-") == "session" {
			return true
		}
	}
	return false
}

// withHeaders sets what holds for every response.
func withHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}
