package main

import (
	"time"

	"github.com/sessnode/sessnode/internal/drill"
	"github.com/sessnode/sessnode/internal/drill/live"
	"github.com/sessnode/sessnode/internal/drill/result"
)

// drillView shows what a drill tells. A drill calls it one call at a time.
type drillView struct {
	printer *live.Printer
	begun   live.State
}

// Begin shows what is about to be played.
func (v *drillView) Begin(s drill.Scenario, c drill.Config) {
	v.begun = live.State{Scenario: s.Name, Seed: c.Seed, Clients: c.Clients, Budget: c.Budget}
	v.printer.Begin(v.begun, s.Title)
}

// Event shows what a person should read.
func (v *drillView) Event(at time.Duration, text string) { v.printer.Event(at, text) }

// Owe tells how a live cluster is healed by hand, should the drill be killed before it does.
func (v *drillView) Owe(command string) { v.printer.Owe(command) }

// Progress shows how the drill stands.
func (v *drillView) Progress(p drill.Progress) {
	s := v.begun
	s.Elapsed, s.Phase, s.Phases, s.Slots, s.SlotMS, s.Gap = p.At, p.Phase, p.Phases, p.Slots, p.SlotMS, p.Gap
	s.Acked, s.Refused, s.Unknown, s.P99, s.P99Before = p.Acked, p.Refused, p.Unknown, p.P99, p.P99Before
	s.SignedIn, s.SignedOut = p.SignedIn, p.SignedOut
	for _, n := range p.Nodes {
		s.Nodes = append(s.Nodes, live.Node(n))
	}
	v.printer.Update(s)
}

// End shows the verdict of one drill; the summary of all comes later.
func (v *drillView) End(r result.Result) {
	v.printer.Event(time.Duration(r.TookMS*float64(time.Millisecond)), "verdict "+string(r.Verdict))
	v.printer.Clear()
}
