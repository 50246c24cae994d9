package faultnet

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// limit bounds what should take milliseconds.
const limit = 10 * time.Second

func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	return ctx
}

func newSwitch(t *testing.T) *Switch {
	t.Helper()
	s, err := Listen(filepath.Join(t.TempDir(), "s"), 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// echo returns the address of a server that sends back what it gets: the node port of node b.
func echo(t *testing.T, s *Switch) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	go func() { // ends with the listener
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() { // ends with the connection
				defer c.Close()
				_, _ = io.Copy(c, c)
			}()
		}
	}()
	s.Register("b", ln.Addr().String(), "127.0.0.1:1")
	return ln.Addr().String()
}

// hello opens a connection to the switch and says what for.
func hello(t *testing.T, s *Switch, h Hello) *net.UnixConn {
	t.Helper()
	c, err := net.Dial("unix", s.ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(limit))
	if err := json.NewEncoder(c).Encode(h); err != nil {
		t.Fatal(err)
	}
	return c.(*net.UnixConn)
}

func answerOf(t *testing.T, c net.Conn) (d Dialled) {
	t.Helper()
	var line []byte
	for one := make([]byte, 1); len(line) == 0 || line[len(line)-1] != '\n'; line = append(line, one[0]) {
		if _, err := io.ReadFull(c, one); err != nil {
			t.Fatal(err)
		}
	}
	if err := json.Unmarshal(line, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// dialled returns a connection from a to b through the switch.
func dialled(t *testing.T, s *Switch, addr string) *net.UnixConn {
	t.Helper()
	c := hello(t, s, Hello{Dial: &Dial{From: "a", To: addr}})
	if d := answerOf(t, c); d.Error != "" {
		t.Fatal(d.Error)
	}
	return c
}

// awaitCount waits until a count is not zero.
func awaitCount(t *testing.T, what string, count func() uint64) {
	t.Helper()
	ctx, tick := soon(t), time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for count() == 0 {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("nothing was %s", what)
		}
	}
}

func say(t *testing.T, c net.Conn, what string) {
	t.Helper()
	if _, err := io.WriteString(c, what); err != nil {
		t.Fatal(err)
	}
}

func hears(t *testing.T, c net.Conn, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(c, got); err != nil || string(got) != want {
		t.Fatalf("read %q, %v, want %q", got, err, want)
	}
}

// hearsNothing looks for a moment: a test that this passes by mistake on a slow machine still fails on most.
func hearsNothing(t *testing.T, c net.Conn) {
	t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if n, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("read %d bytes, %v, want nothing", n, err)
	}
	_ = c.SetReadDeadline(time.Now().Add(limit))
}

func TestSocketIsForThisUserOnly(t *testing.T) {
	info, err := os.Stat(newSwitch(t).ln.Addr().String())
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v, want 0600", info.Mode(), err)
	}
}

func TestFolderTooLongForASocketIsNamedWithTheCure(t *testing.T) {
	path := filepath.Join(t.TempDir(), strings.Repeat("x", 100))
	if _, err := Listen(path, 1); err == nil || !strings.Contains(err.Error(), "TMPDIR") {
		t.Errorf("Listen at %d bytes = %v, want the cure", len(path), err)
	}
}

func TestCutHoldsBytesOfOneDirectionAndClosesNothing(t *testing.T) {
	s := newSwitch(t)
	c := dialled(t, s, echo(t, s))
	say(t, c, "one")
	hears(t, c, "one")
	back := s.Link("b", "a")
	back.Cut(NodePort)
	say(t, c, "held")
	awaitCount(t, "held", back.Stopped)
	hearsNothing(t, c)
	if there := s.Link("a", "b").Stopped(); there != 0 {
		t.Errorf("%d pieces were stopped there, want none: only the way back is cut", there)
	}
	back.Heal()
	hears(t, c, "held")
}

func TestEndOfStreamWaitsBehindACut(t *testing.T) {
	s := newSwitch(t)
	c := dialled(t, s, echo(t, s))
	there := s.Link("a", "b")
	there.Cut(All)
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	awaitCount(t, "held", there.Stopped)
	hearsNothing(t, c)
	there.Heal()
	if _, err := c.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("read %v, want EOF from the far end", err)
	}
}

func TestHalfCloseLosesNothing(t *testing.T) {
	s := newSwitch(t)
	c := dialled(t, s, echo(t, s))
	s.Link("b", "a").Delay(20*time.Millisecond, 0)
	say(t, c, "last words")
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	hears(t, c, "last words")
}

func TestDialHangsWhileEitherDirectionIsCut(t *testing.T) {
	for _, ends := range [][2]string{{"a", "b"}, {"b", "a"}} {
		s := newSwitch(t)
		addr, l := echo(t, s), s.Link(ends[0], ends[1])
		l.Cut(NodePort)
		c := hello(t, s, Hello{Dial: &Dial{From: "a", To: addr}})
		awaitCount(t, "held", l.Stopped)
		hearsNothing(t, c)
		s.Heal()
		if d := answerOf(t, c); d.Error != "" {
			t.Error(d.Error)
		}
	}
}

