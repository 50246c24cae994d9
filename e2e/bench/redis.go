package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/e2e/bench/talk"
	load "github.com/sessnode/sessnode/internal/bench"
)

// waitMillis bounds how long WAIT waits for a replica; a session that reached none in that time counts as failed.
const waitMillis = "2000"

// redisSystem is Redis: one primary and replicas. With wait a change is answered when a replica has it, too.
func redisSystem(s System, replicas int, wait bool, flags ...string) System {
	s.Kind, s.Routes = Peer, []string{"leader"}
	s.start = func(ctx context.Context, site *Site) (*Running, error) {
		return startRedis(ctx, site, replicas, wait, flags)
	}
	return s
}

func startRedis(ctx context.Context, site *Site, replicas int, wait bool, flags []string) (*Running, error) {
	program, err := installed("redis-server")
	if err != nil {
		return nil, err
	}
	r := &Running{gently: true, Version: versionOf(ctx, program, "--version")}
	ports, addresses, err := site.ports(1 + replicas)
	if err != nil {
		return r, err
	}
	for i, port := range ports {
		name := "redis" + strconv.Itoa(i+1)
		dir, err := site.folder(name)
		if err != nil {
			return r, err
		}
		args := append([]string{"--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--dir", dir, "--save", "", "--repl-diskless-sync-delay", "0"}, flags...)
		if i > 0 {
			args = append(args, "--replicaof", "127.0.0.1 "+strconv.Itoa(ports[0]))
		}
		if err := site.launch(r, name, program, args...); err != nil {
			return r, err
		}
	}
	store := &peerStore{addresses: addresses[:1], leader: 0, connect: func(address string) load.Conn {
		return &redisConn{c: talk.NewRESP(address, site.Timeout), wait: wait}
	}}
	r.Store, r.leader = store, func(context.Context) (int, error) { return store.leader, nil }
	return r, site.await(ctx, r, "redis is ready", func(ctx context.Context) error { return replicated(ctx, addresses[0], replicas) })
}

// sentinelSystem is Redis with three Sentinels, for what becomes of clients when the primary dies: they try all servers in turn.
func sentinelSystem(s System, wait bool, flags ...string) System {
	s.Kind, s.Routes, s.failoverOnly = Peer, []string{"leader"}, true
	s.start = func(ctx context.Context, site *Site) (*Running, error) {
		r, err := startRedis(ctx, site, 2, wait, flags)
		if err != nil {
			return r, err
		}
		return r, watchRedis(ctx, site, r)
	}
	return s
}

// watchRedis starts three Sentinels beside Redis, and offers its replicas to clients as well.
func watchRedis(ctx context.Context, site *Site, r *Running) error {
	program, err := installed("redis-server")
	if err != nil {
		return err
	}
	store := r.Store.(*peerStore)
	_, port, _ := strings.Cut(store.addresses[0], ":")
	first, err := strconv.Atoi(port)
	if err != nil {
		return err
	}
	for i := 1; i <= 2; i++ { // ports lie in a row
		store.addresses = append(store.addresses, "127.0.0.1:"+strconv.Itoa(first+i))
	}
	ports, addresses, err := site.ports(3)
	if err != nil {
		return err
	}
	for i, p := range ports {
		name := "sentinel" + strconv.Itoa(i+1)
		text := fmt.Sprintf("port %d\nbind 127.0.0.1\ndir %s\nsentinel monitor bench 127.0.0.1 %d 2\nsentinel down-after-milliseconds bench 1000\n", p, site.Folder, first)
		path := filepath.Join(site.Folder, name+".conf") // it writes there
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return err
		}
		if err := site.launch(r, name, program, path, "--sentinel"); err != nil {
			return err
		}
	}
	return site.await(ctx, r, "Sentinels know each other and the replicas", func(ctx context.Context) error {
		for _, a := range addresses {
			if err := watches(ctx, a); err != nil {
				return err
			}
		}
		return nil
	})
}

// watches asks a Sentinel whether it knows two others and two replicas.
func watches(ctx context.Context, address string) error {
	c := talk.NewRESP(address, requestLimit)
	defer c.Close()
	c.Add("SENTINEL", "SENTINELS", "bench")
	c.Add("SENTINEL", "REPLICAS", "bench")
	replies, _, err := c.Do(ctx)
	if err != nil {
		return err
	}
	if others, replicas := len(replies[0].List), len(replies[1].List); others < 2 || replicas < 2 {
		return fmt.Errorf("%s knows %d Sentinels and %d replicas", address, others, replicas)
	}
	return nil
}

// replicated asks a primary whether all of its replicas follow it.
func replicated(ctx context.Context, address string, replicas int) error {
	c := talk.NewRESP(address, requestLimit)
	defer c.Close()
	c.Add("INFO", "replication")
	replies, _, err := c.Do(ctx)
	if err != nil {
		return err
	}
	if online := strings.Count(string(replies[0].Text), "state=online"); online < replicas {
		return fmt.Errorf("%d of %d replicas follow", online, replicas)
	}
	return nil
}

// redisConn is one client of Redis: the token is the key, the session its value, with a time to live.
type redisConn struct {
	c    *talk.RESP
	wait bool
	v    value
	key  []byte
}

// Do makes one operation; with wait, a change and its WAIT go in one write.
func (r *redisConn) Do(ctx context.Context, o load.Operation, token sessnode.Token, body []byte) sessnode.Code {
	r.key = append(append(r.key[:0], "s:"...), token.Reveal()...)
	switch o {
	case load.Create, load.Patch:
		r.c.Begin(5)
		r.c.Word("SET")
		r.c.Bytes(r.key)
		r.c.Bytes(r.v.of(body))
		r.c.Word("EX")
	case load.Read:
		r.c.Begin(2)
		r.c.Word("GET")
		r.c.Bytes(r.key)
	case load.ReadTouch:
		r.c.Begin(4)
		r.c.Word("GETEX")
		r.c.Bytes(r.key)
		r.c.Word("EX")
	case load.Touch:
		r.c.Begin(3)
		r.c.Word("EXPIRE")
		r.c.Bytes(r.key)
	}
	if o != load.Read {
		r.c.Word(expirySeconds)
	}
	waits := r.wait && o != load.Read
	if waits {
		r.c.Add("WAIT", "1", waitMillis)
	}
	replies, sent, err := r.c.Do(ctx)
	if err != nil {
		return lost(o, sent)
	}
	return redisCode(o, replies, waits)
}

// redisCode judges what Redis said.
func redisCode(o load.Operation, replies []talk.Reply, waits bool) sessnode.Code {
	first := replies[0]
	switch {
	case first.Kind == '-':
		return sessnode.CodeUnavailable
	case (o == load.Read || o == load.ReadTouch) && len(first.Text) != payloadBytes, o == load.Touch && first.Int != 1:
		return sessnode.CodeNotFound
	case waits && replies[1].Int < 1:
		return sessnode.CodeUnknown
	}
	return sessnode.OK
}

// Close closes the connection.
func (r *redisConn) Close() error { return r.c.Close() }
