// Package view is how sessions, nodes and policies are shown: as tables, as JSON with names that stay, and in sentences. It
// asks nodes for their state where several answers make one picture (the cluster's health), and computes rates from their
// metrics; it prints nothing and knows no flags.
//
// What comes from users or from other hosts passes term.Clean on its way into a table. JSON types are the promise of the
// command line's -o json: fields are added, never renamed. Everything in it is plain data, safe to share between goroutines
// as long as nobody writes to it, except where a type says otherwise.
package view
