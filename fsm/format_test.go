package fsm_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/fsm"
)

// What the first build of this format wrote and computed. A build that comes to anything else must not read its logs: it needs a new Format.
const (
	entriesOfFormat2 = "a85d4b2bd45d30eb72a5f4a5da56cc21c216eb664081ca5a4eece882ef7e4d6e"
	stateOfFormat2   = "0d9e227209191782fe693656eb803ec0"
)

// TestTheFormatStaysAsItWas pins the bytes of the log and the state that they come to: replicas of two builds must agree.
func TestTheFormatStaysAsItWas(t *testing.T) {
	entries := [][]byte{
		entryOf(t, 0, sessnode.Found{Generation: generation, Cluster: "c", Budget: 1 << 30}),
		entryOf(t, time.Hour, oneOfEach()[:len(oneOfEach())-1]...),
		entryOf(t, 2*time.Hour, lives()...),
	}
	sum := sha256.New()
	m := fsm.New()
	for i, entry := range entries {
		sum.Write(entry)
		if _, _, err := m.Apply(uint64(i+1), entry); err != nil {
			t.Fatal(err)
		}
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != entriesOfFormat2 {
		t.Errorf("entries = %s, want %s", got, entriesOfFormat2)
	}
	stats := m.Stats()
	if got := stats.Hash.String(); got != stateOfFormat2 || stats.Sessions != uint64(len(lives())) {
		t.Errorf("state = %s of %d sessions, want %s of %d", got, stats.Sessions, stateOfFormat2, len(lives()))
	}
}

// lives are sessions that stay, with values of every length that is written in another form.
func lives() (list []sessnode.Change) {
	for i, size := range []int{0, 31, 32, 255, 256, 70_000} {
		create := filler(string(rune('a'+i)), "ada").Change.(sessnode.Create)
		create.Attrs["long"] = sessnode.Value{Codec: sessnode.Bytes, Data: make([]byte, size)}
		list = append(list, create)
	}
	return list
}

func entryOf(t *testing.T, at time.Duration, changes ...sessnode.Change) []byte {
	var ops [][]byte
	for i, c := range changes {
		op := fsm.Op{Mutation: sessnode.Mutation{App: "web", OpID: sessnode.OpIDOf(fmt.Sprint(at, i)), Actor: "key:a", Node: "n1", Change: c}}
		b, err := fsm.EncodeOp(op)
		if err != nil {
			t.Fatal(err)
		}
		ops = append(ops, b)
	}
	h := fsm.Header{Generation: generation, Stamp: storyDay.Add(at).UnixNano(), Check: fsm.Checkpoint{Index: 900, Hash: fsm.Hash{1, 2, 3}}}
	return fsm.EncodeBatch(h, ops)
}
