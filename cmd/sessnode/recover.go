package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	xterm "golang.org/x/term"

	"github.com/sessnode/sessnode/cluster/offline"
	"github.com/sessnode/sessnode/internal/term"
)

// recovering is what `recover` was told.
type recovering struct {
	sessions sessionsChoice
	inspect  bool
	accept   bool
}

func newRecover(std stdio) *cobra.Command {
	var r recovering
	cmd := &cobra.Command{
		Use:   "recover [--inspect | --sessions=revoke|keep] [flags]",
		Short: "Go on with one survivor when a majority is lost for good",
		Long: "recover makes the node of this data directory, which must not run, the only voter of a new life (generation) of its cluster. It is for one case: a " +
			"majority of the voters is gone for good. While they can be brought back, bring them back: nothing is lost then.\n\n" +
			"First run it with --inspect on every survivor, which changes nothing, and choose the one with the greatest last_term, then the greatest last_index. " +
			"What only the lost nodes had is lost, also if it was acknowledged; what the survivor has in its log counts from now on, also if it was never acknowledged. " +
			"The other nodes of the old life are refused from then on: move their directories aside and start them empty, and they join.",
		Example: "  sessnode recover --inspect --data /var/lib/sessnode\n  sessnode recover --data /var/lib/sessnode --sessions=revoke \\\n    --yes-i-accept-data-loss",
		Args:    needs(),
		RunE:    verb(func(cmd *cobra.Command, _ []string) error { return r.run(cmd, std) }),
	}
	cmd.Flags().BoolVar(&r.inspect, "inspect", false, "show how far this survivor is, and change nothing")
	r.sessions.flag(cmd)
	cmd.Flags().BoolVar(&r.accept, "yes-i-accept-data-loss", false, "do not ask; needed where nobody can be asked")
	for _, key := range []string{"data", "config"} {
		addKey(cmd, key)
	}
	addOffline(cmd)
	return cmd
}

// survivorInfo is the JSON form of how far a survivor is.
type survivorInfo struct {
	Node       string    `json:"node" doc:"its id"`
	Cluster    string    `json:"cluster" doc:"the cluster's id"`
	Generation uint64    `json:"generation" doc:"the life that its state is of"`
	LastTerm   uint64    `json:"last_term" doc:"the term of its last log entry: the greatest wins"`
	LastIndex  uint64    `json:"last_index" doc:"its last log entry: among equal terms the greatest wins"`
	Term       uint64    `json:"term" doc:"the newest term that it has heard of"`
	Snapshot   uint64    `json:"snapshot" doc:"the entry up to which its newest snapshot goes"`
	Now        time.Time `json:"now" doc:"cluster time of its last entry"`
	Sessions   uint64    `json:"sessions" doc:"live at that time"`
	Voters     []string  `json:"voters" doc:"ids of the voters, as far as it knows"`
}

func survivorOf(s *offline.Survivor) survivorInfo {
	info := survivorInfo{Node: s.NodeID, Cluster: s.Cluster, Generation: s.Machine.Stats().Generation, LastTerm: s.LastTerm, LastIndex: s.LastIndex, Term: s.Term,
		Snapshot: s.Snapshot, Now: s.Now, Voters: []string{}}
	for _, c := range s.Machine.Census(0) {
		info.Sessions += c.Live
	}
	for _, server := range s.Config.Servers {
		info.Voters = append(info.Voters, string(server.ID))
	}
	return info
}

func survivorTable(i survivorInfo) *term.Table {
	t := term.NewTable("FIELD", "VALUE", "MEANING").Keep(0, 1)
	t.Row("node", i.Node, "")
	t.Row("cluster", i.Cluster, "")
	t.Row("generation", fmt.Sprint(i.Generation), "the life that its state is of")
	t.Row("last_term", fmt.Sprint(i.LastTerm), "of the last log entry: the survivor with the greatest is the one to recover")
	t.Row("last_index", fmt.Sprint(i.LastIndex), "among equal terms the greatest")
	t.Row("term", fmt.Sprint(i.Term), "the newest that it has heard of")
	t.Row("snapshot", fmt.Sprint(i.Snapshot), "the entry up to which its snapshot goes")
	t.Row("now", i.Now.Format(time.RFC3339), "cluster time of the last entry")
	t.Row("sessions", fmt.Sprint(i.Sessions), "live at that time")
	t.Row("voters", strings.Join(i.Voters, " "), "")
	return t
}

