package main

import "github.com/sessnode/sessnode"

// Exit codes beyond those that the table of errors gives (sessnode.Codes). They are stable: supervisors and scripts act on
// them.
const (
	exitOK           = 0
	exitFailure      = 1   // anything else; from check: not ready
	exitUsage        = 2   // a flag, variable or file is wrong: starting again will not help
	exitUnavailable  = 4   // a port or the data directory is in use, the disk is full: starting again may help
	exitConflict     = 5   // the data directory is damaged, or of another node, cluster or format: an operator must look
	exitFailStop     = 8   // the node stopped itself to protect its state: the disk stalled or failed, or its replica differs
	exitFailed       = 20  // a verdict: a promise was broken
	exitInconclusive = 21  // a verdict: not everything could be judged
	exitInterrupted  = 130 // a signal ended it; from serve: a second one cut the drain short
)

// exitMeaning is one row of the page on exit codes.
type exitMeaning struct {
	code    int
	meaning string
}

// exitMeanings lists every code in order, for the reference page.
func exitMeanings() []exitMeaning {
	return []exitMeaning{
		{exitOK, "success; `serve`: stopped by a signal after a complete drain; `check`, `status`: healthy"},
		{exitFailure, "failure without a code of its own; `check`: not healthy; `status`: degraded; a question answered with no"},
		{exitUsage, "usage: a flag, variable, file or request is wrong; the same again does not help"},
		{sessnode.CodeNotFound.Info().Exit, "not found: no live session, nothing remembered, or a place in a list or stream that is no longer kept"},
		{exitUnavailable, "unavailable or timed out: trying again may help; nothing was changed; `status`: no leader, or no node answers; `serve`: a port or the data directory is in use, the disk is full"},
		{exitConflict, "conflict with what is stored, a limit, or a precondition that does not hold; `serve`: the data directory is damaged, or belongs to another node, cluster or format"},
		{sessnode.CodeForbidden.Info().Exit, "not authorised: the API key is missing, unknown, or does not cover this"},
		{sessnode.CodeUnknown.Info().Exit, "outcome unknown: a change was sent and no answer came; look before doing it again"},
		{exitFailStop, "`serve` stopped itself to protect its state: the disk stalled or failed, or the replica differs from the majority"},
		{exitFailed, "verdict FAIL: a promise was broken"},
		{exitInconclusive, "verdict INCONCLUSIVE: not everything could be judged, for instance because a fault did not land"},
		{exitInterrupted, "interrupted by a signal; `serve`: a second one cut the drain short"},
	}
}
