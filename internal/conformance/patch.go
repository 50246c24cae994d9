package conformance

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
)

var patching = []claim{
	{"PatchKeepsOtherAttributes", func(e *env) {
		token, _ := e.begin(client.Create{Attrs: attrs("a", "1", "b", "1", "c", "1")})
		e.patch(token, sessnode.Edit{Set: attrs("a", "2", "d", "2"), Unset: []string{"b", "absent"}})
		s := e.read(token)
		for name, want := range map[string]string{"a": "2", "b": "", "c": "1", "d": "2"} {
			e.attr(s, name, want)
		}
	}},
	{"ConcurrentPatchesOfDifferentAttributesAreAllKept", func(e *env) {
		token, _ := e.begin(client.Create{})
		const writers = 16
		together(e, writers, func(i int, c *client.Client) error {
			_, err := c.Patch(e.Context(), token, set(fmt.Sprint("a", i), fmt.Sprint(i)))
			return err
		})
		s := e.read(token)
		for i := range writers {
			e.attr(s, fmt.Sprint("a", i), fmt.Sprint(i))
		}
	}},
	{"ConcurrentIncrementsAllCount", func(e *env) {
		token, _ := e.begin(client.Create{})
		together(e, 32, func(_ int, c *client.Client) error {
			_, err := c.Patch(e.Context(), token, sessnode.Edit{Incr: map[string]int64{"n": 3}})
			return err
		})
		e.attr(e.read(token), "n", "96")
	}},
	{"IncrementKnowsTheEdgesOfInt64", func(e *env) {
		token, _ := e.begin(client.Create{Attrs: attrs("max", fmt.Sprint(math.MaxInt64-1), "min", fmt.Sprint(math.MinInt64+1))})
		s := e.patch(token, sessnode.Edit{Incr: map[string]int64{"max": 1, "min": -1, "new": math.MinInt64}})
		for name, want := range map[string]int64{"max": math.MaxInt64, "min": math.MinInt64, "new": math.MinInt64} {
			var got int64
			if err := client.Decode(s.Values[name], &got); err != nil || got != want {
				e.Errorf("incr of %s = %d, %v, want %d", name, got, err, want)
			}
		}
		for name, by := range map[string]int64{"max": 1, "min": -1} {
			_, err := e.on().Patch(e.Context(), token, sessnode.Edit{Incr: map[string]int64{name: by}, Set: attrs("touched", "1")})
			e.is("incr past int64", err, sessnode.ErrConflict, sessnode.ReasonNotInteger)
		}
		e.attr(e.read(token), "touched", "")
	}},
	{"OnlyCanonicalIntegersAreIncremented", func(e *env) {
		e.declare(unchanged)
		in := attrs("float", "1.0", "exp", "1e2", "minus", "-0", "string", `"1"`, "null", "null", "big", "9223372036854775808")
		in["msgpack"] = sessnode.Value{Codec: sessnode.Msgpack, Data: []byte{1}}
		token, _ := e.create(client.Create{Attrs: in})
		for name := range in {
			_, err := e.on().Patch(e.Context(), token, sessnode.Edit{Incr: map[string]int64{name: 1}})
			e.is("incr of "+name, err, sessnode.ErrConflict, sessnode.ReasonNotInteger)
		}
	}},
	{"IfComparesStoredBytesAndCodec", func(e *env) {
		token, _ := e.begin(client.Create{Attrs: attrs("a", "1.0")})
		for name, tc := range map[string]struct {
			guard sessnode.Guard
			on    string
			holds bool
		}{
			"equal":               {sessnode.Guard{Value: text("1.0")}, "a", true},
			"same number":         {sessnode.Guard{Value: text("1")}, "a", false},
			"other codec":         {sessnode.Guard{Value: sessnode.Value{Codec: sessnode.Bytes, Data: []byte("1.0")}}, "a", false},
			"absent but there":    {sessnode.Guard{Absent: true}, "a", false},
			"absent":              {sessnode.Guard{Absent: true}, "b", true},
			"equal but not there": {sessnode.Guard{Value: text("1.0")}, "b", false},
		} {
			edit := set("seen", `"`+name+`"`)
			edit.If = map[string]sessnode.Guard{tc.on: tc.guard}
			_, err := e.on().Patch(e.Context(), token, edit)
			if tc.holds {
				e.ok("Patch if "+name, err)
				e.attr(e.read(token), "seen", `"`+name+`"`)
			} else {
				e.is("Patch if "+name, err, sessnode.ErrPrecondition, "")
			}
		}
	}},
	{"OneOfManyWinsACompareAndSet", func(e *env) {
		token, _ := e.begin(client.Create{})
		var mu sync.Mutex
		wins := 0
		together(e, 16, func(i int, c *client.Client) error {
			edit := set("lock", fmt.Sprint(i))
			edit.If = map[string]sessnode.Guard{"lock": {Absent: true}}
			_, err := c.Patch(e.Context(), token, edit)
			if err == nil {
				mu.Lock()
				wins++
				mu.Unlock()
			} else {
				e.is("Patch if absent", err, sessnode.ErrPrecondition, "")
			}
			return nil
		})
		if wins != 1 {
			e.Errorf("winners of one compare-and-set = %d, want 1", wins)
		}
	}},
	{"PatchOfAnotherVersionIsRefused", func(e *env) {
		token, _ := e.begin(client.Create{Attrs: attrs("a", "1")})
		old := e.read(token).ETag
		_, err := e.on().Patch(e.Context(), token, set("a", "2"), client.IfMatch(old))
		e.ok("Patch of the version that was read", err)
		_, err = e.on().Patch(e.Context(), token, set("a", "3"), client.IfMatch(old))
		e.is("Patch of an old version", err, sessnode.ErrPrecondition, "")
		e.attr(e.read(token), "a", "2")
	}},
	{"PatchMaySetTimeoutsAndDevice", func(e *env) {
		token, _ := e.begin(client.Create{})
		e.patch(token, sessnode.Edit{Timeouts: sessnode.TimeoutChange{Idle: ptr(time.Hour)}, Device: &sessnode.Device{Label: "phone"}})
		if s := e.read(token); s.Timeouts.Idle != time.Hour || s.Device.Label != "phone" {
			e.Errorf("Read = %+v, want an hour of idling and the label", s)
		}
	}},
	{"PatchNeverCreates", func(e *env) {
		e.declare(unchanged)
		token := sessnode.NewToken()
		_, err := e.on().Patch(e.Context(), token, set("a", "1"))
		e.is("Patch of nothing", err, sessnode.ErrNotFound, "")
		e.gone(token, "")
	}},
}

// together calls f from many goroutines at once, over all nodes, and waits for them.
func together(e *env, n int, f func(i int, c *client.Client) error) {
	var wg sync.WaitGroup
	for i := range n {
		c := e.on()
		wg.Go(func() {
			if err := f(i, c); err != nil {
				e.Errorf("call %d of %d at once = %v", i, n, err)
			}
		})
	}
	wg.Wait()
}

// shortly is a context for calls that are expected to be tried in vain.
func shortly(e *env) (context.Context, context.CancelFunc) {
	return context.WithTimeout(e.Context(), 500*time.Millisecond)
}
