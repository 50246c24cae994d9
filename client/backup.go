package client

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/sessnode/sessnode"
)

// backupType is what a node calls a backup.
const backupType = "application/vnd.sessnode.backup"

// Backup writes a backup of the whole cluster to w, as `sessnode backup` does, and returns the position of the log that it is of. It takes
// an operator's key. Any node will do: one after the other is asked until one begins. The client's time-out is for the beginning,
// and from then on ctx and a limit on silence.
//
// After an error w holds a part that is of no use. What came is compared with the checksum at its end, so a stream that was cut or
// changed is an error (sessnode.ErrUnavailable).
func (c *Client) Backup(ctx context.Context, w io.Writer) (sessnode.Position, error) {
	r := &request{op: "backup", method: http.MethodGet, path: "/v1/cluster/backup"}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var s *backupStream
	err := c.settle(ctx, r, func(_ context.Context, n *node, allotted time.Duration) (failed *failure) {
		s, failed = c.askBackup(ctx, n, r, allotted)
		return failed
	})
	if err != nil {
		return sessnode.Position{}, err
	}
	defer s.close()
	if err := s.copy(w); err != nil {
		return sessnode.Position{}, err
	}
	return s.at, nil
}

// backupStream is a backup that is on its way.
type backupStream struct {
	body   io.ReadCloser
	at     sessnode.Position
	quiet  *time.Timer
	cancel context.CancelFunc
}

func (s *backupStream) close() {
	s.quiet.Stop()
	s.cancel()
	s.body.Close()
}

// askBackup asks one node to begin. The time allotted is for the beginning of the answer.
func (c *Client) askBackup(ctx context.Context, n *node, r *request, allotted time.Duration) (*backupStream, *failure) {
	ctx, cancel := context.WithCancel(ctx)
	quiet := time.AfterFunc(allotted, cancel)
	res, failed := c.beginBackup(ctx, n, r, allotted)
	if failed != nil {
		quiet.Stop()
		cancel()
		return nil, failed
	}
	at, _ := sessnode.ParsePosition(res.Header.Get("Session-Index")) // beginBackup has looked
	quiet.Reset(streamSilence)
	return &backupStream{body: res.Body, at: at, quiet: quiet, cancel: cancel}, nil
}

func (c *Client) beginBackup(ctx context.Context, n *node, r *request, allotted time.Duration) (*http.Response, *failure) {
	req, err := c.build(ctx, n.base, r, allotted)
	if err != nil {
		return nil, &failure{final: true, err: err}
	}
	req.Header.Set("Accept", backupType+", application/problem+json")
	res, err := c.http.Do(req)
	if err != nil {
		return nil, &failure{detail: n.base + ": " + describe(err)}
	}
	kind, _, _ := strings.Cut(res.Header.Get("Content-Type"), ";")
	_, err = sessnode.ParsePosition(res.Header.Get("Session-Index"))
	if res.StatusCode == http.StatusOK && kind == backupType && err == nil {
		return res, nil
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(res.Body, maxEventLine))
	if _, failed := c.judge(n, r, res, body); failed != nil {
		return nil, failed
	}
	return nil, r.stranger(n, res)
}

// copy passes all on, and then compares the checksum.
func (s *backupStream) copy(w io.Writer) error {
	check := &tail{sum: sha256.New()}
	buffer := make([]byte, 256<<10)
	for {
		n, err := s.body.Read(buffer)
		s.quiet.Reset(streamSilence)
		check.add(buffer[:n])
		if _, err := w.Write(buffer[:n]); err != nil {
			return err
		}
		switch {
		case errors.Is(err, io.EOF) && check.right():
			return nil
		case err != nil:
			e := sessnode.Errorf(sessnode.CodeUnavailable, "", "the backup broke off after %d bytes, or was changed on its way", check.bytes)
			e.Op = "backup"
			return e
		}
	}
}

// tail sums up all that comes but the last bytes, which are the sum.
type tail struct {
	sum   hash.Hash
	last  []byte
	bytes int64
}

func (t *tail) add(b []byte) {
	t.bytes += int64(len(b))
	t.last = append(t.last, b...)
	if more := len(t.last) - sha256.Size; more > 0 {
		t.sum.Write(t.last[:more])
		t.last = append(t.last[:0], t.last[more:]...)
	}
}

func (t *tail) right() bool { return bytes.Equal(t.last, t.sum.Sum(nil)) }
