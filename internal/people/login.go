package people

import (
	"log/slog"
	"net/http"

	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/examples/go-login/login"
)

// App makes the login app over a client of the store. Its pages are those of examples/go-login.
type App func(sessions *client.Client, users map[string]string, log *slog.Logger) (http.Handler, error)

var _ App = LoginApp

// LoginApp is the example's login app.
func LoginApp(sessions *client.Client, users map[string]string, log *slog.Logger) (http.Handler, error) {
	return login.New(sessions, login.Options{Users: users, Log: log})
}
