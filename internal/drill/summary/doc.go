// Package summary is what a person reads in the terminal when drills are over: the verdict first, then a line for each check, or for
// each drill of a suite, then where the report is and how to play it again.
//
// Its functions are pure, draw what a result says, and judge nothing. No line is wider than the screen: what is longer goes on below.
package summary
