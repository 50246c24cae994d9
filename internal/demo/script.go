package demo

import (
	"fmt"
	"strings"
	"time"
)

// Step is one step of a script: a key, or a pause where Key is 0.
type Step struct {
	Key  rune
	Wait time.Duration
}

// The keys of the demo.
const (
	KeyKill    = 'k' // kill the leader
	KeyRestart = 'r' // restart what was killed
	KeyPause   = 'p' // pause the leader, or let it go on
	KeyStatus  = 's' // print the status so that it stays
	KeyQuit    = 'q'
)

// ParseScript reads what --script takes: keys and pauses, separated by commas, as in "k,wait:5s,r,q".
func ParseScript(text string) ([]Step, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	var steps []Step
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		pause, isPause := strings.CutPrefix(part, "wait:")
		switch {
		case isPause:
			d, err := time.ParseDuration(pause)
			if err != nil || d < 0 {
				return nil, fmt.Errorf("%q is no pause: write wait:5s or wait:500ms", part)
			}
			steps = append(steps, Step{Wait: d})
		case len(part) == 1 && strings.ContainsRune(string([]rune{KeyKill, KeyRestart, KeyPause, KeyStatus, KeyQuit}), rune(part[0])):
			steps = append(steps, Step{Key: rune(part[0])})
		default:
			return nil, fmt.Errorf("%q is no step: there are k, r, p, s, q and wait:DURATION", part)
		}
	}
	return steps, nil
}
