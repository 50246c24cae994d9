package httpapi

import (
	"bufio"
	"context"
)

// backupPiece is how much of a backup goes out at once.
const backupPiece = 256 << 10

// backUp streams a backup. Whether the node can answer is settled before the stream begins; one that breaks off has no checksum
// at its end, or not the right one.
func backUp(ctx context.Context, c *call) (*Reply, error) {
	r := &Reply{Status: 200}
	r.set("Content-Type", typeBackup)
	r.set("X-Accel-Buffering", "no") // nginx would write it to its own disk first
	if c.Method == "HEAD" {
		return r, nil
	}
	gate := c.api.gate
	if err := gate.enter(laneStream); err != nil {
		return nil, err
	}
	write, at, err := c.api.config.Store.Backup(ctx)
	if err != nil {
		gate.leave(laneStream)
		return nil, err
	}
	c.at = at
	log := c.api.config.Log
	r.Stream = func(ctx context.Context, send func([]byte) error) {
		defer gate.leave(laneStream)
		out := bufio.NewWriterSize(pieces(func(b []byte) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return send(b)
		}), backupPiece)
		err := write(out)
		if err == nil {
			err = out.Flush()
		}
		if err != nil {
			log.Warn("a backup broke off", "error", err)
		}
	}
	return r, nil
}

// pieces is a writer whose writes go out one by one.
type pieces func([]byte) error

func (p pieces) Write(b []byte) (int, error) {
	if err := p(b); err != nil {
		return 0, err
	}
	return len(b), nil
}
