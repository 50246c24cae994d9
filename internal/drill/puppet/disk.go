package puppet

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"syscall"
	"time"

	"github.com/hashicorp/raft"

	"github.com/sessnode/sessnode/cluster"
	"github.com/sessnode/sessnode/cluster/raftlog"
	"github.com/sessnode/sessnode/internal/drill/faultnet"
)

// errFailing is what a failing disk returns.
var errFailing = errors.New("the disk fails, because a drill wants it to")

// disk is how the node's log store behaves. The zero value works.
type disk struct {
	mu      sync.Mutex
	fault   faultnet.DiskFault
	changed chan struct{} // closed when the fault is set again; nil until somebody waits
	writes  uint64        // that have met the fault
}

func (d *disk) set(f faultnet.DiskFault) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fault, d.writes = f, 0
	if d.changed != nil {
		close(d.changed)
		d.changed = nil
	}
}

// met returns how many writes have met the present fault.
func (d *disk) met() uint64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.writes
}

// free returns the space that the disk is said to have, and false where the truth counts.
func (d *disk) free() (free, total uint64, said bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.fault.Free, d.fault.Total, d.fault.Total > 0
}

// wrap puts the disk's faults around a log store.
func (d *disk) wrap(store cluster.LogStore) cluster.LogStore {
	faults := &raftlog.Faults{
		BeforeStore:  func([]*raft.Log) error { return d.write() },
		BeforeSet:    func(string) error { return d.write() },
		BeforeDelete: func(uint64, uint64) error { return d.write() },
	}
	return faults.Wrap(store)
}

// write is one write to the disk, before anything is written.
func (d *disk) write() error {
	d.mu.Lock()
	f := d.fault
	if f.Delay > 0 || f.Jitter > 0 || f.Stall || f.Fail || f.Fill {
		d.writes++
	}
	if f.Stall && d.changed == nil {
		d.changed = make(chan struct{})
	}
	changed := d.changed
	d.mu.Unlock()
	switch {
	case f.Fail:
		return errFailing
	case f.Fill:
		return fmt.Errorf("write the log: %w", syscall.ENOSPC)
	case f.Stall:
		<-changed
	case f.Jitter > 0:
		time.Sleep(f.Delay + rand.N(f.Jitter)) // a slow disk is nothing else
	case f.Delay > 0:
		time.Sleep(f.Delay)
	}
	return nil
}

// diskFree is what the node sees of its disk: what the drill says, where it says anything.
func (p *Puppet) diskFree(dir string) (free, total uint64, err error) {
	if free, total, said := p.disk.free(); said {
		return free, total, nil
	}
	return raftlog.DiskFree(dir)
}
