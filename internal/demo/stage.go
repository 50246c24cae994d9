package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/sessnode/sessnode/client"
)

// App makes the login app over a client of the store. Its pages are those of examples/go-login.
type App func(sessions *client.Client, users map[string]string, log *slog.Logger) (http.Handler, error)

// Place says where a demo runs. All fields are required but Sabotage and Keep.
type Place struct {
	Binary   string // the sessnode to run: this program
	App      App
	Port     int    // the first node's HTTP port; the others follow in steps of ten. Taken ones are passed over
	AppPort  int    // the login app's port, or the next free one
	Sabotage string // breaks the nodes on purpose; needs a Binary with the build tag `sabotage`
	Keep     bool   // leave the folder behind
}

// stage is a demo's cluster and app, and what cleans up behind them.
type stage struct {
	place   Place
	folder  *Folder
	keeper  *keeper
	cluster *Cluster
	log     *slog.Logger // of the app
	logFile *os.File
	apps    []*http.Server
	clients []*client.Client

	appURL   string
	appMoved bool     // not the port that was asked for
	swept    []string // folders of earlier demos that were removed
}

// openStage starts everything. The caller must close what it returns, also with an error.
func openStage(ctx context.Context, place Place) (*stage, error) {
	s := &stage{place: place, swept: Sweep()}
	var err error
	if s.folder, err = newFolder(); err != nil {
		return s, err
	}
	if s.keeper, err = startKeeper(place.Binary, s.folder); err != nil {
		return s, err
	}
	if s.logFile, err = os.OpenFile(s.folder.file("app.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600); err != nil {
		return s, err
	}
	s.log = slog.New(slog.NewTextHandler(s.logFile, nil))
	config := clusterConfig{binary: place.Binary, port: place.Port, sabotage: place.Sabotage}
	if s.cluster, err = startCluster(ctx, config, s.folder); err != nil {
		return s, err
	}
	if err := s.writeClientFile(); err != nil {
		return s, err
	}
	ln, err := listenApp(place.AppPort)
	if err != nil {
		return s, err
	}
	s.appMoved = ln.Addr().(*net.TCPAddr).Port != place.AppPort
	s.appURL, err = s.serveApp(ln)
	return s, err
}

// openApp serves one more copy of the app whose store is only the given node, and returns its address.
func (s *stage) openApp(only *Node) (string, error) {
	ln, err := net.Listen("tcp", loopback(0))
	if err != nil {
		return "", err
	}
	return s.serveApp(ln, only)
}

func (s *stage) serveApp(ln net.Listener, only ...*Node) (string, error) {
	sessions, err := s.cluster.appClient(only...)
	if err != nil {
		return "", errors.Join(err, ln.Close())
	}
	s.clients = append(s.clients, sessions)
	handler, err := s.place.App(sessions, users(), s.log)
	if err != nil {
		return "", errors.Join(fmt.Errorf("the login app: %w", err), ln.Close())
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelWarn)}
	s.apps = append(s.apps, server)
	go func() { // ends with close
		if err := server.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("the app has ended", "error", err)
		}
	}()
	return "http://" + ln.Addr().String(), nil
}

// close ends every process and removes the folder, unless it is to be kept. After an error the keeper has been asked to finish.
func (s *stage) close() error {
	var faults []error
	for _, server := range s.apps {
		faults = append(faults, server.Close())
	}
	for _, sessions := range s.clients {
		sessions.Close()
	}
	if s.cluster != nil {
		faults = append(faults, s.cluster.Close())
	}
	if s.logFile != nil {
		faults = append(faults, s.logFile.Close())
	}
	err := errors.Join(faults...)
	if s.folder != nil && err == nil {
		if s.place.Keep {
			err = s.folder.release()
		} else {
			err = s.folder.remove()
		}
	}
	if s.keeper != nil {
		err = errors.Join(err, s.keeper.dismiss(err == nil))
	}
	return err
}

// lastLogs returns the last lines of each node's log, for a failure.
func (s *stage) lastLogs(lines int) []string {
	if s.cluster == nil {
		return nil
	}
	var all []string
	for _, n := range s.cluster.Nodes {
		for _, line := range n.lastLog(lines) {
			all = append(all, n.Name+"  "+line)
		}
	}
	return all
}
