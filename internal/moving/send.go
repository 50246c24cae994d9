package moving

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
)

// ErrOlder means that a node's version does not know imports by key.
var ErrOlder = errors.New("a node is older than this import")

// The waits between tries of one import, while the store cannot answer.
const (
	firstWait = 100 * time.Millisecond
	maxWait   = 2 * time.Second
)

// send imports one session and counts what became of it. An error ends the run. All tries have one operation name, so that one
// whose answer was lost is not taken for somebody else's session.
func (r *run) send(ctx context.Context, j job) error {
	name := client.WithOperation(fmt.Sprintf("import-%x-%d", r.name, j.line))
	patience := time.NewTimer(r.Patience)
	defer patience.Stop()
	for wait := firstWait; ; wait = min(2*wait, maxWait) {
		_, err := r.Store.Import(ctx, j.Import, name)
		if r.settled(j, err) {
			return nil
		}
		if older(err) {
			return fmt.Errorf("%w: %w", ErrOlder, err)
		}
		if !errors.Is(err, sessnode.ErrUnavailable) && !errors.Is(err, sessnode.ErrUnknown) {
			return err
		}
		again := time.NewTimer(wait)
		select {
		case <-again.C:
		case <-patience.C:
			again.Stop()
			return err
		case <-ctx.Done():
			again.Stop()
			return ctx.Err()
		}
	}
}

// settled counts an outcome that is about this session alone. It reports false for the others.
func (r *run) settled(j job, err error) bool {
	change := func(*Report) {}
	reason := sessnode.ReasonOf(err)
	switch {
	case err == nil:
		change = func(report *Report) { report.Made++ }
	case errors.Is(err, sessnode.ErrConflict) && reason == sessnode.ReasonTaken:
		change = func(report *Report) { report.There++ }
	case errors.Is(err, sessnode.ErrConflict):
		change = func(report *Report) { report.Ended++ }
	case older(err):
		return false
	case errors.Is(err, sessnode.ErrLimit), errors.Is(err, sessnode.ErrTooLarge), errors.Is(err, sessnode.ErrInvalid):
		text := err.Error()
		if e := (*sessnode.Error)(nil); errors.As(err, &e) && e.Detail != "" {
			text = e.Detail
		}
		change = func(report *Report) {
			report.Importable-- // it only seemed so
			report.refuse(j.line, j.Key, text)
		}
	default:
		return false
	}
	r.count(change)
	return true
}

// older reports whether a node does not know the request at all: its version is older than imports are.
func older(err error) bool {
	var e *sessnode.Error
	return errors.As(err, &e) && errors.Is(err, sessnode.ErrInvalid) && strings.Contains(e.Detail, "nothing at this path")
}