func (r *recovering) run(cmd *cobra.Command, std stdio) (err error) {
	s, err1 := readClient(cmd, std)
	node, err2 := nodeConfig(cmd, std)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	if !r.inspect {
		if err := r.sessions.check("sessnode recover --data " + node.Data + " --inspect   looks first"); err != nil {
			return err
		}
	}
	p := newPrinter(std, s)
	survivor, err := offline.Look(node.Data)
	if err != nil {
		return explainDirectory(err, node.Data)
	}
	defer func() { err = errors.Join(err, survivor.Close()) }()
	info := survivorOf(survivor)
	if r.inspect {
		return printOne(p, info, func() *term.Table { return survivorTable(info) })
	}
	if survivor.Left || survivor.Address() == "" {
		return &problem{what: "node " + info.Node + " is no member of its cluster", why: "it had left, or was never added: what it has may be old",
			try: "recover another survivor, or restore a backup", exit: exitConflict}
	}
	return r.recover(std, p, survivor, info)
}

func (r *recovering) recover(std stdio, p printer, survivor *offline.Survivor, info survivorInfo) error {
	p.say("survivor %s: last_term %d, last_index %d, %s at cluster time %s; voters were %s", info.Node, info.LastTerm, info.LastIndex,
		plural(info.Sessions, "live session"), info.Now.Format(time.RFC3339), strings.Join(info.Voters, ", "))
	p.say("What may be lost: every change that was acknowledged by the other voters and is not in this log. Logouts are changes too.")
	p.say("What may come to life: changes at the end of this log that were never acknowledged.")
	if r.sessions == sessionsKeep {
		p.say("%s", p.errors.Bold(fmt.Sprintf("WARNING: with --sessions=keep %s return. A logout that only the lost nodes had is undone.", plural(info.Sessions, "session"))))
	}
	if err := r.agreed(std, p, info); err != nil {
		return err
	}
	now := time.Now()
	life, err := offline.Begin(survivor.Machine, now, offline.Mint(info.Generation, now))
	if err != nil {
		return err
	}
	var ended uint64
	if r.sessions == sessionsRevoke {
		if ended, err = life.RevokeAll("recover"); err != nil {
			return err
		}
		p.say("revoked: %s; everybody signs in again", plural(ended, "session"))
	}
	if err := survivor.Recover(life); err != nil {
		return explainOpen(err)
	}
	p.say("next: start this node; move the directories of all other nodes aside, and start them empty: they join and vote")
	return p.begun(info.Node, life, ended)
}

// agreed asks for the beginning of the cluster's id, so that nobody recovers the wrong one by the way.
func (r *recovering) agreed(std stdio, p printer, info survivorInfo) error {
	if r.accept {
		return nil
	}
	in, ok := std.in.(*os.File)
	if !ok || !xterm.IsTerminal(int(in.Fd())) || !p.errors.TTY {
		return &problem{what: "not confirmed: recover node " + info.Node, why: "acknowledged changes may be lost, and there is no terminal to ask at",
			try: "compare all survivors with --inspect, then add --yes-i-accept-data-loss", exit: exitUsage}
	}
	want := info.Cluster[:min(8, len(info.Cluster))]
	fmt.Fprintf(std.err, "Is a majority lost for good, and is this the furthest survivor? Then type %s, the beginning of the cluster's id: ", p.errors.Bold(want))
	answer, _ := bufio.NewReader(in).ReadString('\n') // no answer is no
	if strings.TrimSpace(answer) != want {
		return &problem{what: "not confirmed: nothing was changed", exit: exitFailure}
	}
	return nil
}
