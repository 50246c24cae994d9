package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/spf13/cobra"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/cluster/backup"
	"github.com/sessnode/sessnode/internal/backups"
)

func newBackup(std stdio) *cobra.Command {
	return family("backup", "Backups of all sessions",
		"backup keeps the whole state of a cluster in a file, without disturbing it, and brings it back as a new life of the cluster. A node takes "+
			"backups by itself with --backup-dir.",
		newBackupCreate(std), newBackupInspect(std), newBackupVerify(std), newBackupRestore(std))
}

// backupFor is how long a node may take to begin.
const backupFor = 20 * time.Second

func newBackupCreate(std stdio) *cobra.Command {
	force := false
	cmd := &cobra.Command{
		Use:   "create [FILE] [flags]",
		Short: "Take a backup of the cluster into a file",
		Long: "create asks any node for the state at one position of the log, as fresh as a linearizable read, and writes it to FILE (mode 0600). The " +
			"cluster goes on meanwhile. The file gets its name when it is whole and on the disk; a stream that breaks off leaves none. There is no token " +
			"in it, only hashes, but everything else that sessions hold: keep it like the data itself.",
		Example: "  sessnode backup create\n  sessnode backup create /backups/monday.ssnb --api-key-file operator.key",
		Args:    atMost("FILE"),
		RunE: online(func(cmd *cobra.Command, args []string) error {
			c, s, err := connectFor(cmd, std, backupFor)
			if err != nil {
				return err
			}
			defer c.Close()
			path := "sessnode-" + time.Now().UTC().Format(backups.TimeForm) + backups.Suffix
			if len(args) == 1 {
				path = args[0]
			}
			var at sessnode.Position
			size, err := backups.WriteFile(path, force, func(w io.Writer) (err error) {
				at, err = c.Backup(cmd.Context(), w)
				return err
			})
			if err != nil {
				return explainBackupFile(err, path)
			}
			header, err := readHeader(path)
			if err != nil {
				return err
			}
			p := newPrinter(std, s)
			if p.isJSON() {
				return p.json(backupOf(backup.Contents{Header: header, Bytes: size}, path))
			}
			p.say("%s of cluster time %s, position %s", plural(header.Sessions, "session"), header.Now.Format(time.RFC3339), at)
			p.say("to know what ends later: sessnode events --after %s -o jsonl >> FILE", at)
			_, err = fmt.Fprintln(p.out, path)
			return err
		}),
	}
	addClientFlags(cmd)
	cmd.Flags().BoolVar(&force, "force", false, "replace FILE if it is there")
	return cmd
}

// explainBackupFile finds the words for a file that cannot be written.
func explainBackupFile(err error, path string) error {
	var where *fs.PathError
	switch {
	case errors.Is(err, fs.ErrExist):
		return &problem{what: path + " is there already", why: "a backup is never replaced by the way", try: "another name, or --force", exit: exitConflict, err: err}
	case errors.As(err, &where):
		return &problem{what: err.Error(), why: "the file cannot be written or read there", try: "df -h and ls -l of its folder; or another FILE", exit: exitFailure, err: err}
	}
	return err
}

func explainBackup(err error, path string) error {
	if !errors.Is(err, backup.ErrDamaged) {
		return explainBackupFile(err, path)
	}
	return &problem{what: path + ": " + err.Error(), why: "it was not written to its end, or was changed on its disk or on its way",
		try: "another backup; sessnode backup verify FILE reads one whole", exit: exitFailure, err: err}
}
