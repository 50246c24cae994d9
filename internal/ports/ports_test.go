package ports

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"testing"
)

// takeAll tells a copy of this test's process to take all ports that it can have.
const takeAll = "SESSNODE_TEST_TAKE_ALL"

func TestMain(m *testing.M) {
	if os.Getenv(takeAll) == "" {
		os.Exit(m.Run())
	}
	for _, base := range all() {
		fmt.Println(base)
	}
	fmt.Println("done")
	_, _ = bufio.NewReader(os.Stdin).ReadByte() // it keeps them until its input ends
}

// all takes block after block and returns the first port of each.
func all() (bases []int) {
	for {
		ports, _, err := Take(1)
		if err != nil {
			return bases
		}
		bases = append(bases, ports[0])
	}
}

// others has another process take all ports. It returns the first of each block that it got, and what ends it.
func others(t *testing.T) (bases map[int]bool, end func()) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), takeAll+"=1", "GORACE=atexit_sleep_ms=0")
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
	bases = map[int]bool{}
	lines := bufio.NewScanner(out)
	for lines.Scan() && lines.Text() != "done" {
		var base int
		if _, err := fmt.Sscan(lines.Text(), &base); err != nil {
			t.Fatal(err)
		}
		if bases[base] {
			t.Errorf("%d was given twice", base)
		}
		bases[base] = true
	}
	return bases, func() {
		_ = in.Close()
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
}

// TestWhatIsTakenIsNobodyElses has two processes want all that there is. It has a folder of its own, so that it takes nothing from tests
// that run meanwhile.
func TestWhatIsTakenIsNobodyElses(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	mine, release, err := Take(9)
	if err != nil {
		t.Fatal(err)
	}
	theirs, end := others(t)
	if len(theirs) < blocks/2 {
		t.Fatalf("another process got %d blocks of %d", len(theirs), blocks)
	}
	for i, port := range mine {
		if theirs[port] || port != mine[0]+i {
			t.Errorf("%v, which nobody listens to, was given to another process too, or is not in a row", mine)
		}
	}
	for _, base := range all() {
		if theirs[base] || base == mine[0] {
			t.Errorf("this process was given %d, which was taken", base)
		}
	}
	release()
	if ports, _, err := Take(1); err != nil || ports[0] != mine[0] {
		t.Errorf("after the release there is %v, %v; want what was given back: %d", ports, err, mine[0])
	}
	end()
	if ports, _, err := Take(1); err != nil || !theirs[ports[0]] {
		t.Errorf("after the end of the other process there is %v, %v; want one of its ports", ports, err)
	}
}

func TestWhatIsListenedToIsNotTaken(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	mine, release, err := Take(2)
	if err != nil {
		t.Fatal(err)
	}
	release()
	udp, err := net.ListenPacket("udp", fmt.Sprintf("127.0.0.1:%d", mine[1]))
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()
	for {
		ports, _, err := Take(2)
		if err != nil {
			break
		}
		if ports[0] == mine[0] {
			t.Errorf("given %v, of which the last has a listener", ports)
		}
	}
	if ports, _, err := Take(1); err != nil || ports[0] != mine[0] {
		t.Errorf("there is %v, %v; want %d, whose block was left because of its neighbour", ports, err, mine[0])
	}
}

func TestMoreThanABlockIsRefused(t *testing.T) {
	if ports, _, err := Take(Most + 1); err == nil {
		t.Errorf("given %v", ports)
	}
}
