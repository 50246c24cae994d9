package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/sessnode/sessnode/internal/term"
	"github.com/sessnode/sessnode/internal/view"
)

// printer writes a verb's result to standard output in the form that -o asked for, and its narration to standard error.
//
// A table on a terminal is aligned; in a pipe or file its columns are separated by tabs, with the headers in the first line
// and without totals. JSON is promised to stay as it is: fields are added, never renamed or removed.
type printer struct {
	out, err io.Writer
	form     string      // "table", "wide", "json" or "jsonl"
	screen   term.Screen // of standard output
	errors   term.Screen // of standard error
	quiet    bool
}

func newPrinter(std stdio, s clientSettings) printer {
	return printer{
		out: std.out, err: std.err, form: s.Output, quiet: s.Quiet,
		screen: term.Of(std.out, std.env, s.Color), errors: term.Of(std.err, std.env, s.Color),
	}
}

// wide reports whether tables show all columns.
func (p printer) wide() bool { return p.form == "wide" }

// isJSON reports whether a program reads the result.
func (p printer) isJSON() bool { return p.form == "json" || p.form == "jsonl" }

// say narrates on standard error, unless -q was given.
func (p printer) say(format string, args ...any) {
	if !p.quiet {
		fmt.Fprintf(p.err, format+"\n", args...)
	}
}

// view says for whom tables are made.
func (p printer) view() view.Form {
	return view.Form{Now: time.Now(), Plain: !p.screen.TTY, Screen: p.screen}
}

// table writes a table for people, or with tabs for programs. A wide one is not cut.
func (p printer) table(t *term.Table) error {
	if !p.screen.TTY {
		return t.TSV(p.out)
	}
	s := p.screen
	if p.wide() {
		s.Width = math.MaxInt
	}
	return t.Write(p.out, s)
}

// json writes one value: indented for -o json, on one line for -o jsonl. It is written at once, so that an interrupted verb
// leaves no half of it.
func (p printer) json(v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if p.form == "json" {
		enc.SetIndent("", "  ")
	}
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("the result has no JSON form: %w", err)
	}
	_, err := p.out.Write(b.Bytes())
	return err
}

// printOne writes a single result: v as JSON, or else the table.
func printOne(p printer, v any, table func() *term.Table) error {
	if p.isJSON() {
		return p.json(v)
	}
	return p.table(table())
}

// printList writes a list: a JSON array, a JSON object a line, or the table. Where there is nothing, empty says so on
// standard error, and standard output has an empty array or nothing.
func printList[T any](p printer, items []T, table func() *term.Table, empty string) error {
	if len(items) == 0 {
		p.say("%s", empty)
	}
	switch {
	case p.form == "json":
		if items == nil {
			items = []T{}
		}
		return p.json(items)
	case p.form == "jsonl":
		for _, item := range items {
			if err := p.json(item); err != nil {
				return err
			}
		}
		return nil
	case len(items) == 0:
		return nil
	}
	return p.table(table())
}
