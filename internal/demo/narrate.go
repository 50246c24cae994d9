package demo

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/sessnode/sessnode/internal/term"
)

// checkWidth is the column in which the details of checks begin.
const checkWidth = 30

// TourPrinter prints a tour for a person: a line for each check as it is judged, on a terminal with what is under way below it.
// It is safe for concurrent use.
type TourPrinter struct {
	live   *term.Live
	screen term.Screen
	began  time.Time

	mu    sync.Mutex
	doing string
	done  chan struct{}
	tick  sync.WaitGroup
}

// NewTourPrinter starts printing to w. Close must be called.
func NewTourPrinter(w io.Writer, screen term.Screen) *TourPrinter {
	p := &TourPrinter{live: term.NewLive(w, screen), screen: screen, began: time.Now(), done: make(chan struct{})}
	p.tick.Go(func() { // ends with Close
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				p.draw()
			case <-p.done:
				return
			}
		}
	})
	return p
}

// Say prints lines that stay.
func (p *TourPrinter) Say(lines ...string) {
	for _, line := range lines {
		_ = p.live.Say(line)
	}
}

// Doing shows what is under way, on a terminal only: in a pipe the checks say enough.
func (p *TourPrinter) Doing(what string) {
	p.mu.Lock()
	p.doing = what
	p.mu.Unlock()
	p.draw()
}

func (p *TourPrinter) draw() {
	p.mu.Lock()
	doing := p.doing
	p.mu.Unlock()
	if doing != "" && p.screen.Moves() {
		_ = p.live.Draw([]string{p.screen.Dim(fmt.Sprintf("  … %s  %.1f s", doing, time.Since(p.began).Seconds()))})
	}
}

// Judged prints the line of a check.
func (p *TourPrinter) Judged(c Check) { p.Say(checkLine(p.screen, c)) }

// Logs prints the last lines of the nodes' logs, in a pipe whole.
func (p *TourPrinter) Logs(lines []string) {
	p.Say("")
	p.Say(logText(p.screen, lines)...)
}

// logText keeps lines of a log from filling a terminal.
func logText(s term.Screen, lines []string) []string {
	var text []string
	for _, line := range lines {
		if s.TTY {
			line = term.Truncate(line, s.Width-2)
		}
		text = append(text, "  "+s.Dim(line))
	}
	return text
}

// Close ends what is redrawn.
func (p *TourPrinter) Close() {
	close(p.done)
	p.tick.Wait()
	_ = p.live.Draw(nil)
	_ = p.live.Close()
}

// checkLine is "  ✓ what   numbers". Colour is never the only signal.
func checkLine(s term.Screen, c Check) string {
	mark := map[Outcome]string{Held: s.Green("✓"), Broken: s.Red("✗"), Unjudged: s.Yellow("?")}[c.Outcome]
	detail := s.Dim(c.Detail)
	if c.Outcome != Held {
		detail = c.Detail
	}
	return "  " + mark + " " + term.Pad(c.Name, checkWidth) + "  " + detail
}

// verdictLine is "  PASS  13 of 13 · 9.8 s".
func verdictLine(s term.Screen, r Report) string {
	verdict := string(r.Verdict)
	switch r.Verdict {
	case Pass:
		verdict = s.Bold(s.Green(verdict))
	case Fail:
		verdict = s.Bold(s.Red(verdict))
	case Inconclusive:
		verdict = s.Bold(s.Yellow(verdict))
	}
	return fmt.Sprintf("  %s  %d of %d · %.1f s", verdict, r.held(), r.Planned, r.Took.Seconds())
}

// PrintVerdict prints the last line of a tour.
func PrintVerdict(w io.Writer, s term.Screen, r Report) { fmt.Fprintf(w, "\n%s\n", verdictLine(s, r)) }

// PrintJSON prints the report for a machine: an object on one line.
func PrintJSON(w io.Writer, r Report) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(r)
}

// shortVersion is a version as people say it: the long name that Go gives to a build between two releases is cut to its commit.
func shortVersion(version string) string {
	parts := strings.Split(version, "-")
	if len(parts) < 3 {
		return version
	}
	commit, _, _ := strings.Cut(parts[len(parts)-1], "+")
	return commit[:min(len(commit), 7)]
}

// Header is the first line of the demo.
func Header(s term.Screen, version, sabotage string, keep bool) string {
	folder := "data in a temporary folder (removed on exit)"
	if keep {
		folder = "data in a temporary folder (kept)"
	}
	line := strings.Join([]string{s.Bold("sessnode demo"), shortVersion(version), "3 nodes", folder}, " · ")
	if sabotage != "" {
		line += "\n" + s.Warn("broken on purpose: "+sabotage)
	}
	return line
}
