package view

import (
	"strings"
	"testing"
	"time"

	"github.com/sessnode/sessnode/internal/term"
)

func some(v float64) *float64 { return &v }

// busy are the rates of a cluster under load.
func busy(leader string) Rates {
	c := assemble([]sight{seen(0), seen(1), silent(2)})
	return Rates{At: time.Date(2026, 5, 1, 12, 0, 0, 0, time.Local), Leader: leader, Created: 20, Ended: 5, Expired: .5, cluster: c,
		Nodes: []NodeRates{
			{Name: "n1", Role: "leader", State: "ready", Known: true, Reads: 1204, Writes: 301, P50: some(.0008), P99: some(.0042), LogWrite: some(.0012), InFlight: 3, Memory: 90 << 20, http: "10.0.0.1:7480"},
			{Name: "n2", Role: "follower", State: "ready", Known: true, Reads: 900, Writes: 9.5, Failures: 2, P50: some(.0009), P99: some(.03), LogWrite: some(.0011), Lag: 1, Memory: 80 << 20, http: "10.0.0.2:7480"},
			{Name: "n3", Role: "follower", State: "down", Lag: 12345, http: "10.0.0.3:7480"},
		},
		Routes: []RouteRate{
			{Route: "GET /v1/apps/{app}/session", Rate: 2104, P50: some(.0008), P99: some(.004)},
			{Route: "POST /v1/apps/{app}/sessions", Rate: 20, P50: some(.002), P99: some(.05)},
			{Route: "DELETE /v1/apps/{app}/subjects/{subject}/sessions", Rate: 1, Failures: .5},
		}}
}

func TestTopIsAPicture(t *testing.T) {
	top := Top{Keys: true}
	for _, leader := range []string{"n2", "n2", "", "n1"} {
		r := busy(leader)
		if leader == "" {
			r.Nodes[0].Reads = 0
		}
		top.Add(r)
	}
	s := term.Screen{TTY: true, Width: 80, Height: 24}
	same(t, "at 80 columns", strings.Join(top.Lines(s, s.Height), "\n"), `
! Degraded: n3 does not answer here (its peers see it); can lose 1 no…  12:00:00
leader n1 · term 4 · generation 1 · 12,345 sessions in 3 MiB of 1 GiB

NODE     STATE      READ/S  WRITE/S  FAIL/S     P50     P99   FSYNC     LAG
n1       ✓ leads     1,204      301       0  800 µs  4.2 ms  1.2 ms       0
n2       ✓ follows     900      9.5     2.0  900 µs   30 ms  1.1 ms       1
n3       ✗ down          -        -       -       -       -       -  12,345
───────  ─────────  ──────  ───────  ──────  ──────  ──────  ──────  ──────
3 nodes              2,104      311     2.0

ROUTE                                REQ/S  FAIL/S     P50    P99
GET    /session                      2,104       0  800 µs   4 ms
POST   /sessions                        20       0    2 ms  50 ms
DELETE /subjects/{subject}/sessions    1.0     0.5       -      -

sessions    20 created, 5.0 ended, 0.5 expired a second
requests/s  ██▄█  now 2,415, most 2,415
leader      22·1  1 n1, 2 n2, · none

 q  quit    p  pause    s  routes by: rate`)
}

func TestTopFitsItsScreen(t *testing.T) {
	top := Top{Keys: true}
	for range 200 {
		r := busy("n1")
		for range 5 {
			r.Routes = append(r.Routes, r.Routes...)
		}
		top.Add(r)
	}
	for _, s := range []term.Screen{{TTY: true, Width: 80, Height: 24}, {TTY: true, Width: 120, Height: 40}, {TTY: true, Width: 80, Height: 12}, {TTY: true, Width: 200, Height: 10}, {TTY: true, Color: true, Width: 80, Height: 24}} {
		lines := top.Lines(s, s.Height)
		if len(lines) > s.Height-1 && s.Height > 20 {
			t.Errorf("%dx%d: %d lines", s.Width, s.Height, len(lines))
		}
		for _, line := range lines {
			if term.Width(line) > s.Width {
				t.Errorf("%dx%d: too wide: %q", s.Width, s.Height, line)
			}
		}
		if !strings.Contains(strings.Join(lines, "\n"), "HTTP") == (s.Width >= broad) {
			t.Errorf("%d columns: more columns = %v", s.Width, s.Width < broad)
		}
	}
}

func TestRoutesAreSorted(t *testing.T) {
	first := func(o Order) string {
		top := Top{Order: o}
		top.Add(busy("n1"))
		for _, line := range top.Lines(term.Screen{TTY: true, Width: 80}, 0) {
			if strings.HasPrefix(line, "GET") || strings.HasPrefix(line, "POST") || strings.HasPrefix(line, "DELETE") {
				method, _, _ := strings.Cut(line, " ")
				return method
			}
		}
		return ""
	}
	if first(ByRate) != "GET" || first(BySlowest) != "POST" || first(ByFailures) != "DELETE" {
		t.Errorf("first by rate, slowest, failures: %s, %s, %s", first(ByRate), first(BySlowest), first(ByFailures))
	}
	if ByRate.Next().Next().Next() != ByRate || ByFailures.String() != "failures" {
		t.Error("the orders do not go round")
	}
}

func TestAQuietClusterIsShownToo(t *testing.T) {
	top := Top{Paused: true, Keys: true}
	top.Add(Rates{Nodes: []NodeRates{}, cluster: assemble([]sight{silent(0)})})
	text := strings.Join(top.Lines(term.Screen{TTY: true, Width: 80}, 24), "\n")
	for _, part := range []string{"✗ Unreachable", "no requests", "paused", " p  go on", "now 0, most 0"} {
		if !strings.Contains(text, part) {
			t.Errorf("%q is missing:\n%s", part, text)
		}
	}
}
