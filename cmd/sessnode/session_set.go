package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
)

func newSessionSet(std stdio) *cobra.Command {
	var (
		tokenFile, ifMatch string
		attrs              attributes
		unset              []string
	)
	cmd := &cobra.Command{
		Use:   "set --token-file FILE NAME=JSON... [flags]",
		Short: "Change attributes of a session",
		Long: "set merges attributes into a session in one step: what other requests wrote to other attributes stays. " +
			"It takes the session's token, as changing a session is the app's business.",
		Example: "  sessnode session set --token-file token.txt --app web cart='[1,2,3]' \\\n    --string theme=dark\n" +
			"  sessnode session set --token-file token.txt --app web --unset cart \\\n    --if-match '\"1-7\"'",
		RunE: online(func(cmd *cobra.Command, args []string) error {
			for _, arg := range args {
				if _, err := sessnode.ParseID(arg); err == nil && tokenFile == "" {
					return errNoToken
				}
			}
			attrs.json = args
			set, err := attrs.values()
			if err != nil {
				return err
			}
			if len(set)+len(unset) == 0 {
				return &problem{what: "there is nothing to change", why: "no attribute was named", try: `NAME=JSON, --string NAME=TEXT or --unset NAME`, exit: exitUsage}
			}
			if tokenFile == "" {
				return errNoToken
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
			var opts []client.CallOption
			if ifMatch != "" {
				opts = append(opts, client.IfMatch(etag(ifMatch)))
			}
			changed, err := c.Patch(cmd.Context(), token, sessnode.Edit{Set: set, Unset: unset}, opts...)
			if err != nil {
				return err
			}
			return printSession(newPrinter(std, s), changed)
		}),
	}
	flags := cmd.Flags()
	flags.StringVar(&tokenFile, tokenFlag, "", tokenFlagHelp)
	attrs.flags(cmd)
	flags.StringArrayVar(&unset, "unset", nil, "an attribute to take away; may be given often")
	flags.StringVar(&ifMatch, "if-match", "", "change it only if its etag is still this (see get)")
	addClientFlags(cmd)
	return cmd
}

var errNoToken = &problem{what: "no session was named", why: "this changes a session, which takes its token",
	try: "--token-file FILE, or --token-file - to read it from standard input", exit: exitUsage}

// etag completes an ETag whose quotation marks the shell took away.
func etag(text string) string {
	if text == "*" || strings.HasPrefix(text, `"`) {
		return text
	}
	return `"` + text + `"`
}
