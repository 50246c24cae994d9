package httpapi

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestDeadlineIsAContext: what is made late behaves as if it had been there from the beginning, whoever looks first.
func TestDeadlineIsAContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type key struct{}
		parent, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "value"))
		defer cancel()
		d := newDeadline(parent, time.Now().Add(time.Second), new(alarm))
		if d.Err() != nil || d.Value(key{}) != "value" {
			t.Errorf("a new one: Err = %v, Value = %v", d.Err(), d.Value(key{}))
		}
		time.Sleep(2 * time.Second) // of the bubble's time
		if !errors.Is(d.Err(), context.DeadlineExceeded) {
			t.Errorf("after its time: Err = %v", d.Err())
		}
		if <-d.Done(); !errors.Is(d.Err(), context.DeadlineExceeded) {
			t.Errorf("after its time, watched: Err = %v", d.Err())
		}
		d = newDeadline(parent, time.Now().Add(time.Second), new(alarm))
		derived, stop := context.WithCancel(d)
		defer stop()
		if d.Value(key{}) != "value" {
			t.Error("once it is watched the parent's values are gone")
		}
		if <-derived.Done(); !errors.Is(derived.Err(), context.DeadlineExceeded) {
			t.Errorf("derived: Err = %v", derived.Err())
		}
		watched, unwatched := newDeadline(parent, time.Now().Add(time.Hour), new(alarm)), newDeadline(parent, time.Now().Add(time.Hour), new(alarm))
		done := watched.Done()
		watched.end()
		unwatched.end()
		<-done
		<-unwatched.Done()
		for _, d := range []*deadline{watched, unwatched} {
			if !errors.Is(d.Err(), context.Canceled) {
				t.Errorf("ended: Err = %v", d.Err())
			}
		}
		d = newDeadline(parent, time.Now().Add(time.Hour), new(alarm))
		cancel()
		if !errors.Is(d.Err(), context.Canceled) {
			t.Errorf("without its parent: Err = %v", d.Err())
		}
		short, cancelShort := context.WithTimeout(t.Context(), time.Second)
		defer cancelShort()
		if at, _ := newDeadline(short, time.Now().Add(time.Hour), new(alarm)).Deadline(); time.Until(at) > time.Second {
			t.Errorf("it outlives its parent by %v", time.Until(at)-time.Second)
		}
	})
}

// TestAlarmIsSetOnceForManyDeadlines: one timer does for the requests of a connection, and each of them still ends on time.
func TestAlarmIsSetOnceForManyDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		parent, cancel := context.WithCancel(t.Context())
		defer cancel()
		var a alarm
		for range 100 { // each is over before its time
			d := newDeadline(parent, time.Now().Add(5*time.Second), &a)
			done := d.Done()
			time.Sleep(3 * time.Millisecond)
			d.end()
			<-done
		}
		for _, limit := range []time.Duration{5 * time.Second, time.Second, 10 * time.Second, time.Millisecond} {
			began := time.Now()
			d := newDeadline(parent, began.Add(limit), &a)
			<-d.Done()
			if took := time.Since(began); took != limit || !errors.Is(d.Err(), context.DeadlineExceeded) {
				t.Errorf("a deadline of %v ended after %v with %v", limit, took, d.Err())
			}
			d.end()
		}
		late, present := newDeadline(parent, time.Now().Add(time.Hour), &a), newDeadline(parent, time.Now().Add(time.Second), &a)
		late.end()
		done := present.Done()
		<-late.Done() // by somebody who kept it
		synctest.Wait()
		began := time.Now()
		if <-done; time.Since(began) != time.Second {
			t.Errorf("a deadline of a second ended after %v: an old one was watched instead", time.Since(began))
		}
		present.end()
		last := newDeadline(parent, time.Now().Add(time.Hour), &a)
		done = last.Done()
		cancel()
		if <-done; !errors.Is(last.Err(), context.Canceled) {
			t.Errorf("without its parent: Err = %v", last.Err())
		}
		last.end()
		orphan := newDeadline(parent, time.Now().Add(time.Hour), &a)
		if <-orphan.Done(); !errors.Is(orphan.Err(), context.Canceled) {
			t.Errorf("made after its parent's end: Err = %v", orphan.Err())
		}
		a.stop()
	})
}

// TestContextsDerivedFromADeadline are told of its end without a goroutine that waits for it, and may be given up before.
func TestContextsDerivedFromADeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var a alarm
		defer a.stop()
		d := newDeadline(t.Context(), time.Now().Add(time.Second), &a)
		given, giveUp := context.WithCancel(d)
		kept, stop := context.WithTimeout(d, time.Hour)
		defer stop()
		waiting := func() int {
			d.mu.Lock()
			defer d.mu.Unlock()
			return len(d.after)
		}
		if n := waiting(); n != 2 {
			t.Errorf("%d contexts wait for their parent, want 2 that need no goroutine", n)
		}
		giveUp()
		<-given.Done()
		if n := waiting(); n != 1 {
			t.Errorf("%d contexts wait for their parent, want 1", n)
		}
		if <-kept.Done(); !errors.Is(kept.Err(), context.DeadlineExceeded) {
			t.Errorf("derived: Err = %v", kept.Err())
		}
		after, cancelAfter := context.WithCancel(d)
		defer cancelAfter()
		if after.Err() == nil {
			t.Error("derived from one that is over: Err = nil")
		}
	})
}
