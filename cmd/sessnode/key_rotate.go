package main

import (
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/keyring"
	"github.com/sessnode/sessnode/internal/term"
)

// keyStep is a change of the key file that may lock nodes out, and so waits for all members.
type keyStep struct {
	use, short, long, example string
	change                    func(keyring.Ring, string) (keyring.Ring, error)
	wait                      func(members []sessnode.Member, key string, next keyring.Ring) []string
	agree                     *consent // nil = it can be undone
}

func newKeyUse(std stdio) *cobra.Command {
	return keyStep{
		use: "use [KEY] [flags]", short: "Move a key to the front: spoken from now on",
		long: "use moves a key to the front of the file, by its fingerprint; where the file holds two, the second. It is refused, after a few seconds of asking, until every member " +
			"accepts that key: one that does not would refuse the nodes that speak it.",
		example: "  sessnode key use --cluster-key-file cluster.key",
		change:  keyring.Ring.Use,
		wait: func(members []sessnode.Member, key string, _ keyring.Ring) []string {
			return keyring.MayUse(members, key)
		},
	}.command(std)
}

func newKeyRemove(std stdio) *cobra.Command {
	return keyStep{
		use: "remove [KEY] [flags]", short: "Remove a key: it opens nothing any more",
		long: "remove takes a key out of the file, by its fingerprint; where the file holds two, the second. It is refused until every member speaks another and accepts the " +
			"first. A node that reads the file without it closes the connections that it has opened.",
		example: "  sessnode key remove --cluster-key-file cluster.key --yes",
		change:  keyring.Ring.Remove,
		wait: func(members []sessnode.Member, key string, next keyring.Ring) []string {
			return keyring.MayRemove(members, key, next.Fingerprints()[0])
		},
		agree: &consent{},
	}.command(std)
}

func (k keyStep) command(std stdio) *cobra.Command {
	unchecked := false
	cmd := &cobra.Command{
		Use: k.use, Short: k.short, Long: k.long, Example: k.example, Args: atMost("KEY"),
		RunE: online(func(cmd *cobra.Command, args []string) error {
			s, path, ring, err := keyFile(cmd, std)
			if err != nil {
				return err
			}
			key, err := keyMeant(path, ring, args)
			if err != nil {
				return err
			}
			next, err := k.change(ring, key)
			if err != nil {
				return refusedKey(path, err, "sessnode key list shows the keys of the file; the first cannot be removed before another is used")
			}
			if !unchecked {
				if err := k.ask(cmd, std, key, next); err != nil {
					return err
				}
			}
			p := newPrinter(std, s)
			if k.agree != nil {
				if ok, err := k.agree.given(std, p, "remove the key "+key+" from "+path); !ok {
					return err
				}
			}
			return replaceRing(p, path, next, key)
		}),
	}
	cmd.Flags().BoolVar(&unchecked, "unchecked", false, "do not ask the cluster first: for one that does not run")
	if k.agree != nil {
		k.agree.flags(cmd)
	}
	keyFlags(cmd)
	return cmd
}

// keyMeant is the fingerprint that was typed, or that of the second of two.
func keyMeant(path string, ring keyring.Ring, args []string) (string, error) {
	switch {
	case len(args) == 1:
		return strings.ToLower(args[0]), nil
	case len(ring) == 2:
		return ring.Fingerprints()[1], nil
	case len(ring) == 1:
		return "", &problem{what: "nothing was changed in " + path, why: "it holds one key only", try: "sessnode key add puts a fresh one behind it", exit: exitUsage}
	}
	return "", &problem{what: "no key was named", why: "the file holds " + strings.Join(ring.Fingerprints(), ", "), try: "name one of them", exit: exitUsage}
}

// hearsay is how long a step asks on before it is refused: a node tells what it has heard by gossip, and the one that answers may be
// behind the one that answered `key status` a moment ago.
const hearsay = 5 * time.Second

