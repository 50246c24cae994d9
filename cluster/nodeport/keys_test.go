package nodeport

import (
	"bytes"
	"errors"
	"io"
	"net"
	"testing"
	"time"
)

var keyC = bytes.Repeat([]byte{0xC}, 32)

func with(keys ...[]byte) func(*Config) { return func(c *Config) { c.Keys = keys } }

func setKeys(t *testing.T, p *Port, keys ...[]byte) {
	t.Helper()
	if err := p.SetKeys(keys); err != nil {
		t.Fatal(err)
	}
}

// reach reports whether a node with these keys is answered, over a connection of its own.
func reach(t *testing.T, p *Port, keys ...[]byte) error {
	t.Helper()
	a := start(t, "guest", with(keys...))
	defer a.Close()
	_, err := a.Call(within(t, 10*time.Second), p.where(), echo, nil)
	return err
}

func TestTheFirstKeyIsSpokenAndAllAreAccepted(t *testing.T) {
	b := start(t, "b", with(keyA, keyB))
	for name, c := range map[string]struct {
		keys [][]byte
		want error
	}{
		"the first":                  {[][]byte{keyA}, nil},
		"the second":                 {[][]byte{keyB}, nil},
		"the second of several":      {[][]byte{keyB, keyC}, nil},
		"none":                       {nil, ErrWrongKey},
		"another":                    {[][]byte{keyC}, ErrWrongKey},
		"another before a known one": {[][]byte{keyC, keyA}, ErrWrongKey}, // no falling back
	} {
		if err := reach(t, b, c.keys...); !errors.Is(err, c.want) {
			t.Errorf("a node that speaks %s is answered %v, want %v", name, err, c.want)
		}
	}
}

func TestKeysAreRotatedWithoutANodeLost(t *testing.T) {
	a, b := start(t, "a", with(keyA)), start(t, "b", with(keyA))
	spoken := map[*Port][][]byte{a: {keyA}, b: {keyA}}
	for _, step := range []struct {
		what string
		keys [][]byte
	}{{"add", [][]byte{keyA, keyB}}, {"use", [][]byte{keyB, keyA}}, {"remove", [][]byte{keyB}}} {
		for _, changed := range []*Port{a, b} {
			setKeys(t, changed, step.keys...)
			spoken[changed] = step.keys
			for from, to := range map[*Port]*Port{a: b, b: a} {
				// A change may just have closed the connection of the call before.
				if _, err := from.Call(within(t, 10*time.Second), to.where(), echo, nil); err != nil && !errors.Is(err, ErrLost) {
					t.Errorf("%s: Call = %v", step.what, err)
				}
				if err := reach(t, to, spoken[from]...); err != nil {
					t.Errorf("%s: a new connection = %v", step.what, err)
				}
			}
		}
	}
	if err := reach(t, b, keyA); !errors.Is(err, ErrWrongKey) {
		t.Errorf("a node with the old key is answered %v, want ErrWrongKey", err)
	}
}

func TestARemovedKeyHoldsNothingOpen(t *testing.T) {
	b := start(t, "b", with(keyB, keyA))
	old, fresh := greeted(t, b), start(t, "fresh", with(keyB))
	if _, err := fresh.Call(within(t, 10*time.Second), b.where(), echo, nil); err != nil {
		t.Fatal(err)
	}
	dialled := fresh.Stats().Dialled
	setKeys(t, b, keyB)
	ended(t, old, "a connection that was opened with the removed key")
	if _, err := fresh.Call(within(t, 10*time.Second), b.where(), echo, nil); err != nil || fresh.Stats().Dialled != dialled {
		t.Errorf("call over a connection with the other key = %v, %d dials, want none and %d", err, fresh.Stats().Dialled, dialled)
	}
}

func TestTheDiallersConnectionEndsWithItsKeyToo(t *testing.T) {
	a, b := start(t, "a", with(keyA)), start(t, "b", with(keyA, keyB))
	entered, release := holding(b)
	defer release()
	got := make(chan error, 1)
	go func() {
		_, err := a.Call(within(t, 10*time.Second), b.where(), hold, nil)
		got <- err
	}()
	<-entered
	setKeys(t, a, keyB)
	if err := <-got; !errors.Is(err, ErrLost) {
		t.Errorf("call under way at the removal = %v, want ErrLost", err)
	}
	if _, err := a.Call(within(t, 10*time.Second), b.where(), echo, nil); err != nil {
		t.Errorf("the next call = %v", err)
	}
}

// TestAKeyThatIsRemovedDuringTheChallengeOpensNothing stops a challenge before its last message.
func TestAKeyThatIsRemovedDuringTheChallengeOpensNothing(t *testing.T) {
	b := start(t, "b", with(keyA, keyB))
	conn, err := net.Dial("tcp", b.where())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	h, err := newHandshake(only(keyA), Identity{NodeID: "late"}, dialler)
	if err != nil {
		t.Fatal(err)
	}
	mine := h.hello()
	if err := writeMessage(conn, mine); err != nil {
		t.Fatal(err)
	}
	theirs, err := readMessage(conn)
	if err != nil {
		t.Fatal(err)
	}
	setKeys(t, b, keyB)
	if err := writeMessage(conn, h.key.mac(dialler, mine, theirs)); err != nil {
		t.Fatal(err)
	}
	_, _ = conn.Write([]byte{carriesCalls})
	_, _ = conn.Write(appendFrame(nil, &frame{kind: request, id: 1, method: echo, body: []byte("stolen")}))
	got, err := io.ReadAll(conn)
	if bytes.Contains(got, []byte("stolen")) {
		t.Errorf("a call was answered over a connection with a removed key: %q, %v", got, err)
	}
	if s := b.Stats(); s.Accepted != 0 {
		t.Errorf("Stats().Accepted = %d, want 0", s.Accepted)
	}
}

// TestTheAcceptorProvesOnlyTheKeyThatItWasShown: a dialler of one key must not learn proofs of another.
func TestTheAcceptorProvesOnlyTheKeyThatItWasShown(t *testing.T) {
	b := start(t, "b", with(keyA, keyB))
	conn, err := net.Dial("tcp", b.where())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	h, err := newHandshake(only(keyB), Identity{NodeID: "a"}, dialler)
	if err != nil {
		t.Fatal(err)
	}
	mine := h.hello()
	_ = writeMessage(conn, mine)
	theirs, err := readMessage(conn)
	if err != nil {
		t.Fatal(err)
	}
	_ = writeMessage(conn, h.key.mac(dialler, mine, theirs))
	answer, err := readMessage(conn)
	if err != nil || !bytes.Equal(answer[1:], h.key.mac(acceptor, mine, theirs, answer[:1])) {
		t.Errorf("the answer is not proved with the dialler's key: %v", err)
	}
	if bytes.Equal(answer[1:], only(keyA).keys[0].mac(acceptor, mine, theirs, answer[:1])) {
		t.Error("the answer is proved with another key")
	}
}
