package term

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

func must(t rapid.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestLiveRedrawsInPlace(t *testing.T) {
	var out bytes.Buffer
	l := NewLive(&out, Screen{TTY: true, Width: 10, Height: 5})
	step := func(want string, err error) {
		t.Helper()
		must(t, err)
		if out.String() != want {
			t.Errorf("wrote %q, want %q", out.String(), want)
		}
		out.Reset()
	}
	step("\x1b[?25l\x1b[Kone\n\x1b[Ktwo\n\x1b[J", l.Draw([]string{"one", "two"}))
	step("\r\x1b[2A\x1b[Klonger th…\n\x1b[J", l.Draw([]string{"longer than the line"}))
	step("\r\x1b[1A\x1b[Jsaid\n\x1b[Klonger th…\n\x1b[J", l.Say("said"))
	step("\r\x1b[1A\x1b[K1\n\x1b[K2\n\x1b[K3\n\x1b[K4\n\x1b[J", l.Draw([]string{"1", "2", "3", "4", "5", "6"}))
	step("\x1b[?25h", l.Close())
	step("", l.Close())
	step("", l.Draw([]string{"late"}))
	step("after\n", l.Say("after"))
}

func TestLiveLeavesTheAlternateScreen(t *testing.T) {
	var out bytes.Buffer
	l := NewLive(&out, Screen{TTY: true, Width: 10, Height: 5}).Full()
	must(t, l.Draw([]string{"one"}))
	must(t, l.Say("said"))
	must(t, l.Draw([]string{"two"}))
	must(t, l.Close())
	want := "\x1b[?1049h\x1b[?25l\x1b[H\x1b[Kone\n\x1b[J" + "\x1b[H\x1b[Ktwo\n\x1b[J" + "\x1b[?1049l\x1b[?25hsaid\ntwo\n"
	if out.String() != want {
		t.Errorf("wrote %q, want %q", out.String(), want)
	}
}

func TestLiveInAPipeWritesNoSequences(t *testing.T) {
	for name, s := range map[string]Screen{"pipe": {Width: 80, Height: 24}, "dumb": {TTY: true, Dumb: true, Width: 80, Height: 24}} {
		var out bytes.Buffer
		l := NewLive(&out, s)
		must(t, l.Draw([]string{"1 of 2"}))
		must(t, l.Say("said"))
		must(t, l.Draw([]string{"2 of 2"}))
		must(t, l.Close())
		if out.String() != "said\n2 of 2\n" {
			t.Errorf("%s: wrote %q", name, out.String())
		}
	}
}

// TestLiveShowsWhatWasDrawn compares the screen of a small terminal with what was drawn and said, whatever the order.
func TestLiveShowsWhatWasDrawn(t *testing.T) {
	const width, height = 8, 6
	text := rapid.StringMatching(`[a-z]{0,10}`)
	rapid.Check(t, func(t *rapid.T) {
		var out bytes.Buffer
		l := NewLive(&out, Screen{TTY: true, Width: width, Height: height})
		var said, block []string
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			if rapid.Bool().Draw(t, "say") {
				line := Truncate(text.Draw(t, "said"), width)
				said = append(said, line)
				must(t, l.Say(line))
				continue
			}
			lines := rapid.SliceOfN(text, 0, 8).Draw(t, "block")
			block = nil
			for _, line := range lines[:min(len(lines), height-1)] {
				block = append(block, Truncate(line, width))
			}
			must(t, l.Draw(lines))
		}
		got := emulate(out.String(), width)
		if want := append(said, block...); !slices.Equal(got, want) {
			t.Errorf("the screen shows %q, want %q; written: %q", got, want, out.String())
		}
	})
}

// emulate is a terminal without a bottom: it returns the lines above the cursor.
func emulate(written string, width int) []string {
	screen := [][]rune{{}}
	row, col := 0, 0
	down := func() {
		if row++; row == len(screen) {
			screen = append(screen, []rune{})
		}
	}
	for written != "" {
		if n := sequence(written); n > 0 {
			var count int
			switch seq := written[:n]; {
			case seq == clearLine:
				screen[row] = screen[row][:min(col, len(screen[row]))]
			case seq == clearBelow:
				screen[row] = screen[row][:min(col, len(screen[row]))]
				screen = screen[:row+1]
			case strings.HasSuffix(seq, "A"):
				_, _ = fmt.Sscanf(seq, "\x1b[%dA", &count)
				row -= count
			}
			written = written[n:]
			continue
		}
		r := []rune(written)[0]
		written = written[len(string(r)):]
		switch r {
		case '\n':
			down()
			col = 0
		case '\r':
			col = 0
		default:
			if col == width {
				down()
				col = 0
			}
			screen[row] = append(screen[row][:min(col, len(screen[row]))], r)
			col++
		}
	}
	var lines []string
	for _, line := range screen[:row] {
		lines = append(lines, string(line))
	}
	return lines
}

func TestLiveIsSafeForConcurrentUse(t *testing.T) {
	var out bytes.Buffer
	l := NewLive(&out, Screen{TTY: true, Width: 10, Height: 5})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 50 {
				_ = l.Draw([]string{"x"})
				_ = l.Say("y")
				l.Screen()
			}
		})
	}
	wg.Wait()
	must(t, l.Close())
	if got := emulate(out.String(), 10); len(got) != 4*50+1 {
		t.Errorf("%d lines, want 200 that were said and the block", len(got))
	}
}
