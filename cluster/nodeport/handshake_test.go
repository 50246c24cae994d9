package nodeport

import (
	"bytes"
	"errors"
	"io"
	"net"
	"testing"
	"time"
)

var (
	keyA = bytes.Repeat([]byte{0xA}, 32)
	keyB = bytes.Repeat([]byte{0xB}, 32)
)

type end struct {
	key []byte
	id  Identity
}

// challenge runs both ends over a pipe and returns what each came to.
func challenge(t *testing.T, d, a end) (seenByDialler, seenByAcceptor Identity, derr, aerr error) {
	t.Helper()
	near, far := net.Pipe()
	defer near.Close()
	deadline := time.Now().Add(10 * time.Second)
	_, _ = near.SetDeadline(deadline), far.SetDeadline(deadline)
	done := make(chan struct{})
	go func() {
		defer close(done)
		seenByAcceptor, aerr = runEnd(far, a, acceptor)
		far.Close()
	}()
	seenByDialler, derr = runEnd(near, d, dialler)
	near.Close()
	<-done
	return seenByDialler, seenByAcceptor, derr, aerr
}

// only is the ring of one key, or of none.
func only(key []byte) ring {
	if key == nil {
		return newRing(nil)
	}
	return newRing([][]byte{key})
}

func runEnd(conn io.ReadWriter, e end, r role) (Identity, error) {
	h, err := newHandshake(only(e.key), e.id, r)
	if err != nil {
		return Identity{}, err
	}
	return h.run(conn)
}

func TestChallengeTellsEachEndWhoTheOtherIs(t *testing.T) {
	one := end{keyA, Identity{NodeID: "one-1", Cluster: "c", Generation: 2}}
	two := end{keyA, Identity{NodeID: "two-2", Cluster: "c", Generation: 2}}
	seenByOne, seenByTwo, err1, err2 := challenge(t, one, two)
	if err1 != nil || err2 != nil {
		t.Fatalf("challenge = %v, %v, want none", err1, err2)
	}
	if seenByOne != two.id || seenByTwo != one.id {
		t.Errorf("identities = %+v, %+v, want each other's", seenByOne, seenByTwo)
	}
}

func TestBothEndsSeeWhyAChallengeFails(t *testing.T) {
	member := end{keyA, Identity{NodeID: "one-1", Cluster: "c", Generation: 2}}
	for name, c := range map[string]struct {
		other end
		want  error
	}{
		"fresh node":             {end{keyA, Identity{NodeID: "two-2"}}, nil},
		"generation not known":   {end{keyA, Identity{NodeID: "two-2", Cluster: "c"}}, nil},
		"other key":              {end{keyB, Identity{NodeID: "two-2", Cluster: "c", Generation: 2}}, ErrWrongKey},
		"no key":                 {end{nil, Identity{NodeID: "two-2", Cluster: "c", Generation: 2}}, ErrWrongKey},
		"other cluster":          {end{keyA, Identity{NodeID: "two-2", Cluster: "d", Generation: 2}}, ErrWrongCluster},
		"other generation":       {end{keyA, Identity{NodeID: "two-2", Cluster: "c", Generation: 3}}, ErrWrongGeneration},
		"same node":              {member, ErrSameNode},
		"other key, other fault": {end{keyB, Identity{NodeID: "two-2", Cluster: "d"}}, ErrWrongKey},
	} {
		t.Run(name, func(t *testing.T) {
			for _, pair := range [][2]end{{member, c.other}, {c.other, member}} {
				_, _, derr, aerr := challenge(t, pair[0], pair[1])
				if !errors.Is(derr, c.want) || !errors.Is(aerr, c.want) {
					t.Errorf("challenge = %v at the dialler, %v at the acceptor, want %v at both", derr, aerr, c.want)
				}
			}
		})
	}
}

func TestTwoNodesWithoutKeyAcceptEachOther(t *testing.T) {
	_, _, derr, aerr := challenge(t, end{nil, Identity{NodeID: "a"}}, end{nil, Identity{NodeID: "b"}})
	if derr != nil || aerr != nil {
		t.Errorf("challenge without keys = %v, %v, want none", derr, aerr)
	}
}

// tape is a connection whose input is written beforehand, and whose output is kept.
type tape struct {
	in  io.Reader
	out bytes.Buffer
}

func (t *tape) Read(b []byte) (int, error)  { return t.in.Read(b) }
func (t *tape) Write(b []byte) (int, error) { return t.out.Write(b) }

// recorder keeps what was written through it.
type recorder struct {
	net.Conn
	sent bytes.Buffer
}

func (r *recorder) Write(b []byte) (int, error) {
	r.sent.Write(b)
	return r.Conn.Write(b)
}

func TestReplayedChallengeIsRefused(t *testing.T) {
	near, far := net.Pipe()
	record := &recorder{Conn: near}
	done := make(chan error, 1)
	go func() {
		_, err := runEnd(far, end{keyA, Identity{NodeID: "b"}}, acceptor)
		done <- err
	}()
	if _, err := runEnd(record, end{keyA, Identity{NodeID: "a"}}, dialler); err != nil {
		t.Fatalf("first challenge = %v", err)
	}
	if err := <-done; err != nil {
		t.Fatalf("first challenge at the acceptor = %v", err)
	}
	_, err := runEnd(&tape{in: &record.sent}, end{keyA, Identity{NodeID: "b"}}, acceptor)
	if !errors.Is(err, ErrWrongKey) {
		t.Errorf("replayed challenge = %v, want ErrWrongKey", err)
	}
}

