package sessnode_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
)

func TestDefaultPolicyIsValid(t *testing.T) {
	if err := sessnode.DefaultPolicy().Validate(); err != nil {
		t.Error(err)
	}
}

func TestPolicyReportsAllItsFaults(t *testing.T) {
	p := sessnode.DefaultPolicy()
	p.Idle, p.TombstoneTime, p.MinTokenLength, p.OnLimit = 0, time.Minute, 7, 9
	err := p.Validate()
	if !errors.Is(err, sessnode.ErrInvalid) {
		t.Fatalf("Validate() = %v, want ErrInvalid", err)
	}
	for _, field := range []string{"idle is 0s", "tombstone_time is 1m0s", "min_token_length is 7", "on_limit is 9"} {
		if !strings.Contains(err.Error(), field) {
			t.Errorf("%q does not name %q", err, field)
		}
	}
}

func TestOwnTimeoutsAreCapped(t *testing.T) {
	p := sessnode.DefaultPolicy()
	p.MaxIdle, p.AnonymousIdle = time.Hour, time.Minute
	for _, test := range []struct {
		own       time.Duration
		anonymous bool
		want      time.Duration
	}{
		{0, false, 30 * time.Minute}, {0, true, time.Minute}, {5 * time.Minute, true, 5 * time.Minute}, {14 * sessnode.Day, false, time.Hour},
	} {
		if got := p.IdleFor(test.own, test.anonymous); got != test.want {
			t.Errorf("IdleFor(%v, %v) = %v, want %v", test.own, test.anonymous, got, test.want)
		}
	}
}

func TestTouchResolutionIsAThirtiethWithinBounds(t *testing.T) {
	p := sessnode.DefaultPolicy()
	for idle, want := range map[time.Duration]time.Duration{
		2 * time.Second: time.Second, 10 * time.Minute: 20 * time.Second, 14 * sessnode.Day: time.Minute,
	} {
		if got := p.ResolutionFor(idle); got != want {
			t.Errorf("ResolutionFor(%v) = %v, want %v", idle, got, want)
		}
	}
}

func TestAppNames(t *testing.T) {
	for name, want := range map[string]bool{
		"web": true, "a": true, "shop-2.eu_west": true, strings.Repeat("a", 64): true,
		"": false, "-a": false, ".": false, "Web": false, "a/b": false, "a b": false, "ä": false, strings.Repeat("a", 65): false,
	} {
		if got := sessnode.ValidApp(name); got != want {
			t.Errorf("ValidApp(%q) = %v, want %v", name, got, want)
		}
	}
}

func FuzzPositionIsReadBack(f *testing.F) {
	f.Add("2-1z")
	f.Add("-")
	f.Add("0-0-0")
	f.Add("zzzzzzzzzzzzzzzzzzzz-1")
	f.Fuzz(func(t *testing.T, s string) {
		p, err := sessnode.ParsePosition(s)
		if err != nil {
			if !errors.Is(err, sessnode.ErrInvalid) {
				t.Errorf("ParsePosition(%q) = %v, want ErrInvalid", s, err)
			}
			return
		}
		if again, err := sessnode.ParsePosition(p.String()); err != nil || again != p {
			t.Errorf("ParsePosition(%q) = %v, then %v, %v", s, p, again, err)
		}
	})
}
