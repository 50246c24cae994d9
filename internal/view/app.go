package view

import (
	"bytes"
	"encoding/json"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/term"
)

// App is an app's JSON form, with the names of the HTTP API.
type App struct {
	Name      string `json:"name" doc:"its name"`
	Declared  bool   `json:"declared" doc:"whether a policy was ever set"`
	Policy    policy `json:"policy" doc:"its rules; durations in seconds: 1800s"`
	Sessions  uint64 `json:"sessions" doc:"sessions that are stored"`
	Anonymous uint64 `json:"anonymous" doc:"those of them without a subject"`
	Bytes     uint64 `json:"bytes" doc:"what they take of the cluster's budget"`
}

// policy is a policy in JSON: its fields in the order of PolicyFields.
type policy sessnode.Policy

// MarshalJSON writes the fields in their order.
func (p policy) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	for i, f := range PolicyFields() {
		v, err := json.Marshal(f.json(sessnode.Policy(p)))
		if err != nil {
			return nil, err
		}
		b.WriteString("{,"[min(i, 1) : min(i, 1)+1])
		b.WriteString(`"` + f.Name + `":`)
		b.Write(v)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// AppOf returns an app's JSON form.
func AppOf(a sessnode.AppInfo) App {
	return App{Name: a.Name, Declared: a.Declared, Policy: policy(a.Policy), Sessions: a.Sessions, Anonymous: a.Anonymous, Bytes: a.Bytes}
}

// Apps is the table of apps.
func Apps(list []sessnode.AppInfo, f Form, wide bool) *term.Table {
	headers := []string{"APP", "SESSIONS", "ANONYMOUS", "SIZE", "IDLE", "LIFETIME", "PER_SUBJECT", "DECLARED"}
	if wide {
		headers = append(headers, "ON_LIMIT", "TOMBSTONES", "MAX_BYTES")
	}
	t := term.NewTable(headers...).Right(1, 2, 3, 4, 5, 6)
	var sessions, anonymous, size uint64
	for _, a := range list {
		sessions, anonymous, size = sessions+a.Sessions, anonymous+a.Anonymous, size+a.Bytes
		limit := "any"
		if a.Policy.SubjectLimit > 0 {
			limit = f.Count(a.Policy.SubjectLimit)
		}
		cells := []string{term.Clean(a.Name), f.Count(a.Sessions), f.Count(a.Anonymous), f.Bytes(a.Bytes),
			Span(a.Policy.Idle), Span(a.Policy.Lifetime), limit, yesNo(a.Declared)}
		if wide {
			cells = append(cells, a.Policy.OnLimit.String(), Span(a.Policy.TombstoneTime), f.Bytes(a.Policy.MaxBytes))
		}
		t.Row(cells...)
	}
	if len(list) != 1 {
		t.Totals(f.Count(uint64(len(list)))+" apps", f.Count(sessions), f.Count(anonymous), f.Bytes(size))
	}
	return t
}

// OneApp is the table of one app: a row for each total and each rule.
func OneApp(a sessnode.AppInfo, f Form) *term.Table {
	t := term.NewTable("FIELD", "VALUE", "MEANING").Keep(0, 1)
	t.Row("app", term.Clean(a.Name), "")
	t.Row("declared", yesNo(a.Declared), "whether a policy was ever set")
	t.Row("sessions", f.Count(a.Sessions), "stored now")
	t.Row("anonymous", f.Count(a.Anonymous), "those of them without a subject")
	t.Row("size", f.Bytes(a.Bytes), "what they take of the cluster's budget")
	for _, rule := range PolicyFields() {
		t.Row(rule.Name, rule.Show(a.Policy), rule.Help)
	}
	return t
}

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}
