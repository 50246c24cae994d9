package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/view"
)

// ruleFlag is a flag for one rule of a policy. The text is judged by the rule; the default is the present policy's.
type ruleFlag struct {
	rule view.PolicyField
	text string
}

// String returns the text as typed.
func (f *ruleFlag) String() string { return f.text }

// Set checks the text against the rule.
func (f *ruleFlag) Set(text string) error {
	f.text = text
	return f.rule.Set(new(sessnode.Policy), text)
}

// Type names the value in help.
func (f *ruleFlag) Type() string { return f.rule.Kind }

func newAppSet(std stdio) *cobra.Command {
	var rules []*ruleFlag
	cmd := &cobra.Command{
		Use:   "set [NAME] [--RULE VALUE]... [flags]",
		Short: "Declare an app, or change rules of its policy",
		Long: "set changes the rules that are named and leaves the others as they are; without any it only declares the app. " +
			"What gets shorter acts at once and may end sessions; what gets longer acts at a session's next activity.",
		Example: "  sessnode app set web --idle 30m --lifetime 12h\n" +
			"  sessnode app set web --subject-limit 5 --on-limit evict-oldest",
		Args:              atMost("NAME"),
		ValidArgsFunction: completeApps(std),
		RunE: online(func(cmd *cobra.Command, args []string) error {
			c, s, err := connectNamed(cmd, std, args)
			if err != nil {
				return err
			}
			defer c.Close()
			a, err := c.App(cmd.Context())
			if err != nil {
				return err
			}
			p := newPrinter(std, s)
			var changes []string
			for _, f := range rules {
				if cmd.Flags().Changed(flagOf(f.rule)) {
					before := f.rule.Show(a.Policy)
					if err := f.rule.Set(&a.Policy, f.text); err != nil {
						return err
					}
					if after := f.rule.Show(a.Policy); after != before {
						changes = append(changes, fmt.Sprintf("%s: %s, was %s", f.rule.Name, after, before))
					}
				}
			}
			if len(changes) == 0 && a.Declared {
				p.say("nothing changes: the policy of %s is that already", c.Name())
				return printApp(p, a)
			}
			after, err := c.PutPolicy(cmd.Context(), a.Policy)
			if err != nil {
				return badPolicy(err)
			}
			for _, change := range changes { // told once it is true
				p.say("%s", change)
			}
			return printApp(p, after)
		}),
	}
	for _, rule := range view.PolicyFields() {
		f := &ruleFlag{rule: rule}
		rules = append(rules, f)
		cmd.Flags().Var(f, flagOf(rule), rule.Help)
	}
	_ = cmd.RegisterFlagCompletionFunc("on-limit", cobra.FixedCompletions([]string{"reject", "evict-oldest"}, cobra.ShellCompDirectiveNoFileComp)) // the flag is there
	addClientFlags(cmd)
	return cmd
}

func flagOf(rule view.PolicyField) string { return strings.ReplaceAll(rule.Name, "_", "-") }

// badPolicy says what a policy may hold.
func badPolicy(err error) error {
	var e *sessnode.Error
	switch {
	case !errors.As(err, &e):
		return err
	case errors.Is(err, sessnode.ErrInvalid):
		return &problem{what: "the policy was not changed: " + e.Detail, why: "a rule is out of its range", try: "sessnode app set --help; the ranges are in docs/reference/limits.md", exit: exitUsage, err: err}
	case e.Reason == sessnode.ReasonChanging:
		return &problem{what: "the policy was not changed: an earlier change is still being carried out", why: "shortening a policy ends sessions in steps",
			try: "the same again in a few seconds", exit: sessnode.CodeConflict.Info().Exit, err: err}
	}
	return err
}
