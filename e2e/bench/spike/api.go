package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/hashicorp/raft"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/httpapi"
)

// store is the spike as sessnode's HTTP server wants a store. It remembers attributes and makes up the rest.
type store struct {
	httpapi.Store // nothing else is asked
	*spike

	waiters sync.Pool
}

// serveAPI serves sessnode's API and server over the spike.
func serveAPI(ln net.Listener, s *spike) error {
	config := httpapi.DefaultConfig(&store{spike: s, waiters: sync.Pool{New: func() any { return newWaiter() }}})
	config.Insecure = true // loopback alone
	api, err := httpapi.New(config)
	if err != nil {
		return err
	}
	return httpapi.NewServer(httpapi.DefaultServerConfig(), api).Serve(ln)
}

// Write makes a create, a touch or a patch of attributes.
func (s *store) Write(_ context.Context, m sessnode.Mutation) (sessnode.Effect, error) {
	w := s.waiters.Get().(*waiter)
	defer s.waiters.Put(w)
	session := madeUp(m.App)
	switch c := m.Change.(type) {
	case sessnode.Create:
		w.key, w.value = string(c.Key[:]), appendAttrs(make([]byte, 0, 2*payloadBytes), c.Attrs)
	case sessnode.TouchOne:
		w.key, w.value = string(c.Key[:]), nil
	case sessnode.Patch:
		w.key = string(c.Key[:])
		attrs, err := readAttrs(s.machine.get(w.key))
		if err != nil {
			return sessnode.Effect{}, err
		}
		for name, value := range c.Edit.Set {
			attrs[name] = value
		}
		w.value = appendAttrs(make([]byte, 0, 2*payloadBytes), attrs)
	default:
		return sessnode.Effect{}, sessnode.Errorf(sessnode.CodeInvalid, "", "a spike makes no %T", c)
	}
	s.changes <- w
	if err := <-w.done; err != nil {
		return sessnode.Effect{}, sessnode.Errorf(sessnode.CodeUnknown, "", "%v", err)
	}
	return sessnode.Effect{Session: session, At: s.Position()}, nil
}

// Session asks whether this node still leads, and looks into the map.
func (s *store) Session(_ context.Context, app string, key sessnode.Key, _ sessnode.Read) (sessnode.Session, sessnode.Position, error) {
	w := s.waiters.Get().(*waiter)
	defer s.waiters.Put(w)
	s.reads <- w
	if err := <-w.done; err != nil {
		return sessnode.Session{}, s.Position(), sessnode.Errorf(sessnode.CodeUnavailable, sessnode.ReasonNoLeader, "%v", err)
	}
	value := s.machine.get(string(key[:]))
	if value == nil {
		return sessnode.Session{}, s.Position(), sessnode.Errorf(sessnode.CodeNotFound, "", "there is none")
	}
	session := madeUp(app)
	var err error
	session.Attrs, err = readAttrs(value)
	return session, s.Position(), err
}

// Position is as far as the group is.
func (s *store) Position() sessnode.Position {
	return sessnode.Position{Generation: 1, Index: s.group.AppliedIndex()}
}

// Ready holds where this node leads: the others answer nothing.
func (s *store) Ready() []sessnode.Check {
	return []sessnode.Check{{Name: "leader", OK: s.group.State() == raft.Leader}}
}

// madeUp is what a session has beside attributes.
func madeUp(app string) sessnode.Session {
	now := time.Now()
	return sessnode.Session{App: app, ID: sessnode.ID{1}, Version: 1, Created: now, Touched: now, IdleDeadline: now.Add(time.Hour), End: now.Add(12 * time.Hour)}
}

// appendAttrs encodes attributes: of each the lengths of name and data, the codec, the name and the data.
func appendAttrs(b []byte, attrs map[string]sessnode.Value) []byte {
	for name, v := range attrs {
		b = binary.LittleEndian.AppendUint16(b, uint16(len(name)))
		b = binary.LittleEndian.AppendUint32(b, uint32(len(v.Data)))
		b = append(b, byte(v.Codec))
		b = append(append(b, name...), v.Data...)
	}
	return b
}

var errHalfAttr = errors.New("half an attribute")

// readAttrs decodes what appendAttrs wrote. Values stay in b.
func readAttrs(b []byte) (map[string]sessnode.Value, error) {
	attrs := make(map[string]sessnode.Value, 4)
	for len(b) > 0 {
		if len(b) < 7 {
			return nil, errHalfAttr
		}
		name, data, codec := int(binary.LittleEndian.Uint16(b)), int(binary.LittleEndian.Uint32(b[2:])), sessnode.Codec(b[6])
		if b = b[7:]; len(b) < name+data {
			return nil, fmt.Errorf("%w: %d bytes of %d", errHalfAttr, len(b), name+data)
		}
		attrs[string(b[:name])] = sessnode.Value{Codec: codec, Data: b[name : name+data : name+data]}
		b = b[name+data:]
	}
	return attrs, nil
}
