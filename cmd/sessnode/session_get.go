package main

import (
	"github.com/spf13/cobra"

	"github.com/sessnode/sessnode/client"
)

func newSessionGet(std stdio) *cobra.Command {
	var tokenFile string
	cmd := &cobra.Command{
		Use:   "get ID | --token-file FILE [flags]",
		Short: "Show a session with its attributes",
		Long:  "get shows a live session by its public id or by its token. It does not count as activity.",
		Example: "  sessnode session get iZ1pO5ZkRyq4yq7CQeR9bA --app web\n" +
			"  sessnode session get --token-file token.txt --app web -o json",
		Args: atMost("ID"),
		RunE: online(func(cmd *cobra.Command, args []string) error {
			if err := oneOf(len(args) == 1, tokenFile != ""); err != nil {
				return err
			}
			c, s, err := connectApp(cmd, std)
			if err != nil {
				return err
			}
			defer c.Close()
			var found *client.Session
			if len(args) == 1 {
				id, err := parseID(args[0])
				if err != nil {
					return err
				}
				if found, err = c.SessionByID(cmd.Context(), id); err != nil {
					return endedID(err, args[0])
				}
			} else {
				token, err := readToken(std, tokenFile)
				if err != nil {
					return err
				}
				if found, err = c.Read(cmd.Context(), token, client.WithoutTouch()); err != nil {
					return err
				}
			}
			return printSession(newPrinter(std, s), found)
		}),
	}
	cmd.Flags().StringVar(&tokenFile, tokenFlag, "", tokenFlagHelp)
	addClientFlags(cmd)
	return cmd
}

// oneOf wants a session to be named in one way.
func oneOf(byID, byToken bool) error {
	if byID != byToken {
		return nil
	}
	what := "no session was named"
	if byID {
		what = "the session was named twice, by id and by token"
	}
	return &problem{what: what, why: "a session is named by its public id or by its token", try: "give an ID, or --token-file FILE   (sessnode session list shows ids)", exit: exitUsage}
}
