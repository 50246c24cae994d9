package demo

import (
	"context"
	"errors"

	"github.com/sessnode/sessnode/internal/local"
)

// Bare is the three nodes of a demo without its app and people, for load that somebody else brings. It is cleaned up behind
// in the same way, whatever ends the program.
type Bare struct{ stage *stage }

// OpenBare starts three nodes in a temporary folder and waits until each is ready. binary is the sessnode to run, port the
// first node's HTTP port; taken ones are passed over. The flags are given to each node's serve, and win over those that a
// demo gives. After an error nothing is left.
func OpenBare(ctx context.Context, binary string, port int, flags ...string) (*Bare, error) {
	b := &Bare{stage: &stage{swept: local.Sweep()}}
	err := b.open(ctx, local.Config{Binary: binary, Port: port, Flags: flags})
	if err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

func (b *Bare) open(ctx context.Context, c local.Config) (err error) {
	if b.stage.folder, err = local.NewFolder(local.DemoFolder); err != nil {
		return err
	}
	if b.stage.keeper, err = local.StartKeeper(c.Binary, b.stage.folder); err != nil {
		return err
	}
	b.stage.cluster, err = local.Start(ctx, c, b.stage.folder)
	return err
}

// URLs returns the addresses of the nodes, as client.New takes them.
func (b *Bare) URLs() string { return b.stage.cluster.URLs() }

// Folder returns where the nodes keep their data.
func (b *Bare) Folder() string { return b.stage.folder.Path() }

// OperatorKey returns the API key of an operator, made for these nodes and gone with them.
func (b *Bare) OperatorKey() string { return b.stage.cluster.Keys.Operator }

// Close kills the nodes and removes the folder. After an error the keeper has been asked to finish.
func (b *Bare) Close() error { return b.stage.close() }
