package client_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
)

// TestNoErrorShowsASecret: nodes that send back whatever they got, in every way there is, get neither the token nor the
// key into an error, however it is printed.
func TestNoErrorShowsASecret(t *testing.T) {
	const key = "KEYKEYKEYKEY"
	fresh := sessnode.Token(strings.Repeat("f", 43))
	for name, hostile := range hostileNodes() {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewUnstartedServer(hostile)
			server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
			server.Start()
			defer server.Close()
			c, err := client.New(server.URL, client.WithApp("web"), client.WithAPIKey(key), client.WithTries(2))
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			_, readErr := c.Read(t.Context(), token)
			_, _, createErr := c.Create(t.Context(), client.Create{Token: fresh})
			_, _, rotateErr := c.Rotate(t.Context(), token, client.Rotation{Token: fresh})
			for op, err := range map[string]error{"read": readErr, "create": createErr, "rotate": rotateErr} {
				if err == nil {
					t.Fatalf("%s succeeded, the test shows nothing", op)
				}
				for _, text := range printed(err) {
					for _, secret := range []string{token.Reveal(), fresh.Reveal(), key} {
						if strings.Contains(text, secret) {
							t.Errorf("the error of %s shows a secret: %s", op, text)
						}
					}
				}
			}
		})
	}
}

func hostileNodes() map[string]http.HandlerFunc {
	secrets := func(r *http.Request) string {
		body, _ := io.ReadAll(r.Body)
		return r.Header.Get("Session-Token") + " " + r.Header.Get("Authorization") + " " + string(body)
	}
	hijacked := func(format string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			text := secrets(r)
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_, _ = fmt.Fprintf(conn, format, text)
				_ = conn.Close()
			}
		}
	}
	return map[string]http.HandlerFunc{
		"problem": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(400)
			_, _ = fmt.Fprintf(w, `{"code":"invalid","detail":%q}`, secrets(r))
		},
		"unavailable": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(503)
			_, _ = fmt.Fprintf(w, `{"code":"unavailable","detail":%q}`, secrets(r))
		},
		"page":     func(w http.ResponseWriter, r *http.Request) { http.Error(w, secrets(r), 500) },
		"redirect": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/?"+secrets(r), 307) },
		"session": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Session-Index", "1-1")
			w.Header().Set("Session-Generation", "1")
			_, _ = fmt.Fprintf(w, `{"id":%q}`, secrets(r))
		},
		"status line": hijacked("%s\r\n\r\n"),
		"status":      hijacked("HTTP/1.1 %s\r\n\r\n"),
		"header":      hijacked("HTTP/1.1 200 OK\r\n%s\r\n\r\n"),
		"length":      hijacked("HTTP/1.1 200 OK\r\nContent-Length: %s\r\n\r\n"),
		"encoding":    hijacked("HTTP/1.1 200 OK\r\nTransfer-Encoding: %s\r\n\r\n"),
		"short":       hijacked("HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n%s"),
	}
}

// printed is an error in all the ways in which it may reach a log, and everything that it wraps.
func printed(err error) []string {
	var out []string
	for ; err != nil; err = errors.Unwrap(err) {
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Error("failed", "err", err)
		out = append(out, err.Error(), fmt.Sprintf("%+v %#v %q", err, err, err), log.String())
	}
	return out
}

// TestCutConnectionIsToldApartFromARefusedOne over real sockets.
func TestCutConnectionIsToldApartFromARefusedOne(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	accepted := make(chan struct{})
	go func() { // ends when the listener is closed
		defer close(accepted)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 1))
			_ = conn.Close()
		}
	}()
	c, err := client.New("http://"+address, client.WithApp("web"), client.WithTries(1))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Revoke(t.Context(), token); !onlyIs(err, sessnode.ErrUnknown) {
		t.Errorf("Revoke cut after sending = %v, want ErrUnknown", err)
	}
	_ = listener.Close()
	<-accepted
	if err := c.Revoke(t.Context(), token); !onlyIs(err, sessnode.ErrUnavailable) {
		t.Errorf("Revoke refused = %v, want ErrUnavailable", err)
	}
}
