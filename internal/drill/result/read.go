package result

import "time"

// Duration turns a number of milliseconds, as a Result has them, into a duration.
func Duration(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }

// Length is how long the gap was.
func (g Gap) Length() time.Duration { return Duration(g.ToMS - g.FromMS) }

// Split reports whether the parts of the gap are known.
func (g Gap) Split() bool { return g.DetectMS+g.ElectMS+g.RedirectMS > 0 }

// Find returns the check of a name, and false if the drill did not come to it.
func (r *Result) Find(name string) (Check, bool) {
	for _, c := range r.Checks {
		if c.Name == name {
			return c, true
		}
	}
	return Check{}, false
}

// Held counts the checks that passed.
func (r *Result) Held() int {
	n := 0
	for _, c := range r.Checks {
		if c.Verdict == Pass {
			n++
		}
	}
	return n
}

// Overall is the verdict of several drills: FAIL if one failed, else INCONCLUSIVE if one was or there was none, else PASS.
func Overall(all []Result) Verdict {
	verdict := Pass
	if len(all) == 0 {
		verdict = Inconclusive
	}
	for i := range all {
		switch all[i].Verdict {
		case Pass:
		case Fail:
			return Fail
		default:
			verdict = Inconclusive
		}
	}
	return verdict
}

// Served is what a slot of time was like for clients.
type Served uint8

// What a slot can be like, from the best to the worst.
const (
	Fully    Served = iota // everything was acknowledged at the first try
	Partly                 // something was acknowledged; something was retried, refused or unknown
	Silent                 // nothing ended: clients wait
	Refusing               // nothing was acknowledged; what ended was certainly not made
	Unsure                 // nothing was acknowledged, and something may have been made
)

// Served returns what the slot was like.
func (s Slot) Served() Served {
	switch acked := s.OK + s.Retried; {
	case acked > 0 && s.Retried+s.Refused+s.Unknown == 0:
		return Fully
	case acked > 0:
		return Partly
	case s.Unknown > 0:
		return Unsure
	case s.Refused > 0:
		return Refusing
	}
	return Silent
}