// TestReflectedChallengeIsRefused: somebody without the key lets a node talk to itself, as dialler and as acceptor at once.
func TestReflectedChallengeIsRefused(t *testing.T) {
	near, far := net.Pipe()
	defer far.Close()
	go func() {
		_, _ = io.Copy(far, far) // an echo
	}()
	_ = near.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := runEnd(near, end{keyA, Identity{NodeID: "a"}}, dialler); !errors.Is(err, ErrProtocol) {
		t.Errorf("challenge with an echo = %v, want ErrProtocol", err)
	}
	near.Close()
}

func TestRolesCannotBeSwapped(t *testing.T) {
	h, err := newHandshake(only(keyA), Identity{NodeID: "a"}, acceptor)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := decodeHello(h.hello(), dialler); !errors.Is(err, ErrProtocol) {
		t.Errorf("decodeHello(acceptor's) as a dialler's = %v, want ErrProtocol", err)
	}
	if bytes.Equal(h.key.mac(dialler, []byte("x")), h.key.mac(acceptor, []byte("x"))) {
		t.Error("both roles prove themselves with the same bytes")
	}
	if bytes.Equal(h.key.mac(dialler, []byte("ab"), []byte("c")), h.key.mac(dialler, []byte("a"), []byte("bc"))) {
		t.Error("the parts of a proof can be shifted against each other")
	}
}

func TestForeignVersionIsToldToBothEnds(t *testing.T) {
	h, err := newHandshake(only(keyA), Identity{NodeID: "a"}, dialler)
	if err != nil {
		t.Fatal(err)
	}
	hello := h.hello()
	hello[4]++
	var in bytes.Buffer
	_ = writeMessage(&in, hello)
	conn := &tape{in: &in}
	if _, err := runEnd(conn, end{keyA, Identity{NodeID: "b"}}, acceptor); !errors.Is(err, ErrVersion) {
		t.Errorf("acceptor got a foreign version: %v, want ErrVersion", err)
	}
	answer, err := readMessage(&conn.out)
	if err != nil {
		t.Fatalf("the acceptor answered nothing: %v", err)
	}
	answer[4]++ // as a dialler of the other version sees it
	if _, err := decodeHello(answer, acceptor); !errors.Is(err, ErrVersion) {
		t.Errorf("dialler got a foreign version: %v, want ErrVersion", err)
	}
}

func TestGarbageIsNoChallenge(t *testing.T) {
	for name, in := range map[string]string{
		"HTTP":        "GET / HTTP/1.1\r\nHost: node\r\n\r\n",
		"TLS":         "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
		"oversized":   "\xff\xff",
		"empty":       "\x00\x00",
		"not ours":    "\x00\x08abcdefgh",
		"cut short":   "\x00\x06SNOD\x01\x01",
		"wrong role":  "\x00\x06SNOD\x01\x02",
		"names cut":   "\x00\x30SNOD\x01\x01" + string(make([]byte, 40)) + "\x09a",
		"rest behind": "\x00\x31SNOD\x01\x01" + string(make([]byte, 40)) + "\x00\x00x",
	} {
		_, err := runEnd(&tape{in: bytes.NewReader([]byte(in))}, end{keyA, Identity{NodeID: "a"}}, acceptor)
		if !errors.Is(err, ErrProtocol) {
			t.Errorf("%s: challenge = %v, want ErrProtocol", name, err)
		}
	}
}

func TestIdentityThatDoesNotFitIsRefusedHere(t *testing.T) {
	long := string(make([]byte, maxIdentityBytes+1))
	if _, err := newHandshake(only(keyA), Identity{NodeID: long}, dialler); err == nil {
		t.Error("newHandshake with a node id of 129 bytes = nil, want an error")
	}
}

// FuzzAccept: no bytes from a stranger crash the acceptor or pass the challenge.
func FuzzAccept(f *testing.F) {
	h, err := newHandshake(only(keyB), Identity{NodeID: "a", Cluster: "c", Generation: 1}, dialler)
	if err != nil {
		f.Fatal(err)
	}
	var full bytes.Buffer
	_ = writeMessage(&full, h.hello())
	_ = writeMessage(&full, make([]byte, 32))
	f.Add(full.Bytes())
	f.Add([]byte("\x00\x06SNOD\x01\x01"))
	f.Add([]byte("GET / HTTP/1.1\r\n"))
	f.Add([]byte{0xff, 0xff})
	f.Fuzz(func(t *testing.T, in []byte) {
		if _, err := runEnd(&tape{in: bytes.NewReader(in)}, end{keyA, Identity{NodeID: "b"}}, acceptor); err == nil {
			t.Error("a challenge without the key passed")
		}
	})
}

// FuzzHello: what decodes encodes to the same identity.
func FuzzHello(f *testing.F) {
	for _, id := range []Identity{{}, {NodeID: "a"}, {NodeID: "a-0123456789abcdef", Cluster: "c", Generation: 1 << 63}} {
		f.Add((&handshake{local: id, role: dialler}).hello())
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		id, err := decodeHello(in, dialler)
		if err != nil {
			if !errors.Is(err, ErrProtocol) && !errors.Is(err, ErrVersion) {
				t.Errorf("decodeHello = %v, want ErrProtocol or ErrVersion", err)
			}
			return
		}
		again, err := decodeHello((&handshake{local: id, role: dialler}).hello(), dialler)
		if err != nil || again != id {
			t.Errorf("decodeHello(hello(%+v)) = %+v, %v", id, again, err)
		}
	})
}
