package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sessnode/sessnode/internal/drill"
	"github.com/sessnode/sessnode/internal/drill/live"
	reports "github.com/sessnode/sessnode/internal/drill/report"
	"github.com/sessnode/sessnode/internal/drill/result"
	"github.com/sessnode/sessnode/internal/drill/summary"
	"github.com/sessnode/sessnode/internal/local"
	"github.com/sessnode/sessnode/internal/term"
)

// playDrills plays what was typed, shows it, and says what came of it.
func playDrills(ctx context.Context, std stdio, f drillFlags, args []string) error {
	scenarios, c, err := f.chosen(args)
	if err != nil {
		return err
	}
	if err := c.Validate(); err != nil {
		return &usageError{err}
	}
	for _, s := range scenarios {
		if s.ByHand {
			return &problem{what: s.Name + " needs a live cluster", why: "what an operator does to a cluster is to be rehearsed where the operator can reach it",
				try: "sessnode drill " + s.Name + " --target URL", exit: exitUsage}
		}
	}
	return play(ctx, std, f, scenarios, c)
}

// play plays scenarios with these settings.
func play(ctx context.Context, std stdio, f drillFlags, scenarios []drill.Scenario, c drill.Config) error {
	if inner, err := ownMounts(ctx, std, scenarios); inner {
		return err
	}
	var err error
	if c.Binary, err = os.Executable(); err != nil {
		return err
	}
	c.Version, _ = buildVersion()
	out, form := std.err, live.Text
	if f.output == "jsonl" {
		out, form = std.out, live.JSONL
	}
	printer := live.NewPrinter(out, term.Of(out, std.env, f.color), form)
	defer printer.Close()
	c.Observer = &drillView{printer: printer}
	many := len(scenarios) > 1
	if err := clearReports(f.out); err != nil {
		return err
	}
	all, err := drill.RunSuite(local.WithParent(ctx), scenarios, c, func(r result.Result, e drill.Evidence) error {
		dir := f.out
		if many {
			dir = filepath.Join(dir, reports.Folder(r))
		}
		return reports.Write(dir, r, e.Ops)
	})
	if err == nil && many {
		err = reports.WriteSuite(f.out, all)
	}
	printer.Close()
	if err != nil {
		return drillProblem(err)
	}
	return conclude(std, f, all)
}

// conclude prints what came of the drills, and returns the exit code of their verdict.
func conclude(std stdio, f drillFlags, all []result.Result) error {
	screen := term.Of(std.out, std.env, f.color)
	left := summary.Left{Report: filepath.Join(f.out, reports.PageFile)}
	switch {
	case f.output == "json":
		if err := printDrillsJSON(std.out, all); err != nil {
			return err
		}
	case f.output == "jsonl":
	case len(all) == 1:
		left.Others = []string{reports.ResultFile, reports.HistoryFile}
		printLines(std.out, summary.Drill(all[0], left, screen))
	default:
		printLines(std.out, summary.Suite(all, left, screen))
	}
	switch result.Overall(all) {
	case result.Pass:
		return nil
	case result.Fail:
		return &silent{exitFailed}
	}
	return &silent{exitInconclusive}
}

func printLines(w io.Writer, lines []string) {
	for _, line := range lines {
		fmt.Fprintln(w, line)
	}
}

// printDrillsJSON prints the results without what only a report is drawn from.
func printDrillsJSON(w io.Writer, all []result.Result) error {
	shown := make([]result.Result, len(all))
	for i, r := range all {
		r.Slots, r.Points, r.Applied, r.Logs = nil, nil, nil, nil
		shown[i] = r
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(map[string]any{"verdict": result.Overall(all), "drills": shown})
}

// clearReports removes the reports that earlier drills have left in a directory: the files that we write, and the directories that held
// nothing else.
func clearReports(dir string) error {
	folders, err := filepath.Glob(filepath.Join(dir, "*", reports.ResultFile))
	if err != nil {
		return err
	}
	for _, path := range append(folders, filepath.Join(dir, reports.ResultFile)) {
		for _, name := range []string{reports.PageFile, reports.ResultFile, reports.HistoryFile, reports.TableFile} {
			if err := os.Remove(filepath.Join(filepath.Dir(path), name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("an earlier report: %w", err)
			}
		}
		_ = os.Remove(filepath.Dir(path)) // stays where somebody keeps other things in it
	}
	return nil
}
