package result

// Judge draws the verdict from the checks and doubts: FAIL where a check failed, else INCONCLUSIVE where one could not be judged, a
// doubt remains or there is no check at all, else PASS.
func (r *Result) Judge() Verdict {
	verdict := Pass
	if len(r.Doubts) > 0 || len(r.Checks) == 0 {
		verdict = Inconclusive
	}
	for _, c := range r.Checks {
		switch c.Verdict {
		case Pass:
		case Fail:
			return Fail
		default:
			verdict = Inconclusive
		}
	}
	return verdict
}
