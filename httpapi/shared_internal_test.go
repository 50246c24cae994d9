package httpapi

import "testing"

// TestAnIdleConnectionKeepsFewWorkers: the others are let go, and counted no more.
func TestAnIdleConnectionKeepsFewWorkers(t *testing.T) {
	c := &sharedConn{}
	for range 10 {
		c.free = append(c.free, &worker{of: c, turn: make(chan struct{}, 1)})
		c.hired++
	}
	all := append([]*worker(nil), c.free...)
	c.trim()
	gone := 0
	for _, w := range all {
		select {
		case <-w.turn: // closed
			gone++
		default:
		}
	}
	if len(c.free) != fewWorkers || c.hired != fewWorkers || gone != len(all)-fewWorkers {
		t.Errorf("%d are kept, %d counted, %d gone", len(c.free), c.hired, gone)
	}
	c.trim()
	if len(c.free) != fewWorkers {
		t.Errorf("%d are kept of %d", len(c.free), fewWorkers)
	}
}
