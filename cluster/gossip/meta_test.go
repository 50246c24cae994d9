package gossip

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/memberlist"
	"github.com/vmihailenco/msgpack/v5"
)

var fullMember = Member{
	ID: "web1-00ff", Name: "web1", Cluster: "0123456789abcdef0123456789abcdef", Generation: 3,
	NodeAddr: "10.0.0.1:7001", HTTPAddr: "10.0.0.1:8001", Version: "0.1.0", MinFormat: 1, MaxFormat: 2, Voter: true, Applied: 1 << 40,
	Keys: "16f52b46993b0011 0123456789abcdef", KeyFileBad: true,
}

func TestMetaSurvivesTheRoundTrip(t *testing.T) {
	raw, err := encodeMeta(fullMember)
	if err != nil {
		t.Fatal(err)
	}
	got, err := decodeMeta(fullMember.ID, raw)
	if err != nil || got != fullMember {
		t.Errorf("decodeMeta(encodeMeta(m)) = %+v, %v, want %+v", got, err, fullMember)
	}
}

func TestTruncatedMetaIsRefusedAtEveryLength(t *testing.T) {
	raw, err := encodeMeta(fullMember)
	if err != nil {
		t.Fatal(err)
	}
	for n := range raw {
		if m, err := decodeMeta("x", raw[:n]); !errors.Is(err, errMeta) {
			t.Errorf("decodeMeta(first %d of %d bytes) = %+v, %v, want errMeta", n, len(raw), m, err)
		}
	}
}

func TestLyingMetaIsRefused(t *testing.T) {
	for name, change := range map[string]func(*Member){
		"fresh with a cluster":       func(m *Member) { m.Fresh = true },
		"cluster without generation": func(m *Member) { m.Generation = 0 },
		"no address":                 func(m *Member) { m.NodeAddr = "" },
		"terminal escape":            func(m *Member) { m.Name = "\x1b]0;x\a" },
		"empty range":                func(m *Member) { m.MinFormat, m.MaxFormat = 3, 2 },
	} {
		m := fullMember
		change(&m)
		raw, err := encodeMeta(m)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := decodeMeta(m.ID, raw); !errors.Is(err, errMeta) {
			t.Errorf("%s: decodeMeta = %+v, %v, want errMeta", name, got, err)
		}
	}
	long, err := encodeMeta(fullMember)
	if err != nil {
		t.Fatal(err)
	}
	for name, raw := range map[string][]byte{
		"empty": nil, "text": []byte("hello"), "too long": append(long, make([]byte, maxMeta)...),
		"huge length": {0xdc, 0xff, 0xff, 1, 0xdb, 0xff, 0xff, 0xff, 0xff},
	} {
		if got, err := decodeMeta("x", raw); !errors.Is(err, errMeta) {
			t.Errorf("%s: decodeMeta = %+v, %v, want errMeta", name, got, err)
		}
	}
}

func TestMetaOfANewerReleaseIsReadAsFarAsKnown(t *testing.T) {
	raw, err := encodeMeta(fullMember)
	if err != nil {
		t.Fatal(err)
	}
	elements := raw[0] &^ 0xf0 // a fixarray; one of one more element has another form
	raw = append([]byte{0xdc, 0, elements + 1}, raw[1:]...)
	extra, err := msgpack.Marshal("from the future")
	if err != nil {
		t.Fatal(err)
	}
	got, err := decodeMeta(fullMember.ID, append(raw, extra...))
	if err != nil || got != fullMember {
		t.Errorf("decodeMeta(with one more field) = %+v, %v, want %+v", got, err, fullMember)
	}
}

func TestUnreadableNodeIsNotLetIn(t *testing.T) {
	d := &delegate{table: newTable(Member{ID: "self"}, nil), log: slog.New(slog.DiscardHandler)}
	if err := d.NotifyAlive(&memberlist.Node{Name: "liar", Meta: []byte{1, 2, 3}}); !errors.Is(err, errMeta) {
		t.Errorf("NotifyAlive(unreadable) = %v, want errMeta", err)
	}
	if err := d.NotifyMerge([]*memberlist.Node{{Name: "liar", Meta: []byte{1, 2, 3}}}); err != nil {
		t.Errorf("NotifyMerge(one unreadable) = %v: it would keep the sound ones away", err)
	}
}

func TestTheDeadAreForgottenWithinBounds(t *testing.T) {
	table := newTable(Member{ID: "self"}, nil)
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	kill := func(id string, at time.Time) {
		table.put(Member{ID: id, NodeAddr: "h:1"}, "h:2")
		table.died(id, at)
	}
	kill("old", start)
	kill("young", start.Add(rememberDead+time.Second))
	if _, dead := table.addresses(); len(dead) != 1 {
		t.Errorf("after a day %d dead nodes are remembered, want 1", len(dead))
	}
	for i := range 2 * rememberDeadMax {
		kill(strings.Repeat("x", i+1), start.Add(rememberDead+time.Minute))
	}
	if _, dead := table.addresses(); len(dead) != rememberDeadMax {
		t.Errorf("%d dead nodes are remembered, want %d", len(dead), rememberDeadMax)
	}
}

func TestLogLinesKeepTheirLevel(t *testing.T) {
	for line, want := range map[string]slog.Level{
		"[DEBUG] memberlist: x\n": slog.LevelDebug, "[INFO] memberlist: x": slog.LevelInfo,
		"[WARN] memberlist: x": slog.LevelWarn, "[ERR] memberlist: x": slog.LevelError, "[ERROR] x": slog.LevelError, "x": slog.LevelInfo,
	} {
		if level, text := parseLine(line); level != want || text != "x" {
			t.Errorf("parseLine(%q) = %v, %q, want %v, x", line, level, text, want)
		}
	}
}

func FuzzDecodeMeta(f *testing.F) {
	raw, err := encodeMeta(fullMember)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add([]byte{0xdd, 0xff, 0xff, 0xff, 0xff})
	f.Add([]byte{0x9c, 1, 0xdb, 0x7f, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := decodeMeta("id", raw)
		if err != nil {
			if !errors.Is(err, errMeta) {
				t.Fatalf("decodeMeta = %v, want errMeta", err)
			}
			return
		}
		again, err := encodeMeta(m)
		if err != nil {
			return // it was written less densely than we write, and grew past the limit; or the reverse
		}
		if back, err := decodeMeta("id", again); err != nil || back != m {
			t.Fatalf("decodeMeta(encodeMeta(%+v)) = %+v, %v", m, back, err)
		}
	})
}

func TestForeignNodeIsNotLetInWhicheverWayItsNewsCame(t *testing.T) {
	self := Member{ID: "self", Cluster: fullMember.Cluster, Generation: fullMember.Generation + 1}
	d := &delegate{table: newTable(self, nil), log: slog.New(slog.DiscardHandler)}
	raw, err := encodeMeta(fullMember)
	if err != nil {
		t.Fatal(err)
	}
	node := &memberlist.Node{Name: fullMember.ID, Meta: raw}
	if err := d.NotifyAlive(node); !errors.Is(err, ErrForeign) {
		t.Errorf("NotifyAlive(older generation) = %v, want ErrForeign", err)
	}
	if err := d.NotifyMerge([]*memberlist.Node{node}); !errors.Is(err, ErrForeign) {
		t.Errorf("NotifyMerge(older generation) = %v, want ErrForeign", err)
	}
	node.State = memberlist.StateDead
	if err := d.NotifyMerge([]*memberlist.Node{node}); err != nil {
		t.Errorf("NotifyMerge(a dead straggler) = %v: it would keep the living away", err)
	}
}
