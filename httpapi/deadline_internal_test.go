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
		d := newDeadline(parent, time.Now().Add(time.Second))
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
		d = newDeadline(parent, time.Now().Add(time.Second))
		derived, stop := context.WithCancel(d)
		defer stop()
		if d.Value(key{}) != "value" {
			t.Error("once it is watched the parent's values are gone")
		}
		if <-derived.Done(); !errors.Is(derived.Err(), context.DeadlineExceeded) {
			t.Errorf("derived: Err = %v", derived.Err())
		}
		watched, unwatched := newDeadline(parent, time.Now().Add(time.Hour)), newDeadline(parent, time.Now().Add(time.Hour))
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
		d = newDeadline(parent, time.Now().Add(time.Hour))
		cancel()
		if !errors.Is(d.Err(), context.Canceled) {
			t.Errorf("without its parent: Err = %v", d.Err())
		}
		short, cancelShort := context.WithTimeout(t.Context(), time.Second)
		defer cancelShort()
		if at, _ := newDeadline(short, time.Now().Add(time.Hour)).Deadline(); time.Until(at) > time.Second {
			t.Errorf("it outlives its parent by %v", time.Until(at)-time.Second)
		}
	})
}
