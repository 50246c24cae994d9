package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/sessnode/sessnode/cluster/backup"
	"github.com/sessnode/sessnode/cluster/offline"
)

// sessionsChoice is what becomes of the sessions in a new life: there is no default, because both have a price.
type sessionsChoice string

const (
	sessionsRevoke sessionsChoice = "revoke"
	sessionsKeep   sessionsChoice = "keep"
)

func (c *sessionsChoice) flag(cmd *cobra.Command) {
	cmd.Flags().StringVar((*string)(c), "sessions", "", "revoke: end them all, people sign in again; keep: they return, and with them what was ended since (required)")
	_ = cmd.RegisterFlagCompletionFunc("sessions", cobra.FixedCompletions([]string{"revoke", "keep"}, cobra.ShellCompDirectiveNoFileComp)) // the flag is there
}

func (c sessionsChoice) check(try string) error {
	if c == sessionsRevoke || c == sessionsKeep {
		return nil
	}
	return &problem{what: "--sessions=revoke or --sessions=keep is missing", exit: exitUsage, try: try,
		why: "what was ended after this state was stored would come back with keep; with revoke everybody signs in again"}
}

// restoring is what `backup restore` was told.
type restoring struct {
	sessions       sessionsChoice
	journal, begun string
	agree          consent
}

func newBackupRestore(std stdio) *cobra.Command {
	var r restoring
	cmd := &cobra.Command{
		Use:   "restore FILE --sessions=revoke|keep [flags]",
		Short: "Begin a new life of the cluster from a backup",
		Long: "restore puts a backup into an EMPTY data directory, as a new life (generation) of the cluster with this node as its only voter. Start the node, " +
			"then the others with empty directories: they join and vote. Restore on one node only, and only when every node of the old life is stopped " +
			"for good. Cluster time goes on at this host's clock, and what has expired since the backup stays expired.\n\n" +
			"With --sessions=revoke every session is ended. With --sessions=keep they return, and so do those that were revoked or got a new token after the backup, " +
			"unless a --journal says so: the output of `sessnode events --after POSITION -o jsonl`, kept since the backup.",
		Example: "  sessnode backup restore monday.ssnb --data /var/lib/sessnode --name n1 \\\n    --sessions=revoke\n" +
			"  sessnode backup restore monday.ssnb --config sessnode.yaml \\\n    --sessions=keep --journal events.jsonl --yes",
		Args: needs("FILE"),
		RunE: verb(func(cmd *cobra.Command, args []string) error { return r.run(cmd, std, args[0]) }),
	}
	r.sessions.flag(cmd)
	cmd.Flags().StringVar(&r.journal, "journal", "", "with keep: file of events after the backup; what they ended does not return")
	cmd.Flags().StringVar(&r.begun, "journal-after", "", "the --after with which the journal was begun (unset: it must hold an event that the backup has)")
	r.agree.flags(cmd)
	for _, key := range []string{"name", "data", "node", "advertise-host", "config"} {
		addKey(cmd, key)
	}
	addOffline(cmd)
	return cmd
}

// restored is the JSON result of `backup restore` and `recover`.
type restored struct {
	Node       string    `json:"node" doc:"the id of the node that has the new life"`
	Cluster    string    `json:"cluster" doc:"the cluster's id, as before"`
	Was        uint64    `json:"was" doc:"the generation before"`
	Generation uint64    `json:"generation" doc:"the new one"`
	Before     string    `json:"before" doc:"the last position of the life before that is in it"`
	Now        time.Time `json:"now" doc:"cluster time with which the new life begins"`
	Live       uint64    `json:"live" doc:"sessions that are live in the new life"`
	Expired    uint64    `json:"expired" doc:"sessions whose time ended after the state was stored"`
	Ended      uint64    `json:"ended" doc:"sessions that were ended: by revoke, or because the journal says so"`
}

func (r *restoring) run(cmd *cobra.Command, std stdio, path string) error {
	if err := r.sessions.check("sessnode backup restore " + path + " --sessions=revoke"); err != nil {
		return err
	}
	if r.journal != "" && r.sessions != sessionsKeep {
		return &problem{what: "--journal has no meaning with --sessions=revoke", why: "revoke ends every session anyway", try: "--sessions=keep --journal " + r.journal, exit: exitUsage}
	}
	s, err1 := readClient(cmd, std)
	node, err2 := nodeConfig(cmd, std)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	p := newPrinter(std, s)
	if err := offline.Empty(node.Data); err != nil {
		return explainDirectory(err, node.Data)
	}
	c, err := backup.Open(path)
	if err != nil {
		return explainBackup(err, path)
	}
	life, err := offline.Begin(c.Machine, time.Now(), offline.Mint(c.Generation, time.Now()))
	if err != nil {
		return err
	}
	p.say("%s: %s of cluster time %s, position %s", path, plural(c.Sessions, "session"), life.Was.Format(time.RFC3339), life.Before)
	p.say("%s have expired between then and now (%s)", plural(life.Expired, "session"), life.Now.Format(time.RFC3339))
	ended, err := r.settleSessions(p, life)
	if err != nil {
		return err
	}
	what := fmt.Sprintf("begin generation %d of cluster %s in %s, with %s", life.Generation, c.Cluster, node.Data, plural(life.Live(), "live session"))
	if r.sessions == sessionsKeep || r.agree.dryRun {
		if ok, err := r.agree.given(std, p, what); !ok {
			return err
		}
	}
	id, err := life.SettleNew(node.Data, node.Name, node.Listen.Advertised(node.Listen.Node))
	if err != nil {
		return explainDirectory(err, node.Data)
	}
	p.say("next: start this node, then the others with EMPTY directories and --seeds with this node's gossip address")
	return p.begun(id, life, ended)
}

