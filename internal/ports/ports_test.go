package ports

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"testing"
)

// takeAll names the folder in which a copy of this test's process is to take everything.
const takeAll = "SESSNODE_TEST_TAKE_ALL"

func TestMain(m *testing.M) {
	folder := os.Getenv(takeAll)
	if folder == "" {
		os.Exit(m.Run())
	}
	bases, _ := all(quiet(folder))
	fmt.Println(len(bases))
	_, _ = bufio.NewReader(os.Stdin).ReadByte() // it keeps them until its input ends
}

// few is how many blocks the tests' pools have.
const few = 8

// quiet is a pool of ports to which nobody listens, as to those of nodes that are down. It touches no port: tests of other packages run
// meanwhile, and their nodes start.
func quiet(folder string) pool { return pool{folder, few, func(int) bool { return true }} }

// all takes block after block and returns the first port of each, and what gives all of them back.
func all(p pool) (bases []int, end func()) {
	var releases []func()
	for {
		ports, release, err := p.take(1)
		if err != nil {
			return bases, func() {
				for _, release := range releases {
					release()
				}
			}
		}
		bases, releases = append(bases, ports[0]), append(releases, release)
	}
}

// other has another process take everything in a folder. It returns how many blocks it got, and what ends it.
func other(t *testing.T, folder string) (got int, end func()) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), takeAll+"="+folder, "GORACE=atexit_sleep_ms=0")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fscan(out, &got); err != nil {
		t.Fatal(err)
	}
	return got, func() {
		_ = in.Close()
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
}

func TestWhatIsTakenIsNobodyElses(t *testing.T) {
	folder := t.TempDir()
	p := quiet(folder)
	mine, release, err := p.take(9)
	if err != nil {
		t.Fatal(err)
	}
	for i, port := range mine {
		if port != mine[0]+i {
			t.Errorf("%v are not in a row", mine)
		}
	}
	got, end := other(t, folder)
	if got != few-1 {
		t.Errorf("another process got %d blocks, want all %d but the one that is taken", got, few)
	}
	bases, back := all(p)
	back()
	if len(bases) > 0 {
		t.Errorf("this process was given %v, which are taken", bases)
	}
	release()
	release() // does nothing
	bases, back = all(p)
	defer back()
	if len(bases) != 1 || bases[0] != mine[0] {
		t.Errorf("after the release %v can be had, want what was given back: %d", bases, mine[0])
	}
	end()
	bases, back = all(p)
	defer back()
	slices.Sort(bases)
	if bases = slices.Compact(bases); len(bases) != few-1 || slices.Contains(bases, mine[0]) {
		t.Errorf("after the end of the other process %v can be had, want its %d blocks", bases, few-1)
	}
}

func TestABlockWithAListenerIsLeft(t *testing.T) {
	const heard = first + 3*Most + 1
	p := quiet(t.TempDir())
	p.free = func(port int) bool { return port != heard }
	for i := range few - 1 {
		ports, release, err := p.take(2)
		if err != nil {
			t.Fatalf("after %d blocks of %d: %v", i, few, err)
		}
		defer release()
		if ports[1] == heard {
			t.Errorf("given %v, of which the last has a listener", ports)
		}
	}
	if ports, _, err := p.take(2); err == nil {
		t.Errorf("given %v, where there are no two", ports)
	}
	bases, back := all(p)
	defer back()
	if len(bases) != 1 || bases[0] != heard-1 {
		t.Errorf("then %v can be had, want %d: its block was left for its neighbour's sake and is nobody's", bases, heard-1)
	}
}

func TestFreeIsWhatNobodyListensTo(t *testing.T) {
	mine, release, err := Take(3)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	tcp, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", mine[1]))
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	udp, err := net.ListenPacket("udp", fmt.Sprintf("127.0.0.1:%d", mine[2]))
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()
	for i, want := range []bool{true, false, false} {
		if got := free(mine[i]); got != want {
			t.Errorf("port %d, of nobody, TCP and UDP, is free: %v, want %v", i, got, want)
		}
	}
}

func TestMoreThanABlockIsRefused(t *testing.T) {
	if ports, _, err := Take(Most + 1); err == nil {
		t.Errorf("given %v", ports)
	}
}
