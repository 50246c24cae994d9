package bench

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/e2e/bench/talk"
	load "github.com/sessnode/sessnode/internal/bench"
)

// nobody is the user that PostgreSQL runs as where we are root, which it refuses: Debian's number for it.
const nobody = 65534

// djangoTable is the table of Django's sessions, as `manage.py migrate sessions` makes it.
const djangoTable = `CREATE TABLE django_session (session_key varchar(40) NOT NULL PRIMARY KEY, session_data text NOT NULL, expire_date timestamp with time zone NOT NULL);
CREATE INDEX django_session_session_key_c0390e0f_like ON django_session (session_key varchar_pattern_ops);
CREATE INDEX django_session_expire_date_a5c62663 ON django_session (expire_date)`

// Statements, by their place, as Django's backend sends them.
const (
	pgInsert = iota
	pgSelect
	pgUpdate
	pgTouch
	pgReadTouch
)

var djangoStatements = []string{
	pgInsert:    `INSERT INTO django_session (session_key, session_data, expire_date) VALUES ($1, $2, now() + interval '3 hours')`,
	pgSelect:    `SELECT session_data, expire_date FROM django_session WHERE expire_date > now() AND session_key = $1`,
	pgUpdate:    `UPDATE django_session SET session_data = $2, expire_date = now() + interval '3 hours' WHERE session_key = $1`,
	pgTouch:     `UPDATE django_session SET expire_date = now() + interval '3 hours' WHERE session_key = $1`,
	pgReadTouch: `UPDATE django_session SET expire_date = now() + interval '3 hours' WHERE session_key = $1 RETURNING session_data`,
}

// postgresSystem is one server with Django's table of sessions.
func postgresSystem(s System) System {
	s.Kind, s.Routes = Peer, []string{"leader"}
	s.start = startPostgres
	return s
}

func startPostgres(ctx context.Context, site *Site) (*Running, error) {
	initdb, err := installed("initdb", "/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return nil, err
	}
	program := filepath.Join(filepath.Dir(initdb), "postgres")
	r := &Running{gently: true, Version: versionOf(ctx, program, "--version")}
	ports, at, err := site.ports(1)
	if err != nil {
		return r, err
	}
	dir, err := site.folder("pg")
	if err != nil {
		return r, err
	}
	var as []string
	if os.Getuid() == 0 {
		id := strconv.Itoa(nobody)
		as = []string{"--reuid", id, "--regid", id, "--clear-groups", "--pdeathsig", "KILL"}
		if err := lend(site, dir); err != nil {
			return r, err
		}
	}
	command := func(words ...string) (string, []string) {
		if as == nil {
			return words[0], words[1:]
		}
		return "setpriv", append(as[:len(as):len(as)], words...)
	}
	name, args := command(initdb, "-D", dir, "-U", "bench", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale", "C")
	if out, err := exec.CommandContext(ctx, name, args...).CombinedOutput(); err != nil {
		return r, fmt.Errorf("initdb: %w\n%s", err, tail(out))
	}
	name, args = command(program, "-D", dir, "-p", strconv.Itoa(ports[0]), "-k", dir, "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=1200",
		"-c", "synchronous_commit=on", "-c", "fsync=on")
	path, err := exec.LookPath(name)
	if err != nil {
		return r, fmt.Errorf("%s: %w", name, ErrMissing)
	}
	if err := site.launch(r, "postgres", path, args...); err != nil {
		return r, err
	}
	pool := &pool{dial: func(address string) load.Conn {
		return &pgConn{c: talk.NewPG(address, "bench", "postgres", site.Timeout, djangoStatements...)}
	}}
	r.Store = &peerStore{addresses: at, connect: pool.connect}
	return r, site.await(ctx, r, "PostgreSQL answers", func(ctx context.Context) error {
		c := talk.NewPG(at[0], "bench", "postgres", harnessLimit)
		defer c.Close()
		_, _, _, err := c.Query(ctx, djangoTable)
		return err
	})
}

// harnessLimit bounds what is asked while a system starts.
const harnessLimit = startLimit / 4

// lend gives a folder to nobody, who must be able to get there.
func lend(site *Site, dir string) error {
	for _, d := range []string{site.Dir, site.Folder} {
		if err := os.Chmod(d, 0o711); err != nil {
			return err
		}
	}
	return os.Chown(dir, nobody, nobody)
}

// pgConn is one client: one connection, hence one process of the server.
type pgConn struct {
	c   *talk.PG
	v   value
	key []byte
}

// keyBytes is what a key of Django's table holds at most: tokens are three letters longer.
const keyBytes = 40

// Do makes one operation, a statement each.
func (p *pgConn) Do(ctx context.Context, o load.Operation, token sessnode.Token, body []byte) sessnode.Code {
	p.key = append(p.key[:0], token.Reveal()[:keyBytes]...)
	var rows int
	var found []byte
	var sent bool
	var err error
	switch o {
	case load.Create:
		rows, found, sent, err = p.c.Execute(ctx, pgInsert, p.key, p.v.of(body))
	case load.Patch:
		rows, found, sent, err = p.c.Execute(ctx, pgUpdate, p.key, p.v.of(body))
	case load.Touch:
		rows, found, sent, err = p.c.Execute(ctx, pgTouch, p.key)
	case load.Read:
		rows, found, sent, err = p.c.Execute(ctx, pgSelect, p.key)
	case load.ReadTouch:
		rows, found, sent, err = p.c.Execute(ctx, pgReadTouch, p.key)
	}
	switch {
	case err != nil:
		return lost(o, sent)
	case rows != 1, (o == load.Read || o == load.ReadTouch) && len(found) != payloadBytes:
		return sessnode.CodeNotFound
	}
	return sessnode.OK
}

// Close closes the connection.
func (p *pgConn) Close() error { return p.c.Close() }
