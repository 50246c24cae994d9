package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/e2e/bench/talk"
	load "github.com/sessnode/sessnode/internal/bench"
)

// natsStream is the stream behind a bucket called bench, as NATS's own clients make it for a bucket of three replicas.
const natsStream = `{"name":"KV_bench","subjects":["$KV.bench.>"],"retention":"limits","max_msgs_per_subject":1,"max_msgs":-1,"max_bytes":-1,"max_msg_size":-1,` +
	`"max_age":` + expirySeconds + `000000000,"storage":"file","discard":"new","num_replicas":3,"duplicate_window":120000000000,` +
	`"deny_delete":true,"allow_rollup_hdrs":true,"allow_direct":true}`

// natsSystem is three servers with a bucket of three replicas; sync is sync_interval of JetStream.
func natsSystem(s System, sync string) System {
	s.Kind, s.Routes = Peer, []string{"leader", "all"}
	s.start = func(ctx context.Context, site *Site) (*Running, error) { return startNATS(ctx, site, sync) }
	return s
}

func startNATS(ctx context.Context, site *Site, sync string) (*Running, error) {
	program, err := site.build(ctx, "e2e/bench/peers/nats", ".", "nats")
	if err != nil {
		return nil, err
	}
	r := &Running{Version: versionOf(ctx, program, "--version")}
	_, at, err := site.ports(6)
	if err != nil {
		return r, err
	}
	clients, routes := at[:3], at[3:]
	for i := range clients {
		name := "s" + strconv.Itoa(i+1)
		config, err := natsConfig(site, name, clients[i], routes[i], routes, sync)
		if err != nil {
			return r, err
		}
		if err := site.launch(r, name, program, "-c", config); err != nil {
			return r, err
		}
	}
	r.Commands = append(r.Commands, "jetstream { sync_interval: "+sync+" }, bucket: "+natsStream)
	r.leader = func(ctx context.Context) (int, error) { return natsLeader(ctx, clients, 0) } // under load replicas may lag
	store := &peerStore{addresses: clients, leader: -1, connect: func(address string) load.Conn {
		return &natsConn{c: talk.NewNATS(address, site.Timeout)}
	}}
	r.Store = store
	return r, site.await(ctx, r, "the bucket has three replicas", func(ctx context.Context) (err error) {
		if _, err := natsAsk(ctx, clients[0], "$JS.API.STREAM.CREATE.KV_bench", natsStream); err != nil {
			return err
		}
		store.leader, err = natsLeader(ctx, clients, 2)
		return err
	})
}

// natsConfig writes the configuration of one server.
func natsConfig(site *Site, name, client, route string, routes []string, sync string) (string, error) {
	dir, err := site.folder(name)
	if err != nil {
		return "", err
	}
	others := "nats://" + strings.Join(routes, ", nats://")
	text := fmt.Sprintf("listen: %s\nserver_name: %s\njetstream { store_dir: %q, sync_interval: %s, max_file_store: 20GB }\n"+
		"cluster { name: bench, listen: %s, routes: [%s] }\n", client, name, dir, sync, route, others)
	path := filepath.Join(site.Folder, name+".conf")
	return path, os.WriteFile(path, []byte(text), 0o600)
}

// natsInfo is what is looked at of the answers about a stream.
type natsInfo struct {
	Error *struct {
		Description string
	}
	Cluster struct {
		Leader   string
		Replicas []struct{ Current bool }
	}
}

// natsAsk asks a server about streams.
func natsAsk(ctx context.Context, address, subject, body string) (natsInfo, error) {
	c := talk.NewNATS(address, requestLimit/2)
	defer c.Close()
	var info natsInfo
	_, answer, _, err := c.Request(ctx, []byte(subject), []byte(body))
	if err != nil {
		return info, err
	}
	if err := json.Unmarshal(answer, &info); err != nil {
		return info, fmt.Errorf("%s: %w: %q", subject, err, answer)
	}
	if info.Error != nil {
		return info, errors.New(info.Error.Description)
	}
	return info, nil
}

// natsLeader finds the server that leads the bucket's stream, once so many replicas follow.
func natsLeader(ctx context.Context, clients []string, replicas int) (int, error) {
	var faults []error
	for _, a := range clients {
		info, err := natsAsk(ctx, a, "$JS.API.STREAM.INFO.KV_bench", "")
		if err != nil {
			faults = append(faults, err)
			continue
		}
		following := 0
		for _, r := range info.Cluster.Replicas {
			if r.Current {
				following++
			}
		}
		place := -1
		if n, err := strconv.Atoi(strings.TrimPrefix(info.Cluster.Leader, "s")); err == nil {
			place = n - 1
		}
		if place < 0 || following < replicas {
			return 0, fmt.Errorf("leader %q, %d replicas follow", info.Cluster.Leader, following)
		}
		return place, nil
	}
	return 0, errors.Join(faults...)
}

// natsConn is one client of a bucket, which it speaks to as NATS's own clients do.
type natsConn struct {
	c       *talk.NATS
	v       value
	subject []byte
	found   []byte
}

// Do makes one operation. A bucket's keys expire by its age, counted from the last write: a touch is a write of the same value.
func (n *natsConn) Do(ctx context.Context, o load.Operation, token sessnode.Token, body []byte) sessnode.Code {
	switch o {
	case load.Create, load.Patch, load.Touch:
		return n.put(ctx, o, token, n.v.of(body))
	}
	n.subject = append(append(n.subject[:0], "$JS.API.DIRECT.GET.KV_bench.$KV.bench."...), token.Reveal()...)
	_, answer, sent, err := n.c.Request(ctx, n.subject, nil)
	switch {
	case err != nil:
		return lost(load.Read, sent)
	case len(answer) != payloadBytes:
		return sessnode.CodeNotFound
	case o == load.Read:
		return sessnode.OK
	}
	n.found = append(n.found[:0], answer...)
	return n.put(ctx, o, token, n.found)
}

func (n *natsConn) put(ctx context.Context, o load.Operation, token sessnode.Token, v []byte) sessnode.Code {
	n.subject = append(append(n.subject[:0], "$KV.bench."...), token.Reveal()...)
	_, answer, sent, err := n.c.Request(ctx, n.subject, v)
	if err != nil || !bytes.Contains(answer, []byte(`"seq":`)) || bytes.Contains(answer, []byte(`"error"`)) {
		return lost(o, sent)
	}
	return sessnode.OK
}

// Close closes the connection.
func (n *natsConn) Close() error { return n.c.Close() }
