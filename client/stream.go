package client

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/sessnode/sessnode"
)

const (
	// streamSilence is how long a stream may say nothing: three times as long as a node takes at most between two signs of life.
	streamSilence = 30 * time.Second

	maxEventLine = 64 << 10 // no event comes near it
)

// eventStream is an open stream of server-sent events. It is used by one goroutine.
type eventStream struct {
	body   io.ReadCloser
	lines  *bufio.Scanner
	quiet  *time.Timer // breaks the stream when nothing came for a while
	cancel context.CancelFunc
}

// askEvents opens a stream at one node. The time allotted is for the beginning of the answer.
func (c *Client) askEvents(ctx context.Context, n *node, r *request, allotted time.Duration) (*eventStream, *failure) {
	ctx, cancel := context.WithCancel(ctx)
	quiet := time.AfterFunc(allotted, cancel)
	s, failed := c.beginStream(ctx, n, r, allotted)
	if failed != nil {
		quiet.Stop()
		cancel()
		return nil, failed
	}
	s.quiet, s.cancel = quiet, cancel
	s.quiet.Reset(streamSilence)
	return s, nil
}

func (c *Client) beginStream(ctx context.Context, n *node, r *request, allotted time.Duration) (*eventStream, *failure) {
	req, err := c.build(ctx, n.base, r, allotted)
	if err != nil {
		return nil, &failure{final: true, err: err}
	}
	req.Header.Set("Accept", "text/event-stream, application/problem+json")
	res, err := c.http.Do(req)
	if err != nil {
		return nil, &failure{detail: n.base + ": " + describe(err)}
	}
	kind, _, _ := strings.Cut(res.Header.Get("Content-Type"), ";")
	if res.StatusCode != http.StatusOK || kind != "text/event-stream" {
		defer res.Body.Close()
		body, _ := io.ReadAll(io.LimitReader(res.Body, maxEventLine))
		if _, failed := c.judge(n, r, res, body); failed != nil {
			return nil, failed
		}
		return nil, r.stranger(n, res)
	}
	if _, err := sessnode.ParsePosition(res.Header.Get("Session-Index")); err != nil {
		res.Body.Close()
		return nil, r.stranger(n, res)
	}
	if !c.history.believe(res.Header.Get("Session-Generation"), time.Now()) {
		res.Body.Close()
		return nil, otherLife(n)
	}
	s := &eventStream{body: res.Body, lines: bufio.NewScanner(res.Body)}
	s.lines.Buffer(nil, maxEventLine)
	return s, nil
}

// next returns the next block of the stream: its id and its data, either of which may be empty. ok is false when the stream broke.
// A block counts only when it is complete.
func (s *eventStream) next() (id string, data []byte, ok bool) {
	for s.lines.Scan() {
		s.quiet.Reset(streamSilence)
		line := s.lines.Bytes()
		if len(line) == 0 {
			if id != "" || data != nil {
				return id, data, true
			}
			continue
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch string(name) {
		case "id":
			id = string(value)
		case "data":
			data = append(data, value...)
		}
	}
	return "", nil, false
}

func (s *eventStream) close() {
	s.quiet.Stop()
	s.cancel()
	s.body.Close()
}
