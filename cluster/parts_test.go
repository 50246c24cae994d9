package cluster

import (
	"bytes"
	"errors"
	"reflect"
	"testing"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/fsm"
)

// TestJudgeTrustsOnlyAMajority lists what a replica concludes from the others' hashes.
func TestJudgeTrustsOnlyAMajority(t *testing.T) {
	own, other, third := fsm.Hash{1}, fsm.Hash{2}, fsm.Hash{3}
	for _, c := range []struct {
		name   string
		others []fsm.Hash
		voters int
		want   verdict
	}{
		{"alone of one", nil, 1, inMajority},
		{"nobody answered", nil, 3, undecided},
		{"one agrees", []fsm.Hash{own}, 3, inMajority},
		{"one differs, one is silent", []fsm.Hash{other}, 3, undecided},
		{"both differ alike", []fsm.Hash{other, other}, 3, inMinority},
		{"all differ", []fsm.Hash{other, third}, 3, noMajority},
		{"one of two differs", []fsm.Hash{other}, 2, noMajority},
		{"three of five differ alike", []fsm.Hash{other, other, other}, 5, inMinority},
		{"two of five differ alike, two are silent", []fsm.Hash{other, other}, 5, undecided},
		{"two and two of four", []fsm.Hash{own, other, other}, 4, noMajority},
	} {
		if got := judge(own, c.others, c.voters); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// TestTouchesKeepTheLatest gathers touches of one session, loses a sending, and sends the rest in bounded pieces.
func TestTouchesKeepTheLatest(t *testing.T) {
	gathered := newTouches()
	who := touched{"web", sessnode.Key{1}}
	gathered.add(who, 20, false)
	gathered.add(who, 10, false)
	list, more := gathered.take()
	if len(list) != 1 || more || list[0].At.UnixNano() != 20 {
		t.Fatalf("take() = %v, %v, want the one at 20", list, more)
	}
	gathered.add(who, 30, false)
	gathered.settle(list, false)
	if list, _ = gathered.take(); len(list) != 1 || list[0].At.UnixNano() != 30 {
		t.Errorf("after a lost sending: %v, want the one at 30", list)
	}
	for i := range touchAtOnce + 1 {
		gathered.add(touched{"web", sessnode.Key{byte(i), byte(i >> 8), 1}}, 1, false)
	}
	if len(gathered.now) != 1 {
		t.Error("a full operation's worth of touches waits for the second to end")
	}
	if list, more = gathered.take(); len(list) != touchAtOnce || !more {
		t.Errorf("take() = %d touches, more %v", len(list), more)
	}
}

// TestFirstUseIsSentOnce adds the same first use while it is under way, and after it was lost.
func TestFirstUseIsSentOnce(t *testing.T) {
	gathered := newTouches()
	who := touched{"web", sessnode.Key{1}}
	gathered.add(who, 1, true)
	if len(gathered.now) != 1 {
		t.Error("a first use waits")
	}
	list, _ := gathered.take()
	gathered.add(who, 2, true)
	if again, _ := gathered.take(); len(again) != 0 {
		t.Errorf("a first use that is under way is sent again: %v", again)
	}
	gathered.settle(list, true)
	gathered.add(who, 3, true)
	if again, _ := gathered.take(); len(again) != 1 {
		t.Error("a first use after the first was settled is not sent")
	}
}

// TestErrorsSayWhatWasTried keeps sentinel, reason and detail of an error while it is decorated.
func TestErrorsSayWhatWasTried(t *testing.T) {
	err := decorate(sessnode.Errorf(sessnode.CodeConflict, sessnode.ReasonTaken, "why"), "create", "web")
	var e *sessnode.Error
	if !errors.As(err, &e) || e.Op != "create" || e.App != "web" || e.Reason != sessnode.ReasonTaken || !errors.Is(err, sessnode.ErrConflict) {
		t.Errorf("decorate() = %#v", err)
	}
	if decorate(nil, "create", "web") != nil {
		t.Error("decorate(nil) is an error")
	}
	if err := decorate(errors.New("odd"), "create", "web"); !errors.Is(err, sessnode.ErrUnknown) {
		t.Errorf("decorate(odd) = %v, want the outcome that promises least", err)
	}
}

// TestMessagesMayGrow reads messages of a build that knows more fields, and of one that knows fewer.
func TestMessagesMayGrow(t *testing.T) {
	longer := append([]byte{4}, append(pack(&question{Nonce: 1, Applied: 2, Low: true})[1:], 0x93, 1, 2, 3)...)
	var q question
	if err := unpack(longer, &q); err != nil || q != (question{1, 2, true}) {
		t.Errorf("a longer message = %+v, %v", q, err)
	}
	q = question{}
	if err := unpack([]byte{1, 7}, &q); err != nil || q != (question{Nonce: 7}) {
		t.Errorf("a shorter message = %+v, %v", q, err)
	}
	if err := unpack([]byte{2, 7}, &q); err == nil {
		t.Error("a message that was cut off was accepted")
	}
}

// FuzzBodies decodes bodies of calls as each kind: no input may do more than fail, and what is read survives the wire.
func FuzzBodies(f *testing.F) {
	f.Add(pack(&question{Nonce: 1, Applied: 2}))
	f.Add(pack(&answerFrame{Nonce: 1, Leads: true, Voters: []string{"a", "b"}}))
	f.Add(pack(&forwardFrame{Term: 1, Ops: [][]byte{{1}, nil}}))
	f.Add(pack(&forwardAnswer{Stamp: 1, Outcomes: []outcomeFrame{{Fate: 2, Result: []byte{1}}}}))
	f.Add(pack(&hashQuestion{Index: 1, Hash: []byte{1}}))
	f.Add([]byte{2, 1, 0xdd, 0xff, 0xff, 0xff, 0xff}) // a list of four billion items
	f.Add([]byte{1, 0xc6, 0xff, 0xff, 0xff, 0xff})    // four gigabytes
	f.Fuzz(func(t *testing.T, body []byte) {
		var fa forwardAnswer
		for _, into := range []message{&question{}, &answerFrame{}, &forwardFrame{}, &fa, &hashQuestion{}, &hashAnswer{}, &transferFrame{}} {
			if unpack(body, into) != nil {
				continue
			}
			again := reflect.New(reflect.TypeOf(into).Elem()).Interface().(message)
			if err := unpack(pack(into), again); err != nil || !bytes.Equal(pack(again), pack(into)) {
				t.Errorf("%+v came over the wire as %+v, %v", into, again, err)
			}
		}
		for _, o := range fa.Outcomes {
			o.outcome(new(fsm.Result))
		}
	})
}
