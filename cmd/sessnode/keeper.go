package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/cluster"
	"github.com/sessnode/sessnode/httpapi"
	"github.com/sessnode/sessnode/internal/backups"
)

// newKeeper prepares the backups that a node takes by the clock; nil where none were asked for.
func newKeeper(log *slog.Logger, s settings, node *cluster.Node) (*backups.Keeper, error) {
	if s.Backups.Dir == "" {
		return nil, nil
	}
	take := func(ctx context.Context, w io.Writer) error {
		begin, cancel := context.WithTimeout(ctx, backupFor)
		defer cancel()
		write, _, err := node.Backup(begin)
		if err != nil {
			return err
		}
		return write(stoppable{ctx, w})
	}
	k, err := backups.NewKeeper(backups.Config{Dir: s.Backups.Dir, Name: s.Name, Every: s.Backups.Every, Keep: s.Backups.Keep, Spare: s.Limits.MinFree, Take: take, Now: time.Now, Log: log})
	if err != nil {
		return nil, &problem{what: fmt.Sprintf("--backup-dir %s cannot be used: %v", s.Backups.Dir, err), why: "the folder cannot be made or read",
			try: "--backup-dir DIR that this user can write", exit: exitUsage, err: err}
	}
	return k, nil
}

// stoppable is a writer that fails once ctx has ended: a node that stops does not wait for a backup.
type stoppable struct {
	ctx context.Context
	io.Writer
}

func (s stoppable) Write(b []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.Writer.Write(b)
}

// keepingStore adds the node's own backups to its readiness report.
type keepingStore struct {
	httpapi.Store
	keeper *backups.Keeper
}

// Ready is the store's, and how old the last backup is.
func (s keepingStore) Ready() []sessnode.Check {
	return append(s.Store.Ready(), s.keeper.Check())
}
