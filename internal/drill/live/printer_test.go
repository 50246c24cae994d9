package live

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/sessnode/sessnode/internal/drill/result/resulttest"
	"github.com/sessnode/sessnode/internal/term"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func play(p *Printer) {
	p.Begin(State{Scenario: "leader-kill", Seed: 4711, Clients: 16}, "The leader is killed.")
	p.Event(12300*time.Millisecond, "kill n1")
	p.Update(during())
	p.Event(13190*time.Millisecond, resulttest.Hostile)
	p.Close()
	p.Close()
}

func TestAPipeGetsALineForEachEvent(t *testing.T) {
	var out bytes.Buffer
	play(NewPrinter(&out, term.Screen{Width: 80}, Text))
	want := "drill leader-kill, seed 4711: The leader is killed.\n00:12.3  kill n1\n00:13.1  " + term.Clean(resulttest.Hostile) + "\n"
	if out.String() != want {
		t.Errorf("printed %q, want %q", out.String(), want)
	}
}

func TestATerminalIsRedrawnAndTimeGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		p := NewPrinter(&out, term.Screen{Width: 80, Height: 24, TTY: true}, Text)
		p.Begin(during(), "The leader is killed.")
		time.Sleep(3100 * time.Millisecond) // the 15th redraw
		p.Event(19200*time.Millisecond, "n3 leads in term 3")
		p.Close()
		for _, want := range []string{"00:16 / 00:36", "00:19 / 00:36", "killed 7.2 s", "00:19.2  n3 leads in term 3\n", "\x1b[?25h"} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("the screen never showed %q", want)
			}
		}
	})
}

func TestJSONLIsAnObjectOnEachLine(t *testing.T) {
	var out bytes.Buffer
	play(NewPrinter(&out, term.Screen{Width: 80, Height: 24, TTY: true, Color: true}, JSONL))
	var kinds []string
	for line := range strings.Lines(out.String()) {
		var object map[string]any
		if err := json.Unmarshal([]byte(line), &object); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		kinds = append(kinds, object["kind"].(string))
		if object["kind"] == "state" && (object["at_ms"] != 16200.0 || object["worst_gap_ms"] != 1380.0 || len(object["nodes"].([]any)) != 3) {
			t.Errorf("state = %s", line)
		}
	}
	if got, want := strings.Join(kinds, " "), "begin event state event"; got != want {
		t.Errorf("kinds = %q, want %q", got, want)
	}
}

func TestJSONLStatesComeOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		p := NewPrinter(&out, term.Screen{}, JSONL)
		p.Begin(State{Scenario: "x"}, "")
		for range 20 {
			p.Update(during())
			time.Sleep(250 * time.Millisecond)
		}
		p.Close()
		if got := strings.Count(out.String(), `"kind":"state"`); got != 5 {
			t.Errorf("%d states in 5 s, want 5", got)
		}
	})
}
