package load

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/drill/history"
)

// sessionBody is what the harness reads of a session in an answer.
type sessionBody struct {
	Version uint64                     `json:"version"`
	Subject string                     `json:"subject"`
	Attrs   map[string]json.RawMessage `json:"attrs"`
	Values  map[string]json.RawMessage `json:"values"`
	Device  struct {
		Label string `json:"label"`
	} `json:"device"`
}

// answer translates a definite reply. An answer that cannot be read is an error, and a violation of its own.
func answer(kind history.Kind, r reply) (history.Answer, error) {
	a := history.Answer{Code: r.code, Reason: r.reason}
	if r.code != sessnode.OK {
		return a, nil
	}
	switch kind {
	case history.Revoke:
		return a, nil
	case history.RevokeSubject:
		var body struct {
			Ended *uint64 `json:"ended"`
		}
		err := json.Unmarshal(r.body, &body)
		if err == nil && body.Ended == nil {
			err = fmt.Errorf("no number of ended sessions")
		}
		if err == nil {
			a.Ended = *body.Ended
		}
		return a, err
	case history.List:
		var err error
		a.Sessions, err = labels(r.body)
		return a, err
	}
	var body sessionBody
	if err := json.Unmarshal(r.body, &body); err != nil {
		return a, err
	}
	a.Version, a.Subject = body.Version, body.Subject
	switch kind {
	case history.Read:
		return a, content(body.Attrs, &a.Content)
	case history.Incr:
		return a, number(body.Values["count"], &a.Number)
	case history.Pop:
		return a, text(body.Values["slot"], &a.Value)
	}
	a.Subject = "" // of a change it is no observation that the model compares
	return a, nil
}

// labels reads a list: the device's label carries the harness's number of each session.
func labels(body []byte) ([]int, error) {
	var list struct {
		Sessions []sessionBody `json:"sessions"`
	}
	if err := json.Unmarshal(body, &list); err != nil {
		return nil, err
	}
	var numbers []int
	for _, s := range list.Sessions {
		n, err := strconv.Atoi(strings.TrimPrefix(s.Device.Label, "s"))
		if err != nil {
			return nil, fmt.Errorf("a session without the harness's label: %w", err)
		}
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	return numbers, nil
}

func content(attrs map[string]json.RawMessage, c *history.Content) error {
	for _, field := range []struct {
		name string
		to   *string
	}{{"a", &c.A}, {"b", &c.B}, {"slot", &c.Slot}} {
		if err := text(attrs[field.name], field.to); err != nil {
			return err
		}
	}
	return number(attrs["count"], &c.Count)
}

func text(raw json.RawMessage, to *string) error {
	if raw == nil {
		return nil
	}
	return json.Unmarshal(raw, to)
}

func number(raw json.RawMessage, to *int64) error {
	if raw == nil {
		return nil
	}
	return json.Unmarshal(raw, to)
}

// attrs writes content as a body's attributes; what is empty is left out.
func attrs(c history.Content) map[string]any {
	m := map[string]any{}
	for name, value := range map[string]string{"a": c.A, "b": c.B, "slot": c.Slot} {
		if value != "" {
			m[name] = value
		}
	}
	if c.Count != 0 {
		m["count"] = c.Count
	}
	return m
}
