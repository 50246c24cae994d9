// Package report writes what a drill leaves on disk: a page for people (index.html), the result for programs (result.json) and what
// the clients asked and were told (history.jsonl); for a suite a page that leads to them, and a table for documents.
//
// The page is one file that asks the network for nothing. What it draws it also says in words and tables, and colour is never the
// only sign. Texts that come from nodes are shown, never obeyed. Everything here is a function of a result: nothing is judged.
package report
