package main

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/sessnode/sessnode/cluster/backup"
	"github.com/sessnode/sessnode/internal/term"
)

// backupInfo is the JSON form of what is in a backup.
type backupInfo struct {
	File       string      `json:"file" doc:"the path as given"`
	Bytes      int64       `json:"bytes" doc:"size of the file"`
	Cluster    string      `json:"cluster" doc:"the cluster's id"`
	Generation uint64      `json:"generation" doc:"its life"`
	Position   string      `json:"position" doc:"the place in the log, as events --after takes it"`
	Index      uint64      `json:"index" doc:"likewise, the log entry alone"`
	Now        time.Time   `json:"now" doc:"cluster time of the state"`
	Sessions   uint64      `json:"sessions" doc:"stored, those included that have ended and are not removed yet"`
	Tombstones uint64      `json:"tombstones" doc:"what is remembered of ended sessions and tokens"`
	Remembered uint64      `json:"remembered" doc:"operations of the last five minutes"`
	StateHash  string      `json:"state_hash" doc:"hash of the state; every replica had it at this position"`
	Node       string      `json:"node" doc:"which node wrote it"`
	Version    string      `json:"version" doc:"of its software"`
	Apps       []backupApp `json:"apps,omitempty" doc:"inspect: each app"`
}

type backupApp struct {
	App      string `json:"app" doc:"the app"`
	Live     uint64 `json:"live" doc:"sessions that were live at the backup's cluster time"`
	Expired  uint64 `json:"expired" doc:"sessions that had ended by time and were not removed yet"`
	Subjects uint64 `json:"subjects" doc:"different subjects of the live ones"`
}

func backupOf(c backup.Contents, path string) backupInfo {
	info := backupInfo{File: path, Bytes: c.Bytes, Cluster: c.Cluster, Generation: c.Generation, Position: c.Position().String(), Index: c.Index, Now: c.Now,
		Sessions: c.Sessions, Tombstones: c.Tombstones, Remembered: c.Remembered, StateHash: c.StateHash, Node: c.Node, Version: c.Version}
	if c.Machine != nil {
		for _, a := range c.Machine.Census(0) {
			info.Apps = append(info.Apps, backupApp(a))
		}
	}
	return info
}

func readHeader(path string) (backup.Header, error) {
	f, err := os.Open(path)
	if err != nil {
		return backup.Header{}, err
	}
	defer func() { _ = f.Close() }() // nothing was written
	return backup.ReadHeader(f)
}

func newBackupInspect(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "inspect FILE [flags]",
		Short: "Show what is in a backup",
		Long: "inspect reads all of a backup and shows of which cluster and which of its lives it is, from when (by cluster time), at which position of " +
			"the log, and what it holds. It takes as much memory as a node.",
		Example: "  sessnode backup inspect monday.ssnb\n  sessnode backup inspect monday.ssnb -o json | jq .position",
		Args:    needs("FILE"),
		RunE: verb(func(cmd *cobra.Command, args []string) error {
			s, err := readClient(cmd, std)
			if err != nil {
				return err
			}
			c, err := backup.Open(args[0])
			if err != nil {
				return explainBackup(err, args[0])
			}
			p := newPrinter(std, s)
			info := backupOf(c, args[0])
			return printOne(p, info, func() *term.Table { return backupTable(info, p) })
		}),
	}
	addOffline(cmd)
	return cmd
}

// addOffline adds the flags of verbs that ask no cluster but print a result.
func addOffline(cmd *cobra.Command) {
	for _, key := range []string{"output", "quiet", "color"} {
		addKey(cmd, key)
	}
}

func backupTable(b backupInfo, p printer) *term.Table {
	f := p.view()
	t := term.NewTable("FIELD", "VALUE", "MEANING").Keep(0, 1)
	t.Row("cluster", b.Cluster, "the cluster's id")
	t.Row("generation", fmt.Sprint(b.Generation), "its life")
	t.Row("position", b.Position, "the place in the log; sessnode events --after "+b.Position)
	t.Row("now", b.Now.Format(time.RFC3339), "cluster time of the state")
	t.Row("size", f.Bytes(uint64(b.Bytes)), "of the file")
	t.Row("sessions", f.Count(b.Sessions), "stored")
	t.Row("tombstones", f.Count(b.Tombstones), "what is remembered of ended sessions and tokens")
	t.Row("state_hash", b.StateHash, "every replica had it at this position")
	t.Row("written_by", term.Clean(b.Node), "software "+term.Clean(b.Version))
	for _, a := range b.Apps {
		t.Row("app "+term.Clean(a.App), plural(a.Live, "live session"), fmt.Sprintf("of %s; %s ended by time", plural(a.Subjects, "subject"), f.Count(a.Expired)))
	}
	return t
}

func newBackupVerify(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "verify FILE... [flags]",
		Short: "Read backups whole, and say whether they are",
		Long: "verify reads all of each file: its header, every block with its checksum, the counts, the hash of the state that it rebuilds, and the " +
			"SHA-256 over everything. It says what is wrong and where, and ends with 1 if any of them is damaged.",
		Example: "  sessnode backup verify /backups/*.ssnb",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return needs("FILE")(cmd, args)
			}
			return nil
		},
		RunE: verb(func(cmd *cobra.Command, args []string) error {
			s, err := readClient(cmd, std)
			if err != nil {
				return err
			}
			p := newPrinter(std, s)
			var first error
			for _, path := range args {
				c, err := backup.Open(path)
				if err != nil {
					err = explainBackup(err, path)
					if first == nil {
						first = err
					} else {
						p.say("%v", err)
					}
					continue
				}
				if p.isJSON() {
					p.form = "jsonl"
					err = p.json(backupOf(c, path))
				} else {
					_, err = fmt.Fprintf(p.out, "ok: %s: %s, %s, position %s of %s\n", path, p.personal().Bytes(uint64(c.Bytes)),
						plural(c.Sessions, "session"), c.Position(), c.Now.Format(time.RFC3339))
				}
				if err != nil {
					return err
				}
			}
			return first
		}),
	}
	addOffline(cmd)
	return cmd
}