func TestCutOfGossipLeavesTheNodePort(t *testing.T) {
	s := newSwitch(t)
	c := dialled(t, s, echo(t, s))
	s.Link("a", "b").Cut(Gossip)
	say(t, c, "one")
	hears(t, c, "one")
	if n := s.Link("a", "b").Stopped(); n != 0 {
		t.Errorf("%d pieces were stopped, want none", n)
	}
}

func TestPacketsAreLostByACutAndByChance(t *testing.T) {
	s := newSwitch(t)
	in, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	_ = in.SetDeadline(time.Now().Add(limit))
	s.Register("b", "127.0.0.1:1", in.LocalAddr().String())
	out, l := json.NewEncoder(hello(t, s, Hello{Packets: "a"})), s.Link("a", "b")
	send := func(text string) {
		t.Helper()
		if err := out.Encode(Packet{To: in.LocalAddr().String(), Data: []byte(text)}); err != nil {
			t.Fatal(err)
		}
	}
	l.Cut(Gossip)
	send("cut")
	awaitCount(t, "dropped", l.Stopped)
	l.Heal()
	l.Loss(1)
	send("lost")
	awaitCount(t, "lost", l.Lost)
	l.Heal()
	send("kept")
	got := make([]byte, 16)
	n, _, err := in.ReadFrom(got)
	if err != nil || string(got[:n]) != "kept" {
		t.Errorf("got %q, %v, want the last packet only", got[:n], err)
	}
}

func TestDelayLossAndBandwidthCostTheirTime(t *testing.T) {
	for _, c := range []struct {
		name string
		hurt func(*Link)
		hits func(*Link) uint64
		cost time.Duration
	}{
		{"delay", func(l *Link) { l.Delay(50*time.Millisecond, time.Millisecond) }, (*Link).Delayed, 49 * time.Millisecond},
		{"bandwidth", func(l *Link) { l.Bandwidth(20) }, (*Link).Delayed, 50 * time.Millisecond},
		{"loss", func(l *Link) { l.Loss(1) }, (*Link).Lost, retransmission},
	} {
		s := newSwitch(t)
		conn, l := dialled(t, s, echo(t, s)), s.Link("a", "b")
		c.hurt(l)
		began := time.Now()
		say(t, conn, "x")
		hears(t, conn, "x")
		if took, hits := time.Since(began), c.hits(l); took < c.cost || hits != 1 {
			t.Errorf("%s: took %v and hit %d pieces, want %v or more and 1", c.name, took, hits, c.cost)
		}
	}
}

func TestHealingDeliversAtOnce(t *testing.T) {
	s := newSwitch(t)
	c, l := dialled(t, s, echo(t, s)), s.Link("a", "b")
	l.Delay(time.Hour, 0)
	say(t, c, "x")
	awaitCount(t, "delayed", l.Delayed)
	l.Heal()
	hears(t, c, "x")
}

func TestResetEndsConnectionsOnce(t *testing.T) {
	s := newSwitch(t)
	addr := echo(t, s)
	c := dialled(t, s, addr)
	say(t, c, "x")
	hears(t, c, "x")
	if n := s.Reset("b", "a"); n != 1 {
		t.Fatalf("%d connections were reset, want 1", n)
	}
	if _, err := c.Read(make([]byte, 1)); err == nil {
		t.Error("the connection still lives")
	}
	again := dialled(t, s, addr)
	say(t, again, "y")
	hears(t, again, "y")
}

func TestSenderBehindACutIsHeldBack(t *testing.T) {
	s := newSwitch(t)
	c := dialled(t, s, echo(t, s))
	s.Link("a", "b").Cut(All)
	_ = c.SetWriteDeadline(time.Now().Add(200 * time.Millisecond))
	if n, err := c.Write(make([]byte, 64<<20)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%d bytes were taken, %v; want the writer to be held back", n, err)
	}
}

func TestRefusedDialSaysSo(t *testing.T) {
	s := newSwitch(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.Register("b", ln.Addr().String(), "127.0.0.1:1")
	_ = ln.Close()
	if d := answerOf(t, hello(t, s, Hello{Dial: &Dial{From: "a", To: ln.Addr().String()}})); !d.Refused {
		t.Errorf("answer %+v, want refused", d)
	}
}

func TestSameSeedLosesTheSame(t *testing.T) {
	draw := func(seed uint64) (lost [64]bool) {
		l := newLink(seed, 1)
		l.Loss(0.5)
		for i := range lost {
			lost[i] = l.drops(Gossip)
		}
		return lost
	}
	if draw(1) != draw(1) || draw(1) == draw(2) {
		t.Error("the seed, and only the seed, must decide what is lost")
	}
}

func TestCloseEndsAll(t *testing.T) {
	s := newSwitch(t)
	addr := echo(t, s)
	c := dialled(t, s, addr)
	l := s.Link("a", "b")
	l.Cut(All)
	hello(t, s, Hello{Dial: &Dial{From: "a", To: addr}})
	awaitCount(t, "held", l.Stopped)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 1)); err == nil {
		t.Error("a connection outlived the switch")
	}
}
