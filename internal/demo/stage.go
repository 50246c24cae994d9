package demo

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"

	"github.com/sessnode/sessnode/internal/local"
	"github.com/sessnode/sessnode/internal/people"
)

// Place says where a demo runs. All fields are required but Sabotage and Keep.
type Place struct {
	Binary   string // the sessnode to run: this program
	App      people.App
	Port     int    // the first node's HTTP port; the others follow in steps of ten. Taken ones are passed over
	AppPort  int    // the login app's port, or the next free one
	Sabotage string // breaks the nodes on purpose; needs a Binary with the build tag `sabotage`
	Keep     bool   // leave the folder behind
}

// stage is a demo's cluster and app, and what cleans up behind them.
type stage struct {
	place   Place
	folder  *local.Folder
	keeper  *local.Keeper
	cluster *local.Cluster
	log     *slog.Logger // of the app
	logFile *os.File
	apps    []*people.Site

	appURL   string
	appMoved bool     // not the port that was asked for
	swept    []string // folders of earlier demos that were removed
}

// openStage starts everything. The caller must close what it returns, also with an error.
func openStage(ctx context.Context, place Place) (*stage, error) {
	s := &stage{place: place, swept: local.Sweep()}
	var err error
	if s.folder, err = local.NewFolder(local.DemoFolder); err != nil {
		return s, err
	}
	if s.keeper, err = local.StartKeeper(place.Binary, s.folder); err != nil {
		return s, err
	}
	if s.logFile, err = os.OpenFile(s.folder.File("app.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600); err != nil {
		return s, err
	}
	s.log = slog.New(slog.NewTextHandler(s.logFile, nil))
	config := local.Config{Binary: place.Binary, Port: place.Port, Sabotage: place.Sabotage}
	if s.cluster, err = local.Start(ctx, config, s.folder); err != nil {
		return s, err
	}
	if err := s.writeClientFile(); err != nil {
		return s, err
	}
	ln, err := local.ListenApp(place.AppPort)
	if err != nil {
		return s, err
	}
	s.appMoved = ln.Addr().(*net.TCPAddr).Port != place.AppPort
	s.appURL, err = s.serveApp(ln)
	return s, err
}

// openApp serves one more copy of the app whose store is only the given node, and returns its address.
func (s *stage) openApp(only *local.Node) (string, error) {
	ln, err := net.Listen("tcp", local.Loopback(0))
	if err != nil {
		return "", err
	}
	return s.serveApp(ln, only)
}

func (s *stage) serveApp(ln net.Listener, only ...*local.Node) (string, error) {
	sessions, err := s.cluster.AppClient(only...)
	if err != nil {
		return "", errors.Join(err, ln.Close())
	}
	site, err := people.Serve(ln, s.place.App, sessions, s.log)
	if err != nil {
		return "", err
	}
	s.apps = append(s.apps, site)
	return site.URL, nil
}

// close ends every process and removes the folder, unless it is to be kept. After an error the keeper has been asked to finish.
func (s *stage) close() error {
	var faults []error
	for _, app := range s.apps {
		faults = append(faults, app.Close())
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
			err = s.folder.Release()
		} else {
			err = s.folder.Remove()
		}
	}
	if s.keeper != nil {
		err = errors.Join(err, s.keeper.Dismiss(err == nil))
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
		for _, line := range n.LastLog(lines) {
			all = append(all, n.Name+"  "+line)
		}
	}
	return all
}