// settleSessions ends what must not return, and says what may.
func (r *restoring) settleSessions(p printer, life *offline.Life) (ended uint64, err error) {
	if r.sessions == sessionsRevoke {
		ended, err = life.RevokeAll("restore")
		p.say("revoked: %s; everybody signs in again", plural(ended, "session"))
		return ended, err
	}
	if r.journal == "" {
		warnOfGhosts(p, life.Live(), life.Was)
		return 0, nil
	}
	return r.replay(p, life)
}

// warnOfGhosts says loudly what keeping means.
func warnOfGhosts(p printer, live uint64, was time.Time) {
	p.say("%s", p.errors.Bold(fmt.Sprintf("WARNING: %s return as of %s.", plural(live, "session"), was.Format(time.RFC3339))))
	p.say("Sessions that were revoked, or got a new token, after that moment are among them: LOGGED OUT PEOPLE MAY BE SIGNED IN AGAIN, with their old cookies.")
	p.say("Nothing of them is known here. --journal FILE takes out what a journal of events knows; --sessions=revoke ends all.")
}

func (r *restoring) replay(p printer, life *offline.Life) (uint64, error) {
	f, err := os.Open(r.journal)
	if err != nil {
		return 0, explainBackupFile(err, r.journal)
	}
	defer func() { _ = f.Close() }() // nothing was written
	j, err := offline.ReadJournal(f)
	var replay offline.Replay
	if err == nil {
		replay, err = j.After(life.Before, r.begun)
	}
	if err != nil {
		return 0, &problem{what: r.journal + ": " + err.Error(), why: "it is not a journal, or a part of it was changed",
			try: "the file that sessnode events --after " + life.Before.String() + " -o jsonl wrote", exit: exitUsage, err: err}
	}
	list, err := life.Revoke(replay.Ended, "restore")
	if err != nil {
		return 0, err
	}
	p.say("the journal covers %s to %s: %s after the backup", replay.First, replay.Last, plural(uint64(replay.Events), "event"))
	for _, s := range list {
		p.say("ended, as the journal says: %s in %s", s.ID, s.App)
	}
	p.say("%s of the backup ended or got a new token since and do not return; %s that began since are lost", plural(uint64(len(list)), "session"), plural(uint64(replay.Created), "session"))
	if j.Cut {
		p.say("the journal's last line is cut off and was left out")
	}
	for _, gap := range slices.Compact(replay.Gaps) {
		p.say("%s %s: what ended there cannot be known, and may return", p.errors.Bold("GAP:"), gap)
	}
	p.say("%s return; of what ended after %s nothing is known", plural(life.Live(), "session"), replay.Last)
	return uint64(len(list)), nil
}

// begun prints the result of a new life.
func (p printer) begun(id string, life *offline.Life, ended uint64) error {
	out := restored{Node: id, Cluster: life.Machine.Stats().Cluster, Was: life.Before.Generation, Generation: life.Generation, Before: life.Before.String(),
		Now: life.Now, Live: life.Live(), Expired: life.Expired, Ended: ended}
	if p.isJSON() {
		return p.json(out)
	}
	_, err := fmt.Fprintf(p.out, "node %s has generation %d, with %s\n", out.Node, out.Generation, plural(out.Live, "live session"))
	return err
}

// explainDirectory finds the words for a data directory that will not do.
func explainDirectory(err error, path string) error {
	switch {
	case errors.Is(err, offline.ErrNotEmpty):
		return &problem{what: err.Error(), why: "a restore never adds to what is there: two lives in one directory could be taken for each other",
			try: "move it aside: mv " + path + " " + path + ".old", exit: exitConflict, err: err}
	case errors.Is(err, offline.ErrNoState):
		return &problem{what: err.Error(), why: "its node never was in a cluster, or has no log yet", try: "look at the other survivors; or restore a backup", exit: exitConflict, err: err}
	}
	return explainOpen(err)
}
