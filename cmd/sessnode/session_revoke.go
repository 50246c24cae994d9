package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/internal/term"
)

func newSessionRevoke(std stdio) *cobra.Command {
	var (
		tokenFile string
		agree     consent
	)
	cmd := &cobra.Command{
		Use:   "revoke ID... | - | --token-file FILE [flags]",
		Short: "End sessions, now and for good",
		Long: "revoke ends sessions by their public ids, by ids on standard input (-), or one by its token. A session that was " +
			"revoked is never served again, by any node. More than one is asked about first. Ids that no live session has are " +
			"told and end in exit code 3; the others are revoked all the same.",
		Example: "  sessnode session revoke iZ1pO5ZkRyq4yq7CQeR9bA --app web\n" +
			"  sessnode session list --app web -o jsonl \\\n    | jq -r 'select(.device.label==\"kiosk\").id' \\\n    | sessnode session revoke - --app web --yes",
		RunE: online(func(cmd *cobra.Command, args []string) error {
			if err := oneOf(len(args) > 0, tokenFile != ""); err != nil {
				return err
			}
			ids, err := readIDs(std, args)
			if err != nil {
				return err
			}
			c, s, err := connectApp(cmd, std)
			if err != nil {
				return err
			}
			defer c.Close()
			p := newPrinter(std, s)
			if tokenFile != "" {
				return revokeByToken(cmd.Context(), std, c, p, tokenFile, agree)
			}
			if len(ids) > 1 || agree.dryRun {
				if ok, err := agree.given(std, p, fmt.Sprintf("revoke %d sessions of %s", len(ids), c.Name())); !ok {
					return err
				}
			}
			return revokeIDs(cmd.Context(), c, p, ids)
		}),
	}
	cmd.Flags().StringVar(&tokenFile, tokenFlag, "", tokenFlagHelp)
	agree.flags(cmd)
	addClientFlags(cmd)
	return cmd
}

// readIDs reads the ids of the command line, or with - those of standard input, separated by white space. Each counts once.
func readIDs(std stdio, args []string) ([]sessnode.ID, error) {
	words := args
	if slices.Contains(args, "-") {
		words = slices.DeleteFunc(slices.Clone(args), func(arg string) bool { return arg == "-" })
		scan := bufio.NewScanner(std.in)
		scan.Split(bufio.ScanWords)
		for scan.Scan() {
			words = append(words, scan.Text())
		}
		if err := scan.Err(); err != nil {
			return nil, &problem{what: "cannot read ids from standard input", why: err.Error(), try: "one id a line", exit: exitUsage, err: err}
		}
	}
	var ids []sessnode.ID
	for _, word := range words {
		id, err := parseID(word)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

func revokeByToken(ctx context.Context, std stdio, c *client.Client, p printer, file string, agree consent) error {
	token, err := readToken(std, file)
	if err != nil {
		return err
	}
	if agree.dryRun {
		p.say("would revoke the session of this token; nothing was changed")
		return nil
	}
	if err := c.Revoke(ctx, token); err != nil {
		return err
	}
	p.say("revoked: no session has this token any more")
	if p.isJSON() {
		return printList(p, []revoked{{Result: "revoked"}}, nil, "")
	}
	return nil
}

// revoked is the JSON result for one id.
type revoked struct {
	ID     string `json:"id,omitempty" doc:"the session's public name; left out where a token was given"`
	Result string `json:"result" doc:"revoked, or not_found where no live session has it"`
}

// revokeIDs ends sessions one by one. What was done is printed also when one of them fails.
func revokeIDs(ctx context.Context, c *client.Client, p printer, ids []sessnode.ID) error {
	var done []revoked
	missing := 0
	var failed error
	for _, id := range ids {
		err := c.RevokeID(ctx, id)
		if err != nil && !errors.Is(err, sessnode.ErrNotFound) {
			failed = err
			break
		}
		result := "revoked"
		if err != nil {
			result = sessnode.CodeNotFound.String()
			missing++
		}
		done = append(done, revoked{id.String(), result})
	}
	table := func() *term.Table {
		t := term.NewTable("ID", "RESULT").Keep(0, 1)
		for _, d := range done {
			t.Row(d.ID, strings.ReplaceAll(d.Result, "_", " "))
		}
		return t
	}
	if err := printList(p, done, table, "none was revoked"); err != nil {
		return err
	}
	switch {
	case failed != nil:
		return failed
	case missing > 0 && len(ids) == 1:
		return endedID(sessnode.ErrNotFound, ids[0].String())
	case missing > 0:
		return &problem{what: fmt.Sprintf("%d of %d were not found", missing, len(ids)), why: "no live session has that id: it ended already, or belongs to another app",
			try: "sessnode why ID tells how it ended", exit: sessnode.CodeNotFound.Info().Exit, err: sessnode.ErrNotFound}
	}
	return nil
}
