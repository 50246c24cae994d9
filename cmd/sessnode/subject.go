package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/term"
	"github.com/sessnode/sessnode/internal/view"
)

func newSubject(std stdio) *cobra.Command {
	return family("subject", "Signed-in users, wherever they are",
		"A subject is the signed-in user that sessions belong to. An app's own key is enough for its subjects.",
		newSubjectSessions(std), newSubjectRevoke(std), newSubjectExport(std))
}

func newSubjectSessions(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "sessions NAME [flags]",
		Short:   "List the live sessions of a subject, oldest first",
		Example: "  sessnode subject sessions ada --app web",
		Args:    needs("NAME"),
		RunE: online(func(cmd *cobra.Command, args []string) error {
			c, s, err := connectApp(cmd, std)
			if err != nil {
				return err
			}
			defer c.Close()
			return listSubject(cmd.Context(), c, newPrinter(std, s), args[0], 0)
		}),
	}
	addClientFlags(cmd)
	return cmd
}

func newSubjectRevoke(std stdio) *cobra.Command {
	var (
		except string
		agree  consent
	)
	cmd := &cobra.Command{
		Use:   "revoke NAME [--except ID] [flags]",
		Short: "Log a subject out everywhere, or everywhere else",
		Long: "revoke ends all sessions of a subject in one step, but for the one that --except names. No session of the subject " +
			"that began before it lives after it. It asks first; without a terminal it needs --yes.",
		Example: "  sessnode subject revoke ada --app web --dry-run\n  sessnode subject revoke ada --app web --except iZ1pO5ZkRyq4yq7CQeR9bA --yes",
		Args:    needs("NAME"),
		RunE: online(func(cmd *cobra.Command, args []string) error {
			var spared sessnode.ID
			if except != "" {
				id, err := parseID(except)
				if err != nil {
					return err
				}
				spared = id
			}
			c, s, err := connectApp(cmd, std)
			if err != nil {
				return err
			}
			defer c.Close()
			p := newPrinter(std, s)
			result := outcome{App: c.Name(), Subject: args[0], DryRun: agree.dryRun}
			live, err := c.SubjectSessions(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			for _, s := range live {
				if s.ID != spared {
					result.Ended++
				}
			}
			what := fmt.Sprintf("end %s of %s in the app %s", plural(result.Ended, "session"), term.Clean(args[0]), c.Name())
			if ok, err := agree.given(std, p, what); err != nil || !ok && !agree.dryRun {
				return err
			} else if ok {
				if result.Ended, err = c.RevokeSubject(cmd.Context(), args[0], spared); err != nil {
					return err
				}
			}
			return printOutcome(p, result)
		}),
	}
	cmd.Flags().StringVar(&except, "except", "", "the id of a session that stays")
	agree.flags(cmd)
	addClientFlags(cmd)
	return cmd
}

// printOutcome writes how many sessions were ended.
func printOutcome(p printer, o outcome) error {
	if p.isJSON() {
		return p.json(o)
	}
	if !o.DryRun {
		p.say("ended %s", plural(o.Ended, "session"))
	}
	t := term.NewTable("APP", "SUBJECT", "ENDED").Right(2)
	t.Row(o.App, term.Clean(o.Subject), p.view().Count(o.Ended))
	if p.screen.TTY {
		return nil // the sentence has said it
	}
	return p.table(t)
}

func plural(n uint64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return term.Count(n) + " " + noun + "s"
}

func newSubjectExport(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "export NAME [flags]",
		Short: "Write everything that is stored about a subject, as JSON",
		Long: "export writes all that the store holds about a subject (GDPR article 15): live sessions with their attributes, and " +
			"what is remembered of those that ended. The form is JSON, with -o jsonl on one line.",
		Example: "  sessnode subject export ada --app web > ada.json",
		Args:    needs("NAME"),
		RunE: online(func(cmd *cobra.Command, args []string) error {
			c, s, err := connectApp(cmd, std)
			if err != nil {
				return err
			}
			defer c.Close()
			found, err := c.ExportSubject(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			p := newPrinter(std, s)
			if !p.isJSON() {
				p.form = "json"
			}
			return p.json(view.ExportOf(found.App, found.Subject, found.Sessions, found.Ended))
		}),
	}
	addClientFlags(cmd)
	return cmd
}
