package fsm_test

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/fsm"
)

// follow reads all events after a place, some at a time, and returns where it came to.
func follow(t *testing.T, m *fsm.Machine, after string, atOnce int) (all []sessnode.Event, next string) {
	t.Helper()
	for {
		page, err := m.Events(sessnode.EventQuery{After: after}, atOnce)
		if err != nil {
			t.Fatalf("Events after %q = %v", after, err)
		}
		all = append(all, page.Events...)
		if page.Next == after {
			return all, after
		}
		after = page.Next
	}
}

// TestEventsAddUpToTheSessions plays a storm of changes, and then builds the list of sessions from nothing but the events.
func TestEventsAddUpToTheSessions(t *testing.T) {
	log, m := newStorm(3), fsm.New()
	for index := uint64(1); index <= 60; index++ {
		applied(t, m, index, log.entry(t))
	}
	for index, backlog := uint64(61), true; backlog; index++ {
		applied(t, m, index, encode(t, log.now))
		_, backlog = m.Due()
	}
	told := map[sessnode.ID]string{}
	kinds := map[sessnode.EventKind]int{}
	events, _ := follow(t, m, sessnode.OldestEvent, 1000)
	for _, e := range events {
		kinds[e.Kind]++
		before, lives := told[e.Session]
		switch e.Kind {
		case sessnode.EventCreated:
			if lives {
				t.Fatalf("%v began twice: %+v", e.Session, e)
			}
			told[e.Session] = e.App + "/" + e.Subject
		case sessnode.EventBound, sessnode.EventRotated:
			if was := e.Was; !lives || e.Kind == sessnode.EventBound && before != e.App+"/"+was {
				t.Fatalf("%v of %q: %+v", e.Session, before, e)
			}
			told[e.Session] = e.App + "/" + e.Subject
		default:
			if !lives || before != e.App+"/"+e.Subject {
				t.Fatalf("%v of %q ended: %+v", e.Session, before, e)
			}
			delete(told, e.Session)
		}
	}
	stored := map[sessnode.ID]string{}
	for _, app := range stormApps {
		for cursor := ""; ; {
			page, _, _, err := m.Page(app, cursor, 1000)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range page.Sessions {
				stored[s.ID] = s.App + "/" + s.Subject
			}
			if cursor = page.Next; cursor == "" {
				break
			}
		}
	}
	if !reflect.DeepEqual(told, stored) {
		t.Errorf("the events tell of %d sessions, %d are stored", len(told), len(stored))
	}
	for k := sessnode.EventCreated; k <= sessnode.EventExpired; k++ {
		if kinds[k] == 0 {
			t.Errorf("nothing was %v: the storm is too small for this test", k)
		}
	}
}

// TestEventsAreTheSameOnEveryReplica holds that whoever was following one replica may go on at another, also at one that began
// from a snapshot.
func TestEventsAreTheSameOnEveryReplica(t *testing.T) {
	log, plain, restarting := newStorm(4), fsm.New(), fsm.New()
	compared := 0
	for index := uint64(1); index <= 40; index++ {
		entry := log.entry(t)
		applied(t, plain, index, entry)
		applied(t, restarting, index, entry)
		if index%7 == 0 {
			restarting = restored(t, restarting)
			if page, err := restarting.Events(sessnode.EventQuery{After: sessnode.OldestEvent}, 10); err != nil || len(page.Events) != 0 {
				t.Fatalf("a state from a snapshot tells of %d events, %v", len(page.Events), err)
			}
			continue
		}
		oldest, err := restarting.Events(sessnode.EventQuery{After: sessnode.OldestEvent}, 0)
		if err != nil {
			t.Fatal(err)
		}
		from := oldest.Next // with none at once, it is the place where what is kept begins, or the present
		x, nextX := follow(t, plain, from, 100)
		y, nextY := follow(t, restarting, from, 333)
		if !reflect.DeepEqual(x, y) || nextX != nextY {
			t.Fatalf("entry %d: %d and %d events after %s, up to %s and %s", index, len(x), len(y), from, nextX, nextY)
		}
		compared += len(x)
	}
	if compared < 1000 {
		t.Errorf("compared %d events only: the storm is too small for this test", compared)
	}
}

func TestFollowingMayStopAnywhere(t *testing.T) {
	b := newBench(t)
	var ops []fsm.Op
	for i := range 5 {
		ops = append(ops, fsm.Op{Mutation: create(fmt.Sprint("s", i), "ada")})
	}
	b.apply(ops...)
	b.must(sessnode.Mutation{App: "web", Change: sessnode.RevokeSubject{Subject: "ada"}})
	b.pass(time.Second)
	all, end := follow(t, b.m, sessnode.OldestEvent, 100)
	if len(all) != 10 {
		t.Fatalf("%d events, want 5 of sessions that began and 5 of sessions that ended", len(all))
	}
	for i, e := range all {
		rest, at := follow(t, b.m, e.ID, 1)
		if !reflect.DeepEqual(append([]sessnode.Event{}, rest...), append([]sessnode.Event{}, all[i+1:]...)) || at != end {
			t.Errorf("after the event number %d come %d, up to %s; want %d, up to %s", i, len(rest), at, len(all)-i-1, end)
		}
	}
}

func TestAChangeIsAPlaceInTheStream(t *testing.T) {
	b := newBench(t)
	b.must(create("a", "ada"))
	at := b.must(create("b", "bob")).At
	b.must(create("c", "eve"))
	events, _ := follow(t, b.m, at.String(), 100)
	if len(events) != 1 || events[0].Subject != "eve" {
		t.Errorf("after the creation of bob's session: %+v, want eve's", events)
	}
}

func TestFollowingFromNowAndFromAhead(t *testing.T) {
	b := newBench(t)
	at := b.must(create("a", "ada")).At
	page, err := b.m.Events(sessnode.EventQuery{}, 100)
	if err != nil || len(page.Events) != 0 || page.Next != at.String() {
		t.Errorf("from now on = %+v, %v, want nothing yet, at %v", page, err, at)
	}
	ahead := sessnode.Position{Generation: at.Generation, Index: at.Index + 10}.String()
	page, err = b.m.Events(sessnode.EventQuery{After: ahead}, 100)
	if err != nil || len(page.Events) != 0 || page.Next != ahead {
		t.Errorf("from ahead of this replica = %+v, %v, want nothing yet, at %v", page, err, ahead)
	}
}

func TestAnotherLifeOfTheClusterIsGone(t *testing.T) {
	b := newBench(t)
	at := b.must(create("a", "ada")).At
	at.Generation++
	_, err := b.m.Events(sessnode.EventQuery{After: at.String()}, 100)
	var e *sessnode.Error
	if !errors.As(err, &e) || !errors.Is(err, sessnode.ErrGone) || e.Reason != sessnode.ReasonGeneration || e.Oldest == "" {
		t.Errorf("events of another generation = %+v, want gone (generation) with the oldest place", err)
	}
	if _, err := b.m.Events(sessnode.EventQuery{After: "no place"}, 100); !errors.Is(err, sessnode.ErrInvalid) {
		t.Errorf("events after no place = %v, want ErrInvalid", err)
	}
}
