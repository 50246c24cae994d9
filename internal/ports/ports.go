// Package ports finds ports on loopback for the nodes of tests. A node that is down listens to nothing, and its ports look free: what is
// taken here stays taken while its node is down, for other tests of this process and for those of other processes.
package ports

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
)

// The ports lie below the kernel's ephemeral range (32768 and up on Linux), so that a client's connection cannot take the port of a
// node that is down.
const (
	first  = 12000
	blocks = 800
)

// Most is how many ports one call of Take can have: the size of a block, which is one call's alone.
const Most = 25

// Take finds n ports in a row, at most Most, that are free for TCP and UDP, and keeps all other calls of Take from them until release is
// called, or this process ends. Programs that do not ask Take may still be quicker. Both are safe for concurrent use.
func Take(n int) (ports []int, release func(), err error) {
	// A folder for each user: another's files could not be opened.
	return pool{filepath.Join(os.TempDir(), fmt.Sprintf("sessnode-ports-%d", os.Getuid())), blocks, free}.take(n)
}

// pool is what ports are taken from.
type pool struct {
	folder string // for the locks, a file a block
	blocks int
	free   func(port int) bool // nobody listens there
}

func (p pool) take(n int) (ports []int, release func(), err error) {
	if n > Most {
		return nil, nil, fmt.Errorf("%d ports in a row were asked for, and at most %d can be had", n, Most)
	}
	if err := os.MkdirAll(p.folder, 0o700); err != nil {
		return nil, nil, err
	}
	for _, block := range rand.Perm(p.blocks) {
		base := first + block*Most
		release, err := lock(filepath.Join(p.folder, strconv.Itoa(base)))
		switch {
		case errors.Is(err, syscall.EWOULDBLOCK):
			continue
		case err != nil:
			return nil, nil, fmt.Errorf("lock %s: %w", p.folder, err)
		}
		for port := base; port < base+n && p.free(port); port++ {
			ports = append(ports, port)
		}
		if len(ports) == n {
			return ports, release, nil
		}
		release()
		ports = nil
	}
	return nil, nil, fmt.Errorf("no %d free ports in a row between %d and %d", n, first, first+p.blocks*Most)
}

// lock locks a file for the one who calls, in this process too: the lock belongs to what was opened, and ends with it (flock(2)). It is
// no os.File, which the collector would close, and children do not inherit it.
func lock(name string) (unlock func(), err error) {
	fd, err := syscall.Open(name, syscall.O_CREAT|syscall.O_RDWR|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, err
	}
	unlock = sync.OnceFunc(func() { _ = syscall.Close(fd) }) // a second time it could be the number of another file
	if err := syscall.Flock(fd, syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		unlock()
		return nil, err
	}
	return unlock, nil
}

func free(port int) bool {
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	tcp, err := net.Listen("tcp", addr)
	if err != nil {
		return false
	}
	defer tcp.Close()
	udp, err := net.ListenPacket("udp", addr)
	if err != nil {
		return false
	}
	defer udp.Close()
	return true
}
