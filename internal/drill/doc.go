// Package drill rehearses failure: it starts a cluster of real processes, puts clients with known histories and people on the login
// app onto it, hurts it in a known way, lets it recover, and judges everything that was seen.
//
// Three things make a verdict worth something. Every fault is seen to have landed, enough was asked while it held, and every checker
// came to an end: otherwise the verdict is INCONCLUSIVE, never PASS. The checkers are tried on stores that are broken on purpose
// (internal/sabotage), and have to find each. And a drill is repeated by its seed, which decides who is hurt, and what clients want;
// what it does not decide is time, so a repetition is alike and not the same.
//
// A Target is a cluster that others use. It is drilled where it runs, only in ways that end by themselves or by its operator's hands, in
// apps of the drill's own, and after Examine has found it fit; what is owed to it is told before, and undone however the drill ends (Owed).
//
// A Scenario says what is done to the cluster; Run plays one, RunSuite several.
package drill
