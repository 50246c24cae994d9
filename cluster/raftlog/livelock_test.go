package raftlog

import "testing"

func TestSnapshotThatBringsNothingThriceIsALivelock(t *testing.T) {
	type step struct{ installed, appended uint64 }
	for name, c := range map[string]struct {
		steps []step
		want  int
	}{
		"same one thrice":             {[]step{{installed: 10}, {installed: 10}, {installed: 10}}, 1},
		"reported once":               {[]step{{installed: 10}, {installed: 10}, {installed: 10}, {installed: 10}, {installed: 10}}, 1},
		"same one twice":              {[]step{{installed: 10}, {installed: 10}}, 0},
		"appends in between":          {[]step{{installed: 10}, {installed: 10}, {appended: 11}, {installed: 10}}, 0},
		"appends before the snapshot": {[]step{{installed: 10}, {appended: 10}, {installed: 10}, {appended: 4}, {installed: 10}}, 1},
		"later ones":                  {[]step{{installed: 10}, {installed: 20}, {installed: 30}, {installed: 40}}, 0},
	} {
		failures := 0
		l := Livelock{OnFailure: func(error) { failures++ }}
		for _, s := range c.steps {
			if s.installed > 0 {
				l.Installed(s.installed)
			} else {
				l.Appended(s.appended)
			}
		}
		if failures != c.want {
			t.Errorf("%s: %d failures, want %d", name, failures, c.want)
		}
	}
}
