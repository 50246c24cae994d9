package bench

import (
	"errors"
	"reflect"
	"testing"
	"testing/synctest"
	"time"
)

// The tests of this file run in synctest's bubble: time passes only while everybody waits, so that figures are exact.

// planOf is a short plan of one workload. Sessions are made in no time, and there is no warm-up.
func TestEachRunHasTheNodesOfItsRoute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeStore{takes: always(10 * time.Millisecond)}
		p := planOf(t, "read", 3)
		p.Routes = []string{"leader", "follower", "all"}
		report := mustLoad(t, t.Context(), s, p, Observer{})
		for i, want := range [][]string{{"n1"}, {"n2"}, {"n1", "n2", "n3"}} {
			if got := report.Runs[i]; !reflect.DeepEqual(got.Nodes, want) || got.Route != p.Routes[i] {
				t.Errorf("run %d through %q: %v, want %v", i, got.Route, got.Nodes, want)
			}
		}
		if a, b, c := s.via["n1"], s.via["n2"], s.via["n3"]; a < 4000 || b < 4000 || c < 1000 || c > 1100 {
			t.Errorf("requests by node: %d, %d, %d, want 3000 for each route, the last one spread over all", a, b, c)
		}
		if s.opened != s.closed {
			t.Errorf("%d connections were made, %d closed", s.opened, s.closed)
		}
	})
}

func TestANewLeaderIsNoted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeStore{takes: always(10 * time.Millisecond), nodes: func(asked int) (Nodes, error) {
			if asked < 3 { // before the runs, and before the first
				return threeNodes("n1"), nil
			}
			return threeNodes("n3"), nil
		}}
		got := mustLoad(t, t.Context(), s, planOf(t, "read", 1), Observer{}).Runs[0]
		if len(got.Notes) != 1 || got.Notes[0] != "the leader changed, from n1 to n3" {
			t.Errorf("notes = %q", got.Notes)
		}
	})
}

func TestALeaderIsWaitedForBetweenRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		away := errors.New("away")
		for _, back := range []bool{true, false} {
			s := &fakeStore{takes: always(10 * time.Millisecond), nodes: func(asked int) (Nodes, error) {
				if asked > 3 && (asked < 10 || !back) {
					return nil, away
				}
				return threeNodes("n1"), nil
			}}
			p := planOf(t, "read", 1)
			p.Clients = []int{1, 1}
			report, err := Load(t.Context(), s, p, Observer{})
			if back != (err == nil) || !back && !errors.Is(err, away) {
				t.Errorf("back %v: error = %v", back, err)
			}
			if want := map[bool]int{true: 2, false: 1}[back]; len(report.Runs) != want || report.Left != 0 {
				t.Errorf("back %v: %d runs, %d left, want %d and none", back, len(report.Runs), report.Left, want)
			}
		}
	})
}

func TestNodesOfOtherHostsWantToBeAllowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		away := threeNodes("n1")
		away[2].URL = "http://10.0.0.13:7480"
		s := &fakeStore{takes: always(time.Millisecond), nodes: func(int) (Nodes, error) { return away, nil }}
		p := planOf(t, "read", 1)
		p.Routes = []string{"leader"} // sessions are made through all
		if _, err := Load(t.Context(), s, p, Observer{}); !errors.Is(err, ErrRemote) || s.calls != [operations]int{} {
			t.Errorf("Load = %v after %v requests, want %v after none", err, s.calls, ErrRemote)
		}
		p.Remote = true
		mustLoad(t, t.Context(), s, p, Observer{})
	})
}

func TestLoopback(t *testing.T) {
	for url, want := range map[string]bool{
		"http://127.0.0.1:7480": true, "http://127.1.2.3:1": true, "https://[::1]:7480": true, "http://localhost:7480": true, "http://[::ffff:127.0.0.1]:1": true,
		"http://10.0.0.1:7480": false, "http://localhost.example:7480": false, "http://0.0.0.0:7480": false, "http://127.0.0.1.nip.io:1": false, "::": false, "": false,
	} {
		if got := Loopback(url); got != want {
			t.Errorf("Loopback(%q) = %v, want %v", url, got, want)
		}
	}
}
