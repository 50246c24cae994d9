package offline_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/cluster/offline"
)

var (
	at  = sessnode.Position{Generation: 1, Index: 10}
	ids = [6]sessnode.ID{{1}, {2}, {3}, {4}, {5}, {6}}
)

// line is an event as the command line writes it.
func line(index, count uint64, kind string, id sessnode.ID) string {
	pos := sessnode.EventPos{Position: sessnode.Position{Generation: 1, Index: index}, Count: count}
	return fmt.Sprintf(`{"id":"%s","kind":"%s","app":"web","session":"%s"}`+"\n", pos, kind, id)
}

func replay(t *testing.T, text, begun string) offline.Replay {
	t.Helper()
	j, err := offline.ReadJournal(strings.NewReader(text))
	if err != nil {
		t.Fatalf("ReadJournal = %v", err)
	}
	r, err := j.After(at, begun)
	if err != nil {
		t.Fatalf("After = %v", err)
	}
	return r
}

func TestWhatEndedOrGotANewTokenDoesNotReturn(t *testing.T) {
	text := line(9, 0, "revoked", ids[0]) + line(10, 1, "expired", ids[0]) + // the backup has these
		line(11, 1, "revoked", ids[1]) + line(11, 0, "expired", ids[2]) + line(12, 0, "rotated", ids[3]) + line(13, 0, "bound", ids[4]) + line(13, 1, "rotated", ids[3]) + line(14, 0, "created", ids[5])
	r := replay(t, text, "")
	if fmt.Sprint(r.Ended) != fmt.Sprint(ids[1:5]) || r.Created != 1 || r.Events != 6 || len(r.Gaps) != 0 || r.First.String() != "1-b-1" || r.Last.String() != "1-e" {
		t.Errorf("After = %+v", r)
	}
}

func TestAGapIsNamed(t *testing.T) {
	behind := line(12, 0, "revoked", ids[1])
	for name, c := range map[string]struct {
		text, begun string
		gaps        int
	}{
		"begun nobody knows where":    {behind, "", 1},
		"begun at the backup":         {behind, at.String(), 0},
		"begun before it":             {behind, "1-3", 0},
		"begun behind it":             {behind, "1-b", 1},
		"holds what the backup has":   {line(10, 0, "created", ids[0]) + behind, "", 0},
		"empty":                       {"", "", 1},
		"empty, begun at the backup":  {"", at.String(), 0},
		"a gap in the stream":         {behind + `{"id":"1-f","kind":"gap","reason":"overrun"}` + "\n", at.String(), 1},
		"another life of the cluster": {behind + strings.Replace(line(3, 0, "revoked", ids[2]), `"1-`, `"2-`, 1), at.String(), 1},
	} {
		if r := replay(t, c.text, c.begun); len(r.Gaps) != c.gaps {
			t.Errorf("%s: gaps = %q, want %d", name, r.Gaps, c.gaps)
		}
	}
}

func TestOnlyTheLastLineMayBeCut(t *testing.T) {
	whole := line(11, 0, "revoked", ids[1])
	j, err := offline.ReadJournal(strings.NewReader(whole + whole[:20]))
	if err != nil || !j.Cut {
		t.Errorf("ReadJournal of a cut end = %v, %v, want that it is noted", j.Cut, err)
	}
	if _, err := offline.ReadJournal(strings.NewReader(whole + whole[:20] + "\n" + whole)); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("ReadJournal with a broken line in the middle = %v, want its number", err)
	}
	if _, err := offline.ReadJournal(strings.NewReader(strings.Replace(whole, "revoked", "vanished", 1) + whole)); err == nil {
		t.Error("ReadJournal passes over an event of an unknown kind")
	}
}

func TestTheGenerationGrowsAndIsNobodyElses(t *testing.T) {
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	seen := map[uint64]bool{}
	for range 50 {
		for _, before := range []uint64{1, 1 << 52} {
			g := offline.Mint(before, now)
			if g <= before || g >= 1<<53 {
				t.Fatalf("Mint(%d) = %d, want more, and below 2^53", before, g)
			}
			if before == 1 {
				seen[g] = true
			}
		}
	}
	if len(seen) < 45 {
		t.Errorf("50 restores of one backup in one second have %d generations: two would take each other for the same life", len(seen))
	}
	if g := offline.Mint(1, now.Add(2*time.Second)); g <= offline.Mint(1, now) {
		t.Errorf("a later restore has generation %d, which is not later", g)
	}
	if g := offline.Mint(7, time.Unix(-5, 0)); g <= 7 {
		t.Errorf("with a clock before 1970 Mint(7) = %d", g)
	}
}

func FuzzReadJournal(f *testing.F) {
	f.Add(line(11, 1, "revoked", ids[1]) + line(12, 0, "created", ids[2]))
	f.Add(`{"id":"1-f","kind":"gap"}`)
	f.Fuzz(func(t *testing.T, text string) {
		if j, err := offline.ReadJournal(strings.NewReader(text)); err == nil {
			if r, err := j.After(at, ""); err != nil || r.Events < len(r.Ended) {
				t.Errorf("After = %+v, %v", r, err)
			}
		}
	})
}
