package demo

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestScriptsAreReadAsTheyAreWritten(t *testing.T) {
	got, err := ParseScript("k, wait:1.5s,r,p,s,q")
	want := []Step{{Key: 'k'}, {Wait: 1500 * time.Millisecond}, {Key: 'r'}, {Key: 'p'}, {Key: 's'}, {Key: 'q'}}
	if err != nil || !cmp.Equal(got, want) {
		t.Errorf("ParseScript() = %v, %v; want %v", got, err, want)
	}
	if got, err := ParseScript(" "); err != nil || got != nil {
		t.Errorf("ParseScript of nothing = %v, %v; want nothing", got, err)
	}
}

func TestScriptsWithUnknownStepsAreRefused(t *testing.T) {
	for _, text := range []string{"x", "k,,r", "kr", "wait", "wait:5", "wait:-1s", "wait:soon", "é"} {
		if got, err := ParseScript(text); err == nil {
			t.Errorf("ParseScript(%q) = %v, want an error", text, got)
		}
	}
}
