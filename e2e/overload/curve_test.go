package main

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// measured makes a cell of which each round lasted a second.
func measured(mix string, conns int, factor float64, goodput ...uint64) cell {
	c := cell{mix: mix, conns: conns, through: conns, factor: factor}
	for _, ok := range goodput {
		c.rounds = append(c.rounds, run{record: record{counts: counts{due: 2 * ok, ok: ok, late: 1}, seconds: 1}})
	}
	return c
}

func TestACellIsComparedRoundByRound(t *testing.T) {
	cells := []cell{measured("read", 256, 0, 900, 100, 800), measured("create", 256, 0, 40, 60, 50, 10), measured("create", 256, 5, 20, 66, 45, 8)}
	if got := cells[1].goodput(); got != 40 {
		t.Errorf("the goodput of an even number of rounds is %v, want the lower of the two in the middle, 40", got)
	}
	peak := peakOf(cells, &cells[2])
	if peak != &cells[1] {
		t.Errorf("the peak of creates is that of %s", peak.mix)
	}
	ratio, least, most := cells[2].of(peak)
	if got := fmt.Sprintf("%.2f %.2f %.2f", ratio, least, most); got != "0.50 0.50 1.10" {
		t.Errorf("ratio, least and most are %s", got)
	}
	if line := cells[2].line(peak, time.Second); !strings.HasPrefix(line, "| 5 × the capacity | 40 | 20 | 50 % | 50 to 110 % |") {
		t.Errorf("the line is %s", line)
	}
	if got, want := atMost(cells), "**At 5 × the capacity** goodput is, of the peak (of the closed loop over as many connections): create over 256 connections 50 % (50 %).\n"; got != want {
		t.Errorf("at most: %q, want %q", got, want)
	}
}
