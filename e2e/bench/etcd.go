package bench

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/e2e/bench/talk"
	load "github.com/sessnode/sessnode/internal/bench"
)

// Calls of etcd, and the fields of its messages (etcdserverpb/rpc.proto) that are used.
const (
	etcdPut       = "/etcdserverpb.KV/Put"
	etcdRange     = "/etcdserverpb.KV/Range"
	etcdGrant     = "/etcdserverpb.Lease/LeaseGrant"
	etcdKeepAlive = "/etcdserverpb.Lease/LeaseKeepAlive"
	etcdStatus    = "/etcdserverpb.Maintenance/Status"
)

// etcdSystem is three members; with lease every session has one of its own, else it is a key that lives until it is removed.
func etcdSystem(s System, lease bool) System {
	s.Kind, s.Routes = Peer, []string{"leader", "all"}
	s.start = func(ctx context.Context, site *Site) (*Running, error) { return startEtcd(ctx, site, lease) }
	return s
}

func startEtcd(ctx context.Context, site *Site, lease bool) (*Running, error) {
	program, err := site.build(ctx, "e2e/bench/peers/etcd", ".", "etcd")
	if err != nil {
		return nil, err
	}
	r := &Running{Version: versionOf(ctx, program, "--version")}
	_, at, err := site.ports(6)
	if err != nil {
		return r, err
	}
	clients, peers := at[:3], at[3:]
	var cluster []string
	for i, p := range peers {
		cluster = append(cluster, "m"+strconv.Itoa(i+1)+"=http://"+p)
	}
	for i := range clients {
		name := "m" + strconv.Itoa(i+1)
		dir, err := site.folder(name)
		if err != nil {
			return r, err
		}
		if err := site.launch(r, name, program, "--name", name, "--data-dir", dir, "--listen-client-urls", "http://"+clients[i],
			"--advertise-client-urls", "http://"+clients[i], "--listen-peer-urls", "http://"+peers[i], "--initial-advertise-peer-urls", "http://"+peers[i],
			"--initial-cluster", strings.Join(cluster, ","), "--initial-cluster-state", "new", "--quota-backend-bytes", "8589934592"); err != nil {
			return r, err
		}
	}
	r.leader = func(ctx context.Context) (int, error) { return etcdLeader(ctx, clients) }
	store := &peerStore{addresses: clients, leader: -1, connect: func(address string) load.Conn {
		return &etcdConn{c: talk.NewGRPC(address, site.Timeout), lease: lease}
	}}
	r.Store = store
	return r, site.await(ctx, r, "etcd has a leader", func(ctx context.Context) (err error) {
		store.leader, err = r.leader(ctx)
		return err
	})
}

// etcdLeader finds the member that says that it leads; all that answer must agree with it.
func etcdLeader(ctx context.Context, clients []string) (int, error) {
	leader := -1
	for i, a := range clients {
		c := talk.NewGRPC(a, requestLimit/5)
		status, _, err := c.Call(ctx, etcdStatus, nil)
		if err == nil {
			_, header, _ := talk.Field(status, 1)
			member, _, _ := talk.Field(header, 2)
			if leads, _, _ := talk.Field(status, 4); leads != 0 && leads == member {
				leader = i
			}
		}
		_ = c.Close()
	}
	if leader < 0 {
		return 0, errors.New("no member leads")
	}
	return leader, nil
}

// etcdConn is one client of etcd.
type etcdConn struct {
	c     *talk.GRPC
	lease bool
	v     value
	key   []byte
	req   []byte
	sent  bool // of the operation: a change may have been made
}

// Do makes one operation: one call for most, two where a lease is made or has to be found.
func (e *etcdConn) Do(ctx context.Context, o load.Operation, token sessnode.Token, body []byte) sessnode.Code {
	e.key, e.sent = append(append(e.key[:0], "s/"...), token.Reveal()...), false
	var err error
	switch {
	case o == load.Create && e.lease:
		err = e.leased(ctx, body)
	case o == load.Create || o == load.Patch || o == load.Touch && !e.lease:
		err = e.put(ctx, e.v.of(body), 0, e.lease)
	default:
		return e.find(ctx, o)
	}
	if err != nil {
		return lost(o, e.sent)
	}
	return sessnode.OK
}

// call makes a call of what is in req.
func (e *etcdConn) call(ctx context.Context, path string, changes bool) ([]byte, error) {
	answer, sent, err := e.c.Call(ctx, path, e.req)
	e.sent = e.sent || changes && sent
	return answer, err
}

// put writes the session; kept leaves the lease that it has.
func (e *etcdConn) put(ctx context.Context, v []byte, lease uint64, kept bool) error {
	e.req = talk.AppendBytes(talk.AppendBytes(e.req[:0], 1, e.key), 2, v)
	if lease != 0 {
		e.req = talk.AppendNumber(e.req, 3, lease)
	} else if kept {
		e.req = talk.AppendNumber(e.req, 6, 1)
	}
	_, err := e.call(ctx, etcdPut, true)
	return err
}

// leased grants a lease and writes the session under it.
func (e *etcdConn) leased(ctx context.Context, body []byte) error {
	ttl, err := strconv.ParseUint(expirySeconds, 10, 64)
	if err != nil {
		return err
	}
	e.req = talk.AppendNumber(e.req[:0], 1, ttl)
	granted, err := e.call(ctx, etcdGrant, true)
	if err != nil {
		return err
	}
	id, _, _ := talk.Field(granted, 2)
	return e.put(ctx, e.v.of(body), id, false)
}

// find reads the session, linearizably, and does with it what the operation wants.
func (e *etcdConn) find(ctx context.Context, o load.Operation) sessnode.Code {
	e.req = talk.AppendBytes(e.req[:0], 1, e.key)
	found, err := e.call(ctx, etcdRange, false)
	if err != nil {
		return lost(o, e.sent)
	}
	_, kv, _ := talk.Field(found, 2)
	_, stored, _ := talk.Field(kv, 5)
	if len(stored) != payloadBytes {
		return sessnode.CodeNotFound
	}
	switch {
	case o == load.Read:
		return sessnode.OK
	case !e.lease:
		err = e.put(ctx, stored, 0, false)
	default:
		id, _, _ := talk.Field(kv, 6)
		e.req = talk.AppendNumber(e.req[:0], 1, id)
		var kept []byte
		if kept, err = e.call(ctx, etcdKeepAlive, true); err == nil {
			if ttl, _, _ := talk.Field(kept, 3); ttl == 0 {
				return sessnode.CodeNotFound
			}
		}
	}
	if err != nil {
		return lost(o, e.sent)
	}
	return sessnode.OK
}

// Close closes the connection.
func (e *etcdConn) Close() error { return e.c.Close() }
