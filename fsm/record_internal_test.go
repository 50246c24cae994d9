package fsm

import (
	"bytes"
	"testing"

	"github.com/sessnode/sessnode"
)

// TestTimesAreFoundWhereTheyStand: what is written over in place is found past all that may stand before it.
func TestTimesAreFoundWhereTheyStand(t *testing.T) {
	const day = int64(24 * 3600 * 1e9)
	for name, change := range map[string]func(*record){
		"plain":               func(*record) {},
		"signed in":           func(r *record) { r.subject, r.authenticated = "ada", r.created },
		"authenticated later": func(r *record) { r.subject, r.authenticated = "ada", r.created+1e9 },
		"never":               func(r *record) { r.authenticated = 0 },
		"all that there is": func(r *record) {
			r.serial, r.version, r.subject, r.unused = 1<<40, 1<<20, "ada", true
			r.device, r.idle, r.expires, r.previous = sessnode.Device{IP: "192.0.2.1", UserAgent: "Firefox"}, 1e9, r.created+day, []sessnode.Key{{1}}
		},
	} {
		r := record{slot: slot{app: 3, key: sessnode.Key{1}}, id: sessnode.ID{2}, serial: 5, version: 1, created: 20_000 * day, touched: 20_000*day + 7e9}
		r.authenticated, r.deadline = r.created, r.touched+1800e9
		r.set("name", sessnode.Value{Data: []byte(`"value"`)})
		change(&r)
		raw := r.put(nil)
		times := timesOf(raw)
		if times.touched != r.touched || times.deadline != r.deadline {
			t.Errorf("%s: touched %d, deadline %d, want %d, %d", name, times.touched, times.deadline, r.touched, r.deadline)
		}
		r.touched, r.deadline = r.touched+1e9, r.deadline+2e9
		over := bytes.Clone(raw)
		copy(over[times.from:times.to], r.putTimes(nil))
		if want := r.put(nil); !bytes.Equal(over, want) {
			t.Errorf("%s: written over %x, anew %x", name, over, want)
		}
	}
}