// ask refuses the step while a member is not as far.
func (k keyStep) ask(cmd *cobra.Command, std stdio, key string, next keyring.Ring) error {
	patience, again := time.After(hearsay), time.NewTicker(hearsay/20)
	defer again.Stop()
	for {
		members, _, err := askMembers(cmd, std)
		if err != nil {
			return err
		}
		faults := k.wait(members, key, next)
		if len(faults) == 0 {
			return nil
		}
		select {
		case <-again.C:
		case <-cmd.Context().Done():
			return cmd.Context().Err()
		case <-patience:
			return &problem{what: "not yet: nothing was changed", why: strings.Join(faults, "; "), exit: exitConflict,
				try: "give every node the present file, and wait until `sessnode key status` agrees; --unchecked only for a cluster that does not run"}
		}
	}
}

// askMembers asks the cluster that a verb's flags, the variables and the file name for its members.
func askMembers(cmd *cobra.Command, std stdio) ([]sessnode.Member, clientSettings, error) {
	c, s, err := connect(cmd, std)
	if err != nil {
		return nil, s, err
	}
	defer c.Close()
	status, err := c.Cluster(cmd.Context())
	return status.Members, s, err
}

// memberKeys is the JSON form of what a member tells about its keys.
type memberKeys struct {
	Name  string   `json:"name" doc:"the member's name"`
	ID    string   `json:"id" doc:"its id"`
	Alive bool     `json:"alive" doc:"whether it is seen to live; what a dead one has is what it told last"`
	Keys  []string `json:"keys" doc:"fingerprints of the keys in force, the one that it speaks first; empty: it has none, or does not say"`
	File  string   `json:"file" doc:"ok, or bad where its key file has changed and cannot be used"`
}

func newKeyStatus(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use: "status [flags]", Short: "Which keys each member has in force",
		Long: "status asks the cluster which keys each member speaks and accepts, by fingerprint, and says what is next. It takes an operator's key.\n\n" +
			"It exits with 0 when all members have the same keys in the same order, and where a file is named, those of the file; and with 1 while they " +
			"differ, or one is down or cannot use its file.",
		Example: "  sessnode key status --url http://10.0.0.11:7480 --cluster-key-file cluster.key",
		Args:    needs(),
		RunE: online(func(cmd *cobra.Command, _ []string) error {
			list, s, err := askMembers(cmd, std)
			if err != nil {
				return err
			}
			want, err := fileKeys(cmd, std)
			if err != nil {
				return err
			}
			return printMemberKeys(newPrinter(std, s), list, want)
		}),
	}
	keyFlags(cmd)
	return cmd
}

// fileKeys is the fingerprints of the key file; nil where none was named.
func fileKeys(cmd *cobra.Command, std stdio) ([]string, error) {
	_, path, ring, err := keyFile(cmd, std)
	if path == "" {
		return nil, nil // what else was wrong has been said when the client was made
	}
	return ring.Fingerprints(), err
}

func printMemberKeys(p printer, list []sessnode.Member, want []string) error {
	sum := keyring.Summary(list, want)
	mark := p.errors.OK
	if !sum.Settled {
		mark = p.errors.Warn
	}
	p.say("%s", mark(term.Clean(sum.Text)))
	if sum.Next != "" {
		p.say("next: %s", sum.Next)
	}
	var items []memberKeys
	t := term.NewTable("MEMBER", "SPEAKS", "ACCEPTS", "FILE").Keep(0, 1)
	for _, m := range list {
		k := memberKeys{Name: m.Name, ID: m.ID, Alive: m.Alive, Keys: append([]string{}, m.Keys...), File: "ok"}
		if m.KeyFileBad {
			k.File = "bad"
		}
		items = append(items, k)
		row := []string{term.Clean(m.Name), "", "", k.File}
		if len(m.Keys) > 0 {
			row[1], row[2] = term.Clean(m.Keys[0]), term.Clean(strings.Join(m.Keys[1:], ", "))
		}
		if !m.Alive {
			row[3] = "down"
		}
		t.Row(row...)
	}
	if err := printList(p, items, func() *term.Table { return t }, "no members"); err != nil || sum.Settled {
		return err
	}
	return &silent{exitFailure}
}
