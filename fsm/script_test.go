package fsm_test

import (
	"errors"
	"fmt"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/fsm"
)

// TestStories runs the scripts in testdata: they are the documentation of the state machine. Each command is one log entry, `batch`
// puts the lines below it into a single one. Times are at=HH:MM[:SS] of the first day, or at=dN/HH:MM of day N; a command without
// a time happens at the time of the last one. `until` is what the user was promised; `served until` is when the store ends it.
//
// Rewrite the expected output with `go test ./fsm -run TestStories -rewrite`, and read the difference.
func TestStories(t *testing.T) {
	datadriven.Walk(t, "testdata/stories", func(t *testing.T, path string) {
		s := &story{t: t, bench: newBench(t), names: map[sessnode.ID]string{}, app: "web"}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			return s.run(d.Cmd, d.CmdArgs, d.Input)
		})
	})
}

// story plays one script.
type story struct {
	*bench
	t     *testing.T
	names map[sessnode.ID]string // of sessions: the token that they were created with
	app   string
	seen  string // the last place in the stream of events
}

func (s *story) run(cmd string, list []datadriven.CmdArg, input string) string {
	a := s.args(list)
	switch cmd {
	case "batch":
		return s.batch(input)
	case "many":
		return s.many(a)
	case "tick":
		s.bench.apply()
		return s.totals()
	case "read":
		return s.read(a)
	case "events":
		return s.events(a)
	case "why":
		return s.why(a)
	case "list":
		return s.list(a)
	case "restart":
		before := s.m.Stats().Hash
		s.m = restored(s.t, s.m)
		return fmt.Sprint("same hash: ", s.m.Stats().Hash == before)
	case "entry":
		return s.entry(a)
	}
	op := s.op(cmd, a)
	return s.outcome(cmd, op, s.bench.apply(op)[0])
}

// batch puts several commands into one log entry.
func (s *story) batch(input string) string {
	var ops []fsm.Op
	var cmds, lines []string
	for line := range strings.Lines(input) {
		cmd, list, err := datadriven.ParseLine(line)
		if err != nil {
			s.t.Fatal(err)
		}
		cmds, ops = append(cmds, cmd), append(ops, s.op(cmd, s.args(list)))
	}
	for i, r := range s.bench.apply(ops...) {
		lines = append(lines, s.outcome(cmds[i], ops[i], r))
	}
	return strings.Join(lines, "\n")
}

// many creates prefix1, prefix2, ... in one entry.
func (s *story) many(a *args) string {
	prefix := a.first()
	n := a.number("n", 0)
	var ops []fsm.Op
	rest := a.rest()
	for i := range n {
		ops = append(ops, s.op("create", s.args(append([]datadriven.CmdArg{{Key: fmt.Sprint(prefix, i+1)}}, rest...))))
	}
	refused := 0
	for _, r := range s.bench.apply(ops...) {
		if r.Err() != nil {
			refused++
		}
	}
	return fmt.Sprintf("%d created, %d refused", int(n)-refused, refused)
}

// entry applies an empty entry of some generation.
func (s *story) entry(a *args) string {
	g := a.number("generation", 0)
	s.index++
	if _, _, err := s.m.Apply(s.index, fsm.EncodeBatch(fsm.Header{Generation: g, Stamp: s.now.UnixNano()}, nil)); err != nil {
		s.index--
		return "the node stops: " + err.Error()
	}
	return "applied"
}

func (s *story) totals() string {
	st, app := s.m.Stats(), s.m.App(s.app)
	return fmt.Sprintf("sessions %d (app %d), tombstones %d, operations %d", st.Sessions, app.Sessions, st.Tombstones, st.Remembered)
}

// outcome renders what one change came to.
func (s *story) outcome(cmd string, op fsm.Op, r fsm.Result) string {
	if err := r.Err(); err != nil {
		return "refused: " + failure(err)
	}
	var b strings.Builder
	switch {
	case !r.Effect.Session.ID.IsZero():
		b.WriteString(s.state(r.Effect.Session))
	case strings.HasPrefix(cmd, "revoke"), cmd == "drop-app", cmd == "touch":
		fmt.Fprintf(&b, "%d sessions", r.Effect.Count)
	default:
		b.WriteString("ok")
	}
	if rot, rotates := op.Change.(sessnode.Rotate); rotates {
		if l, err := s.m.Lookup(op.App, rot.Key); err == nil {
			b.WriteString(", old token in grace until " + s.clock(time.Unix(0, l.Until)))
		} else {
			b.WriteString(", old token dead")
		}
	}
	if r.Effect.Replayed {
		b.WriteString(", replayed")
	}
	for _, name := range sorted(r.Effect.Values) {
		fmt.Fprintf(&b, "\n%s = %s", name, show(r.Effect.Values[name]))
	}
	return b.String()
}

