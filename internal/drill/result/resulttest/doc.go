// Package resulttest invents results of drills for the tests of what shows them: one that passed, one that failed, one in doubt, one
// with nothing in it, and a suite. They are the same each time, and they hold what a node may write to harm a reader: markup and
// escape sequences. No binary imports it.
package resulttest

// Hostile is what a node's name or log may hold.
const Hostile = "<script>alert('x')</script>\x1b[31mred\x1b]0;title\a&quot;\u202e"
