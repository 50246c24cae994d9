package live

import (
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/sessnode/sessnode/internal/term"
)

// Form is how a Printer prints.
type Form uint8

// The forms.
const (
	Text  Form = iota // for a person: on a terminal redrawn in place, in a pipe a line for each event
	JSONL             // for a program: an object on a line, for each event and once a second for the state
)

const (
	redrawEvery = 200 * time.Millisecond
	stateEvery  = time.Second // JSONL
)

// Printer shows a drill to a person or a program. It is safe for concurrent use. Close must be called.
type Printer struct {
	live *term.Live
	form Form
	done chan struct{}
	tick sync.WaitGroup
	now  func() time.Time

	mu     sync.Mutex
	state  State
	at     time.Time // when state was told
	told   time.Time // JSONL: when a state was printed last
	begun  bool
	closed bool
}

// NewPrinter starts printing to w.
func NewPrinter(w io.Writer, screen term.Screen, form Form) *Printer {
	if form == JSONL {
		screen = term.Screen{} // a program reads it, also where a person watches
	}
	p := &Printer{live: term.NewLive(w, screen), form: form, done: make(chan struct{}), now: time.Now}
	if !screen.Moves() {
		return p
	}
	p.tick.Go(func() { // ends with Close; time goes on also while nothing is told
		tick := time.NewTicker(redrawEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				p.mu.Lock()
				p.draw()
				p.mu.Unlock()
			case <-p.done:
				return
			}
		}
	})
	return p
}

// Begin says what is about to be played; state holds what is known before. Several drills may be shown one after the other.
func (p *Printer) Begin(state State, title string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state, p.at, p.begun, p.told = state, p.now(), true, time.Time{}
	if p.form == JSONL {
		p.print(map[string]any{"kind": "begin", "scenario": state.Scenario, "title": title, "seed": state.Seed, "clients": state.Clients})
		return
	}
	if screen := p.live.Screen(); screen.Moves() {
		p.draw()
		return
	}
	p.say(fmt.Sprintf("drill %s, seed %d: %s", term.Clean(state.Scenario), state.Seed, term.Clean(title)))
}

// Event shows what a person should read: a phase begins, a fault lands, a node takes office. At is on the drill's clock.
func (p *Printer) Event(at time.Duration, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.form == JSONL {
		p.print(map[string]any{"kind": "event", "scenario": p.state.Scenario, "at_ms": ms(at), "text": text})
		return
	}
	line := stamp(at) + "  " + term.Clean(text)
	if screen := p.live.Screen(); screen.Moves() {
		line = screen.Dim(stamp(at)) + "  " + term.Clean(text)
	}
	p.say(line)
}

// Owe prints a command that undoes what a drill is about to do to a live cluster. It is printed whole, so that it can be copied.
func (p *Printer) Owe(command string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.form == JSONL {
		p.print(map[string]any{"kind": "owed", "scenario": p.state.Scenario, "command": command})
		return
	}
	_ = p.live.Say("should this drill be killed:  " + term.Clean(command))
}

// Update shows how the drill stands. In a pipe it prints nothing: the events say enough.
func (p *Printer) Update(state State) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state, p.at = state, p.now()
	if p.form == JSONL {
		if p.at.Sub(p.told) >= stateEvery {
			p.told = p.at
			p.print(object(state))
		}
		return
	}
	p.draw()
}

// Clear takes the block off the screen: what is printed next, such as a summary, stands in its place.
func (p *Printer) Clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.begun = false
	_ = p.live.Draw(nil)
}

// Close ends what is redrawn, and takes it off the screen. It may be called more than once.
func (p *Printer) Close() {
	p.mu.Lock()
	first := !p.closed
	p.closed = true
	p.mu.Unlock()
	if first {
		close(p.done)
	}
	p.tick.Wait()
	p.Clear()
	_ = p.live.Close()
}

// draw shows the state as it is by now: its clock and the lives of nodes go on. The caller holds mu.
func (p *Printer) draw() {
	screen := p.live.Screen()
	if !p.begun || p.closed || !screen.Moves() {
		return
	}
	since := p.now().Sub(p.at)
	shown := p.state
	shown.Elapsed += since
	shown.Nodes = append([]Node(nil), shown.Nodes...)
	for i := range shown.Nodes {
		shown.Nodes[i].Since += since
	}
	_ = p.live.Draw(Lines(shown, screen))
}

// say prints a line that stays. The caller holds mu.
func (p *Printer) say(line string) {
	if screen := p.live.Screen(); screen.TTY {
		line = term.Truncate(line, screen.Width)
	}
	_ = p.live.Say(line)
}

// print writes an object on a line. The caller holds mu.
func (p *Printer) print(v any) {
	text, err := json.Marshal(v)
	if err == nil {
		_ = p.live.Say(string(text))
	}
}

// stamp writes a moment of the drill with tenths: "01:05.3".
func stamp(d time.Duration) string { return fmt.Sprintf("%s.%d", clock(d), d.Milliseconds()/100%10) }

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// object is a state as a program reads it. Slots are left out: result.json has them all.
func object(s State) map[string]any {
	nodes := make([]map[string]any, 0, len(s.Nodes))
	for _, n := range s.Nodes {
		life := n.Life
		if life == "" {
			life = "running"
		}
		nodes = append(nodes, map[string]any{"node": n.Name, "life": life, "leads": n.Leads, "term": n.Term, "lag": n.Lag})
	}
	return map[string]any{"kind": "state", "scenario": s.Scenario, "at_ms": ms(s.Elapsed), "phase": s.Phase, "nodes": nodes,
		"acked": s.Acked, "refused": s.Refused, "unknown": s.Unknown, "worst_gap_ms": ms(s.Gap), "write_p99_ms": ms(s.P99),
		"people": s.SignedIn, "signed_out": s.SignedOut}
}
