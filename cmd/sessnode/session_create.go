package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/internal/view"
)

// spanFlag is a duration that may be given in days.
type spanFlag struct{ d time.Duration }

// String returns the duration as it can be typed.
func (f *spanFlag) String() string {
	if f.d == 0 {
		return ""
	}
	return view.Span(f.d)
}

// Set reads 90s, 30m, 12h, 14d.
func (f *spanFlag) Set(text string) (err error) {
	f.d, err = view.ParseSpan(text)
	return err
}

// Type names the value in help.
func (f *spanFlag) Type() string { return "duration" }

func newSessionCreate(std stdio) *cobra.Command {
	var (
		in             client.Create
		attrs          attributes
		idle, lifetime spanFlag
		expires        string
	)
	cmd := &cobra.Command{
		Use:   "create [--subject NAME] [--attr NAME=JSON]... [flags]",
		Short: "Make a session and show its token",
		Long: "create makes a session and shows its token, the secret that goes into the cookie: here and never again. " +
			"Without --subject the session is anonymous.",
		Example: "  sessnode session create --app web --subject ada --label laptop\n" +
			"  sessnode session create --app web --attr cart='[1,2]' \\\n    --string name=ada --idle 10m\n" +
			"  sessnode session create --app web -o json | jq -r .token > token.txt",
		Args: needs(),
		RunE: online(func(cmd *cobra.Command, _ []string) (err error) {
			if in.Attrs, err = attrs.values(); err != nil {
				return err
			}
			in.Timeouts = sessnode.Timeouts{Idle: idle.d, Lifetime: lifetime.d}
			if in.Timeouts.Expires, err = parseTime(expires); err != nil {
				return err
			}
			c, s, err := connectApp(cmd, std)
			if err != nil {
				return err
			}
			defer c.Close()
			token, made, err := c.Create(cmd.Context(), in)
			if err != nil {
				return tokenAfter(err)
			}
			return printNewToken(newPrinter(std, s), token, made)
		}),
	}
	flags := cmd.Flags()
	flags.StringVar(&in.Subject, "subject", "", "who is signed in (unset: nobody)")
	flags.StringArrayVar(&attrs.json, "attr", nil, "an attribute in JSON: cart='[1,2]'; may be given often")
	attrs.flags(cmd)
	flags.StringVar(&in.Device.Label, "label", "", "what its owner will recognise the browser by")
	flags.Var(&idle, "idle", "its own idle timeout (unset: the app's)")
	flags.Var(&lifetime, "lifetime", "its own lifetime (unset: the app's)")
	flags.StringVar(&expires, "expires", "", "when it ends in any case: 2026-12-31T00:00:00Z")
	addClientFlags(cmd)
	return cmd
}

func parseTime(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t, &problem{what: fmt.Sprintf("%q is no time", text), why: "times are written as RFC 3339 has them: date, T, time, zone",
			try: "--expires " + time.Now().Add(time.Hour).UTC().Format(time.RFC3339), exit: exitUsage}
	}
	return t, nil
}
