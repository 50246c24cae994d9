package people

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/sessnode/sessnode/client"
)

// Site is the login app on a port of this machine, in this process.
type Site struct {
	URL string

	server   *http.Server
	sessions *client.Client
	ended    chan struct{}
}

// Serve serves the app on the listener, with Users as those who may sign in. It takes over the listener and the client, also with an
// error.
func Serve(ln net.Listener, app App, sessions *client.Client, log *slog.Logger) (*Site, error) {
	handler, err := app(sessions, Users(), log)
	if err != nil {
		sessions.Close()
		return nil, errors.Join(fmt.Errorf("the login app: %w", err), ln.Close())
	}
	s := &Site{URL: "http://" + ln.Addr().String(), sessions: sessions, ended: make(chan struct{}),
		server: &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn)}}
	go func() { // ends with Close
		defer close(s.ended)
		if err := s.server.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			log.Error("the app has ended", "error", err)
		}
	}()
	return s, nil
}

// Close ends the app at once, and what it had under way.
func (s *Site) Close() error {
	err := s.server.Close()
	<-s.ended
	s.sessions.Close()
	return err
}
