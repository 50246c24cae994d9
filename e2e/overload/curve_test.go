package main

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// measured makes a cell of which each round lasted a second.
func measured(mix string, conns, through int, factor float64, goodput ...uint64) cell {
	c := cell{mix: mix, conns: conns, through: through, factor: factor, base: 50}
	for _, ok := range goodput {
		c.rounds = append(c.rounds, run{record: record{counts: counts{due: 2 * ok, ok: ok, late: 1}, seconds: 1}})
	}
	return c
}

func TestACellIsComparedRoundByRound(t *testing.T) {
	cells := []cell{measured("read", 256, 256, 0, 900, 100, 800), measured("create", 2000, 256, 0, 40, 60, 50, 10), measured("create", 2000, 2000, 0, 25, 25, 25, 25),
		measured("create", 2000, 2000, 2, 10, 10, 10, 10), measured("create", 2000, 2000, 5, 20, 66, 45, 8)}
	closed, most := &cells[1], &cells[4]
	if got := closed.goodput(); got != 40 {
		t.Errorf("the goodput of an even number of rounds is %v, want the lower of the two in the middle, 40", got)
	}
	peak := peakOf(cells, most)
	if peak != closed {
		t.Errorf("the peak of creates is %s over %d", peak.mix, peak.through)
	}
	ratio, least, greatest := most.of(peak)
	if got := fmt.Sprintf("%.2f %.2f %.2f", ratio, least, greatest); got != "0.50 0.50 1.10" {
		t.Errorf("ratio, least and greatest are %s", got)
	}
	if line := most.line(peak, time.Second); !strings.HasPrefix(line, "| 5 × the capacity | 40 | 20 | 50 % | 50 to 110 % |") {
		t.Errorf("the line is %s", line)
	}
	want := "| create, 2,000 connections | 50 % | 50 to 110 % | 90 % | **missed** | 80 % | 25 % at 2 × |\n\n"
	if got := judge(cells); !strings.HasSuffix(got, "| --- |\n"+want) {
		t.Errorf("judged: %s", got)
	}
	if got := judge(cells[:3]); got != "" {
		t.Errorf("closed loops alone are judged: %s", got)
	}
}
