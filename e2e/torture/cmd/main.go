// Command cmd plays the trials of package torture and writes the comparison; scripts/torture.sh prepares what it needs and runs it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/sessnode/sessnode/e2e/torture"
)

func main() {
	python := flag.String("python", "", "interpreter with e2e/torture/requirements.txt and python/ installed")
	plays := flag.Int("n", 100, "how often each trial is played")
	failures := flag.Int("failures", 10, "how often each failure is played")
	apps := flag.String("apps", "", "which applications, by name, with commas; empty: all")
	out := flag.String("out", "", "file for the page; empty: standard output")
	keep := flag.String("keep", "", "file for what was found: of applications that are not played now, what it has goes into the page")
	cost := flag.Int("cost", 0, "measure instead what pages cost, in this many rounds")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *python, *plays, *failures, *apps, *out, *keep, *cost); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, python string, plays, failures int, apps, out, keep string, cost int) error {
	specs := torture.Catalog()
	if apps != "" {
		names := strings.Split(apps, ",")
		specs = slices.DeleteFunc(specs, func(s torture.Spec) bool { return !slices.Contains(names, s.Name) })
		if len(specs) != len(names) {
			return fmt.Errorf("not all of %s are applications", apps)
		}
	}
	dir, err := os.MkdirTemp("", "sessnode-torture-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	w, binary, err := torture.Prepare(ctx, dir, python)
	if err != nil {
		return err
	}
	defer w.Gate.Close()
	plan := torture.Plan{Specs: specs, Binary: binary, Plays: plays, Failures: failures,
		Log: func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }}
	if cost > 0 {
		costs, err := w.Cost(ctx, plan, cost)
		if err != nil {
			return err
		}
		return write(out, torture.CostPage(costs, cost))
	}
	findings, err := w.Run(ctx, plan)
	if err != nil {
		return err
	}
	if keep != "" {
		if specs, err = merge(keep, findings); err != nil {
			return err
		}
	}
	page := torture.Page{Specs: specs, Findings: findings, Versions: w.Versions(ctx, specs), Plays: plays, Failures: failures}
	return write(out, page.Markdown())
}

// merge adds what the file has of other applications to the findings, keeps all in the file, and returns what they are about.
func merge(path string, findings torture.Findings) ([]torture.Spec, error) {
	earlier, err := torture.Load(path)
	if err != nil {
		return nil, err
	}
	for app, tallies := range earlier {
		if findings[app] == nil {
			findings[app] = tallies
		}
	}
	specs := slices.DeleteFunc(torture.Catalog(), func(s torture.Spec) bool { return findings[s.Name] == nil })
	return specs, findings.Save(path)
}

func write(out, text string) error {
	if out == "" {
		fmt.Print(text)
		return nil
	}
	return os.WriteFile(out, []byte(text), 0o644)
}
