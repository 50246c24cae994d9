package main

import (
	"github.com/spf13/cobra"

	"github.com/sessnode/sessnode/client"
)

func newSessionRotate(std stdio) *cobra.Command {
	var (
		tokenFile, subject string
		in                 client.Rotation
	)
	cmd := &cobra.Command{
		Use:   "rotate --token-file FILE [--subject NAME] [flags]",
		Short: "Give a session a new token, and with it another subject",
		Long: "rotate gives a session a new token and shows it: here and never again. With --subject the session is bound to a " +
			"subject in the same step (a login), and the old token is dead at once; with --subject '' the subject goes and " +
			"the session stays. Without it the old token answers for a short grace, for requests that are under way.",
		Example: "  sessnode session rotate --token-file token.txt --app web --subject ada \\\n    -o json | jq -r .token > new.txt",
		Args:    needs(),
		RunE: online(func(cmd *cobra.Command, _ []string) error {
			if tokenFile == "" {
				return errNoToken
			}
			if cmd.Flags().Changed("subject") {
				in.Subject = &subject
			}
			c, s, err := connectApp(cmd, std)
			if err != nil {
				return err
			}
			defer c.Close()
			token, err := readToken(std, tokenFile)
			if err != nil {
				return err
			}
			fresh, rotated, err := c.Rotate(cmd.Context(), token, in)
			if err != nil {
				return tokenAfter(err)
			}
			return printNewToken(newPrinter(std, s), fresh, rotated)
		}),
	}
	flags := cmd.Flags()
	flags.StringVar(&tokenFile, tokenFlag, "", tokenFlagHelp)
	flags.StringVar(&subject, "subject", "", "who is signed in from now on; empty: nobody")
	flags.BoolVar(&in.Reauth, "reauth", false, "the subject proved itself again: the lifetime starts anew")
	addClientFlags(cmd)
	return cmd
}
