package fsm_test

import (
	"bufio"
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/fsm"
)

// TestAMillionSessions measures what docs/performance/snapshots.md reports. It runs only with SESSNODE_BENCH_MILLION=1, or another
// number of millions, and takes about two minutes and 2 GB of memory a million. With SESSNODE_BENCH_PLAIN=1 the sessions have no device. Times are processor time of the working thread, which other work on the machine does not
// change much, unless the line says otherwise.
func TestAMillionSessions(t *testing.T) {
	millions, err := strconv.Atoi(os.Getenv("SESSNODE_BENCH_MILLION"))
	if err != nil {
		t.Skip("set SESSNODE_BENCH_MILLION=1 to measure")
	}
	sessions := millions * 1_000_000
	runtime.LockOSThread() // for cpu
	defer runtime.UnlockOSThread()
	base := heap()
	start := time.Now()
	b := filled(t, sessions)
	t.Logf("created in %v", time.Since(start).Round(time.Millisecond))
	t.Logf("heap a session: %d bytes", (heap()-base)/uint64(sessions))
	t.Logf("resident: %d MB, a session: %d bytes", resident(t)>>20, resident(t)/int64(sessions))
	st := b.m.Stats()
	t.Logf("counted against the budget a session: %d bytes", st.Bytes/st.Sessions)

	b.churn(t, sessions)
	runtime.GC()
	t.Logf("resident after %d more changes: %d MB, a session: %d bytes", sessions, resident(t)>>20, resident(t)/int64(b.m.Stats().Sessions))
	quiet := b.applyTouches(t, sessions, 400, nil)
	t.Logf("apply %d touches, no snapshot: %v", benchOps, quiet)

	var captures spread
	for range 20 {
		start := cpu(t)
		s := b.m.Snapshot()
		captures = append(captures, cpu(t)-start)
		s.Release()
	}
	t.Logf("capture: %v", captures)

	path := filepath.Join(t.TempDir(), "snapshot")
	s, done := b.m.Snapshot(), make(chan struct{})
	start = time.Now()
	go func() { // ends when the file is written; applyTouches waits for it
		defer close(done)
		save(t, path, s)
	}()
	during := b.applyTouches(t, sessions, 0, done)
	t.Logf("apply %d touches, while a snapshot is written: %v", benchOps, during)
	t.Logf("written beside them in %v", time.Since(start).Round(time.Millisecond))
	s.Release()

	s = b.m.Snapshot()
	used := cpu(t)
	size := save(t, path, s)
	t.Logf("written: %v of processor time, %d MB", (cpu(t) - used).Round(time.Millisecond), size>>20)
	s.Release()
	want := b.m.Stats().Hash
	b.m = nil
	runtime.GC()

	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	m := fsm.New()
	start, used = time.Now(), cpu(t)
	if err := m.Restore(file); err != nil {
		t.Fatal(err)
	}
	t.Logf("restored: %v of processor time, %v by the clock", (cpu(t) - used).Round(time.Millisecond), time.Since(start).Round(time.Millisecond))
	if got := m.Stats().Hash; got != want {
		t.Errorf("hash after the restore = %v, want %v", got, want)
	}
}

// churn makes as many changes as there are sessions: most of them touches, then patches that grow and shrink, and sessions that end and begin.
func (b *bench) churn(t *testing.T, sessions int) {
	for n := 0; n < sessions; n += benchOps {
		var ops []fsm.Op
		for i := range benchOps / 8 {
			name := fmt.Sprint("s", rand.IntN(sessions))
			set := map[string]sessnode.Value{"attr0": {Codec: sessnode.JSON, Data: bytes.Repeat([]byte{'1'}, 23+rand.IntN(200))}}
			ops = append(ops, fsm.Op{Mutation: web(sessnode.Patch{Key: key(name), Edit: sessnode.Edit{Set: set}})})
			if i%4 == 0 {
				ops = append(ops, fsm.Op{Mutation: web(sessnode.Revoke{Key: key(name)})}, fsm.Op{Mutation: filler(fmt.Sprint("c", n+i), "ada")})
			}
		}
		ops = append(ops, touches(b.now, sessions))
		b.now = b.now.Add(time.Millisecond)
		b.apply(ops...)
	}
}

// applyTouches applies entries of touches and returns how long each took: n of them, or until done is closed.
func (b *bench) applyTouches(t *testing.T, sessions, n int, done <-chan struct{}) (took spread) {
	for {
		select {
		case <-done:
			return took
		default:
		}
		if done == nil && len(took) == n {
			return took
		}
		b.now = b.now.Add(time.Millisecond)
		b.index++
		entry := encode(t, b.now, touches(b.now, sessions))
		start := cpu(t)
		if _, _, err := b.m.Apply(b.index, entry); err != nil {
			t.Fatal(err)
		}
		took = append(took, cpu(t)-start)
	}
}

// String is median, 99th percentile and slowest.
func (s spread) String() string {
	slices.Sort(s)
	at := func(q float64) string { return s.at(q).Round(10 * time.Microsecond).String() }
	return "median " + at(0.5) + ", p99 " + at(0.99) + ", slowest " + at(1) + " of " + strconv.Itoa(len(s))
}

func save(t *testing.T, path string, s *fsm.Snapshot) int64 {
	f, err := os.Create(path)
	if err != nil {
		t.Error(err)
		return 0
	}
	if err := s.Write(f); err != nil {
		t.Error(err)
	}
	if err := f.Sync(); err != nil {
		t.Error(err)
	}
	info, err := f.Stat()
	if err != nil {
		t.Error(err)
		return 0
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	return info.Size()
}

// cpu is the processor time of the calling thread.
func cpu(t testing.TB) time.Duration {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &now); err != nil {
		t.Fatal(err)
	}
	return time.Duration(now.Nano())
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var ms runtime.MemStats
	runtime.ReadMemStats(&ms)
	return ms.HeapAlloc
}

// resident is the process's resident set, in bytes.
func resident(t *testing.T) int64 {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		t.Skip("no /proc here")
	}
	defer func() { _ = f.Close() }()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if rest, found := strings.CutPrefix(lines.Text(), "VmRSS:"); found {
			kb, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return kb << 10
		}
	}
	t.Fatal("VmRSS is missing")
	return 0
}
