// Package term is what sessnode shows on a terminal, and what it leaves out where there is none: tables, colour, a block of
// lines that is redrawn in place, single keys, and texts of numbers for people. It knows nothing of the store, and it decides
// nothing about what is shown.
//
// A Screen says what a writer can show; everything else takes one. Without a terminal there are no escape sequences, unless
// colour was asked for by name. Texts that come from elsewhere (a user agent, a subject, an error of another process) go
// through Clean first: a terminal obeys what it is shown.
//
// Live may be used by several goroutines at once; a Table belongs to one. Keys starts a goroutine that its restore function
// ends and waits for.
package term
