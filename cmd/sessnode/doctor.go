package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sessnode/sessnode/internal/config"
	"github.com/sessnode/sessnode/internal/doctor"
	"github.com/sessnode/sessnode/internal/term"
	"github.com/sessnode/sessnode/internal/view"
)

func newDoctor(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "doctor [flags]",
		Short: "Find the usual mistakes, before and after a node starts, and how to mend them",
		Long: "doctor takes the settings of serve, from flags, variables and the file: replace `serve` on the command line by `doctor`. It looks at them, at this host " +
			"(ports, disk, data directory, certificates, memory, limits, clock) and at the seeds, as the node would meet them. Where a URL is set it asks the cluster too; with " +
			"--url and no setting of a node, nothing else.\n\n" +
			"It changes nothing, but for a small file that measures the disk and is removed. It ends within about five seconds, with 0 where nothing is in the way, and with 1 " +
			"where something must be mended. -q shows only what is not ok.",
		Example: "  sessnode doctor --config sessnode.yaml\n  sessnode doctor --url http://10.0.0.11:7480\n  sessnode doctor -o json | jq -r '.findings[] | select(.level != \"ok\") | .cure'",
		Args:    needs(),
		RunE: online(func(cmd *cobra.Command, _ []string) error {
			p, s, done, err := patientOf(cmd, std)
			if err != nil {
				return err
			}
			defer done()
			return printReport(newPrinter(std, s), p.Examine(cmd.Context()))
		}),
	}
	addNodeFlags(cmd)
	addClientFlags(cmd)
	return cmd
}

// patientOf reads what serve would be told, and finds the cluster to ask. Faults of the node's settings are findings, not errors. The
// caller calls done.
func patientOf(cmd *cobra.Command, std stdio) (p doctor.Patient, s clientSettings, done func(), err error) {
	done = func() {}
	sources, fileFault := nodeSources(cmd, std)
	node, nodeFault := config.Load(sources...)
	p = doctor.Patient{Config: node, Faults: errors.Join(fileFault, nodeFault), Env: os.Environ(), Local: true}
	asks, tells := false, false
	for _, v := range config.Values(config.ForAll, sources...) {
		asks = asks || v.Key.Name == "url" && v.From != config.FromDefault
		tells = tells || v.Key.Scope == config.ForNode && v.From != config.FromDefault && v.Key.Name != "name"
	}
	if !asks {
		s.Client, err = config.LoadClient(sources...)
		return p, s, done, err
	}
	c, s, err := connect(cmd, std)
	if err != nil {
		return p, s, done, err
	}
	flag := cmd.Flags().Lookup("url")
	p.Local = tells || flag == nil || !flag.Changed
	p.Cluster = &view.Looker{Client: c, HTTP: s.transport, Each: min(s.Timeout, eachNode)}
	return p, s, c.Close, nil
}

func printReport(p printer, r doctor.Report) error {
	var err error
	switch {
	case p.isJSON():
		err = p.json(r)
	case p.screen.TTY:
		_, err = fmt.Fprintln(p.out, strings.Join(reportLines(p, r), "\n"))
	default:
		p.say("%s", term.Clean(r.Summary))
		t := term.NewTable("LEVEL", "CHECK", "FOUND", "CURE")
		for _, f := range r.Findings {
			if !p.quiet || f.Level != doctor.OK {
				t.Row(string(f.Level), f.Check, term.Clean(f.What), term.Clean(f.Cure))
			}
		}
		err = p.table(t)
	}
	if err != nil || r.Healthy {
		return err
	}
	return &silent{exitFailure}
}

// checkColumn is where what was found begins: a sign, and the longest name of a check.
const checkColumn = 17

// reportLines is the report for a person: the verdict, and a line a check with its cure below.
func reportLines(p printer, r doctor.Report) []string {
	s := p.screen
	var lines []string
	if !p.quiet {
		lines = append(lines, s.Bold(sign(s, verdict(r), term.Clean(r.Summary))), "")
	}
	indent := strings.Repeat(" ", checkColumn)
	for _, f := range r.Findings {
		if p.quiet && f.Level == doctor.OK {
			continue
		}
		name := term.Pad(f.Check, checkColumn-2)
		for i, line := range wrapped(term.Clean(f.What), max(24, s.Width-checkColumn)) {
			if i == 0 {
				lines = append(lines, sign(s, f.Level, name)+line)
			} else {
				lines = append(lines, indent+line)
			}
		}
		if f.Cure != "" {
			for i, line := range wrapped(term.Clean(f.Cure), max(24, s.Width-checkColumn-2)) {
				arrow := "  "
				if i == 0 {
					arrow = "→ "
				}
				lines = append(lines, indent+s.Cyan(arrow+line))
			}
		}
	}
	return lines
}

// verdict is the worst level.
func verdict(r doctor.Report) doctor.Level {
	worst := doctor.OK
	for _, f := range r.Findings {
		if f.Level == doctor.Fail || f.Level == doctor.Warn && worst == doctor.OK {
			worst = f.Level
		}
	}
	return worst
}

func sign(s term.Screen, l doctor.Level, text string) string {
	switch l {
	case doctor.OK:
		return s.OK(text)
	case doctor.Warn:
		return s.Warn(text)
	}
	return s.Bad(text)
}
