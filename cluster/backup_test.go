package cluster_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/cluster/backup"
	"github.com/sessnode/sessnode/cluster/clustertest"
)

// TestABackupAtAFollowerHasAllThatWasAcknowledgedAndHoldsUpNobody: it is of one position, and what comes while it is written is not in it.
func TestABackupAtAFollowerHasAllThatWasAcknowledgedAndHoldsUpNobody(t *testing.T) {
	c := clustertest.Start(t, 3, nil)
	create := func(i int) sessnode.Position {
		key := sessnode.Token(fmt.Sprintf("%043d", i)).Key()
		e, err := c.Node(i%3).Write(t.Context(), sessnode.Mutation{App: "web", OpID: sessnode.NewOpID(), Change: sessnode.Create{Key: key, ID: sessnode.ID{byte(i + 1)}, TokenChars: 43}})
		if err != nil {
			t.Fatal(err)
		}
		return e.At
	}
	var last sessnode.Position
	for i := range 9 {
		last = create(i)
	}
	for i := range 3 {
		write, at, err := c.Node(i).Backup(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if at.Index < last.Index || at.Generation != last.Generation {
			t.Errorf("node %d: a backup of %v, want all up to %v", i, at, last)
		}
		if _, _, err := c.Node(i).Backup(t.Context()); !errors.Is(err, sessnode.ErrUnavailable) {
			t.Errorf("node %d: a second backup at once = %v, want unavailable", i, err)
		}
		last = create(9 + i) // the capture is held, and nobody reads it
		var file bytes.Buffer
		if err := write(&file); err != nil {
			t.Fatal(err)
		}
		got, err := backup.Verify(&file, int64(file.Len()))
		if err != nil || got.Sessions != uint64(9+i) || got.Position() != at {
			t.Errorf("node %d: Verify = %+v, %v, want %d sessions at %v", i, got.Header, err, 9+i, at)
		}
		write, _, err = c.Node(i).Backup(t.Context()) // again, now that it was written
		if err != nil {
			t.Fatal(err)
		}
		if err := write(failing{}); err == nil {
			t.Error("a writer that fails is no error")
		}
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }
