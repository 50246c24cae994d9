package sessnodetest_test

import (
	"errors"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/sessnodetest"
)

func TestOrderedFailuresComeOnceEach(t *testing.T) {
	s := sessnodetest.New(t)
	c := s.Client("web")
	token, _, err := c.Create(t.Context(), client.Create{})
	if err != nil {
		t.Fatal(err)
	}
	count := sessnode.Edit{Incr: map[string]int64{"n": 1}}
	for _, tc := range []struct {
		outcome        sessnodetest.Outcome
		read, change   error
		valueAfterward string
	}{
		{sessnodetest.Unavailable, sessnode.ErrUnavailable, sessnode.ErrUnavailable, ""},
		{sessnodetest.UnknownBefore, sessnode.ErrUnavailable, sessnode.ErrUnknown, ""},
		{sessnodetest.UnknownAfter, sessnode.ErrUnavailable, sessnode.ErrUnknown, "1"},
	} {
		s.FailNext(2, tc.outcome)
		if _, err := c.Read(t.Context(), token); !errors.Is(err, tc.read) {
			t.Errorf("Read with outcome %d = %v, want %v", tc.outcome, err, tc.read)
		}
		if _, err := c.Patch(t.Context(), token, count); !errors.Is(err, tc.change) {
			t.Errorf("Patch with outcome %d = %v, want %v", tc.outcome, err, tc.change)
		}
		got, err := c.Read(t.Context(), token)
		if err != nil || string(got.Attrs["n"].Data) != tc.valueAfterward {
			t.Errorf("n after outcome %d = %q, %v, want %q", tc.outcome, got.Attrs["n"].Data, err, tc.valueAfterward)
		}
	}
}

func TestRetryAfterAnUnknownOutcomeHappensOnce(t *testing.T) {
	s := sessnodetest.New(t)
	c := s.Client("web", client.WithTries(0))
	token, _, err := c.Create(t.Context(), client.Create{})
	if err != nil {
		t.Fatal(err)
	}
	for i, outcome := range []sessnodetest.Outcome{sessnodetest.UnknownBefore, sessnodetest.UnknownAfter} {
		s.FailNext(1, outcome)
		got, err := c.Patch(t.Context(), token, sessnode.Edit{Incr: map[string]int64{"n": 1}})
		if want := []string{"1", "2"}[i]; err != nil || string(got.Values["n"].Data) != want {
			t.Errorf("Patch retried after outcome %d = %+v, %v, want n = %s", outcome, got, err, want)
		}
	}
}

func TestClockStandsUntilItIsMoved(t *testing.T) {
	start := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	s := sessnodetest.New(t, sessnodetest.At(start))
	c := s.Client("web")
	token, made, err := c.Create(t.Context(), client.Create{})
	if err != nil || made.Created.Sub(start) > time.Microsecond {
		t.Fatalf("Create = %+v, %v, want it at %v", made, err, start)
	}
	s.Advance(time.Hour)
	if _, err := c.Read(t.Context(), token); !errors.Is(err, sessnode.ErrNotFound) || sessnode.ReasonOf(err) != sessnode.ReasonExpired {
		t.Errorf("Read an hour later = %v, want expired", err)
	}
	if now := s.Now().Sub(start); now < time.Hour || now > time.Hour+time.Microsecond {
		t.Errorf("clock = start + %v, want an hour", now)
	}
}

func TestEveryReadTakesEveryReadOption(t *testing.T) {
	s := sessnodetest.New(t)
	c := s.Client("web", client.WithReadYourWrites())
	token, made, err := c.Create(t.Context(), client.Create{Subject: "ada"})
	if err != nil {
		t.Fatal(err)
	}
	for name, opts := range map[string][]client.CallOption{
		"none": nil, "bound": {client.WithBound(time.Second)}, "local": {client.WithLocal()}, "at least": {client.AtLeast(made.At)},
		"no touch": {client.WithoutTouch()},
	} {
		for op, read := range map[string]func() error{
			"Read":            func() error { _, err := c.Read(t.Context(), token, opts...); return err },
			"SessionByID":     func() error { _, err := c.SessionByID(t.Context(), made.ID, opts...); return err },
			"SubjectSessions": func() error { _, err := c.SubjectSessions(t.Context(), "ada", opts...); return err },
			"ExportSubject":   func() error { _, err := c.ExportSubject(t.Context(), "ada", opts...); return err },
			"Page":            func() error { _, err := c.Page(t.Context(), "", opts...); return err },
			"Why":             func() error { _, err := c.Why(t.Context(), made.ID, opts...); return err },
			"App":             func() error { _, err := c.App(t.Context(), opts...); return err },
			"Apps":            func() error { _, err := c.Apps(t.Context(), opts...); return err },
			"Cluster":         func() error { _, err := c.Cluster(t.Context(), opts...); return err },
		} {
			if err := read(); err != nil {
				t.Errorf("%s with %s = %v", op, name, err)
			}
		}
	}
	if _, err := c.Pop(t.Context(), token, []string{"a"}, client.IfMatch(made.ETag)); !errors.Is(err, sessnode.ErrInvalid) {
		t.Errorf("Pop with IfMatch = %v, want ErrInvalid: it would not be obeyed", err)
	}
	if _, err := c.Patch(t.Context(), token, sessnode.Edit{Unset: []string{"a"}}, client.WithLocal(), client.AtLeast(made.At)); err != nil {
		t.Errorf("Patch with options of reads = %v", err)
	}
}
