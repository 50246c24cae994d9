package sessnodetest

import (
	"sync"

	"github.com/sessnode/sessnode"
)

// Outcome is how a request fails that FailNext chose.
type Outcome uint8

const (
	none Outcome = iota

	// Unavailable: no leader. Nothing is done; reads and changes get sessnode.ErrUnavailable.
	Unavailable

	// UnknownBefore: the change is lost, and its sender gets sessnode.ErrUnknown. A read is Unavailable.
	UnknownBefore

	// UnknownAfter: the change is made, but its sender gets sessnode.ErrUnknown. A read is Unavailable.
	UnknownAfter
)

// faults is a queue of failures that were ordered.
type faults struct {
	mu    sync.Mutex
	queue []Outcome
}

func (f *faults) add(n int, o Outcome) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for range n {
		f.queue = append(f.queue, o)
	}
}

// take returns the failure of the next request, or none.
func (f *faults) take() Outcome {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.queue) == 0 {
		return none
	}
	o := f.queue[0]
	f.queue = f.queue[1:]
	return o
}

// before is the error of a change that fails without being made.
func (o Outcome) before() error {
	switch o {
	case Unavailable:
		return unavailable()
	case UnknownBefore:
		return unknown()
	}
	return nil
}

// after is the error of a change that was made.
func (o Outcome) after() error {
	if o == UnknownAfter {
		return unknown()
	}
	return nil
}

func unavailable() error {
	return sessnode.Errorf(sessnode.CodeUnavailable, sessnode.ReasonNoLeader, "the test ordered this failure")
}

func unknown() error {
	return sessnode.Errorf(sessnode.CodeUnknown, "", "the test ordered this failure")
}