// state renders a session as its user was promised it.
func (s *story) state(x sessnode.Session) string {
	until, why := x.IdleDeadline, ""
	if x.End.Before(until) {
		until, why = x.End, " (its end)"
	}
	if !x.Enforced.After(s.now) {
		return fmt.Sprintf("%s v%d ended", s.names[x.ID], x.Version)
	}
	return fmt.Sprintf("%s v%d live until %s%s", s.names[x.ID], x.Version, s.clock(until), why)
}

func (s *story) read(a *args) string {
	l, err := s.m.Lookup(a.text("app", s.app), key(a.first()))
	if err != nil {
		return failure(err)
	}
	var b strings.Builder
	b.WriteString(s.state(l.Session) + ", served until " + s.clock(time.Unix(0, l.Until)))
	if l.Session.Previous {
		b.WriteString(", by an old token")
	}
	if l.FirstUse {
		b.WriteString(", first use")
	}
	if l.Session.Subject != "" {
		b.WriteString(", " + l.Session.Subject + " since " + s.clock(l.Session.Authenticated))
	}
	for _, name := range sorted(l.Session.Attrs) {
		fmt.Fprintf(&b, "\n%s = %s", name, show(l.Session.Attrs[name]))
	}
	return b.String()
}

// events tells what happened since the last time, or after the place given.
func (s *story) events(a *args) string {
	q := sessnode.EventQuery{App: a.text("app", ""), Subject: a.text("subject", ""), After: a.text("after", s.seen)}
	if q.After == "" {
		q.After = sessnode.OldestEvent
	}
	page, err := s.m.Events(q, 100)
	if err != nil {
		return failure(err)
	}
	s.seen = page.Next
	var lines []string
	for _, e := range page.Events {
		line := s.names[e.Session] + " " + e.Kind.String()
		for _, part := range []struct{ before, text string }{{" ", e.Reason}, {" for ", e.Subject}, {" instead of ", e.Was}, {" by ", e.Actor}, {" at ", e.Node}} {
			if part.text != "" {
				line += part.before + part.text
			}
		}
		lines = append(lines, line+", "+s.clock(e.At))
	}
	if len(lines) == 0 {
		return "nothing happened"
	}
	return strings.Join(lines, "\n")
}

func (s *story) why(a *args) string {
	var who sessnode.ID
	subject := a.text("subject", "")
	if subject == "" {
		who = id(a.first())
	}
	var lines []string
	for _, e := range s.m.Why(a.text("app", s.app), who, subject) {
		from := ""
		if e.Node != "" {
			from = " at " + e.Node
		}
		lines = append(lines, fmt.Sprintf("%s %s by %s%s, %s", s.names[e.ID], e.Reason, e.Actor, from, s.clock(e.At)))
	}
	if len(lines) == 0 {
		return "nothing is remembered"
	}
	return strings.Join(lines, "\n")
}

func (s *story) list(a *args) string {
	var lines []string
	if subject := a.text("subject", ""); subject != "" {
		sessions, _, _ := s.m.Subject(s.app, subject, false)
		for _, x := range sessions {
			lines = append(lines, s.state(x))
		}
	} else {
		for cursor, more := "", true; more; more = cursor != "" {
			page, _, _, err := s.m.Page(a.text("app", s.app), cursor, 2)
			if err != nil {
				s.t.Fatal(err)
			}
			for _, x := range page.Sessions {
				lines = append(lines, s.state(x))
			}
			cursor = page.Next
		}
	}
	if len(lines) == 0 {
		return "none"
	}
	return strings.Join(lines, "\n")
}

func failure(err error) string {
	line := sessnode.CodeOf(err).String()
	if reason := sessnode.ReasonOf(err); reason != "" {
		line += " (" + reason + ")"
	}
	var e *sessnode.Error
	if errors.Is(err, sessnode.ErrInvalid) && errors.As(err, &e) {
		line += ": " + e.Detail
	}
	return line
}

func show(v sessnode.Value) string {
	if v.Codec == sessnode.JSON {
		return string(v.Data)
	}
	return fmt.Sprintf("%v %x", v.Codec, v.Data)
}

func sorted[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

var storyDay = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// clock renders a time as the scripts write it.
func (s *story) clock(at time.Time) string {
	layout := "15:04"
	if at.Nanosecond() != 0 {
		layout = "15:04:05.000"
	} else if at.Second() != 0 {
		layout = "15:04:05"
	}
	at = at.UTC()
	if day := int(at.Sub(storyDay) / sessnode.Day); day != 0 || at.Before(storyDay) {
		if day > 9999 || at.Before(storyDay) {
			return at.Format("2006-01-02")
		}
		return "d" + strconv.Itoa(day+1) + "/" + at.Format(layout)
	}
	return at.Format(layout)
}
