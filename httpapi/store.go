package httpapi

import (
	"context"
	"io"
	"time"

	"github.com/sessnode/sessnode"
)

// Store is what the API needs of a node. All methods are called from many goroutines at once; those with a context return
// soon after it ends. Errors wrap the sentinels of package sessnode, and [sessnode.CodeOf] decides the answer. What wraps
// none of them counts as unknown after a change, and as unavailable after a read.
//
// The Position is the place in the log for which the answer holds. It is set with ErrNotFound too.
type Store interface {
	// Write makes one change. Node, Strict and the ID of a Create are left to the store. An error other than ErrUnknown means
	// that nothing was changed.
	Write(ctx context.Context, m sessnode.Mutation) (sessnode.Effect, error)

	// Session finds the live session of a token's key, with its attributes. ErrNotFound is certain.
	Session(ctx context.Context, app string, key sessnode.Key, r sessnode.Read) (sessnode.Session, sessnode.Position, error)

	// SessionByID finds a live session by its public name, with its attributes. It never counts as activity.
	SessionByID(ctx context.Context, app string, id sessnode.ID, r sessnode.Read) (sessnode.Session, sessnode.Position, error)

	// Subject lists a subject's live sessions, oldest first; attrs says whether attributes are wanted. None is no error.
	Subject(ctx context.Context, app, subject string, attrs bool, r sessnode.Read) ([]sessnode.Session, sessnode.Position, error)

	// Sessions lists one page of an app's live sessions without attributes. ErrInvalid or ErrGone for a bad cursor.
	Sessions(ctx context.Context, app, cursor string, r sessnode.Read) (sessnode.Page, sessnode.Position, error)

	// Why lists what is remembered of ended sessions, newest first: by id, or by subject where id is zero.
	Why(ctx context.Context, app string, id sessnode.ID, subject string) ([]sessnode.Ended, sessnode.Position, error)

	// Events returns what happened to sessions after a place in the stream: as soon as there is something, and after wait at the
	// latest. An empty page is certain: nothing that was asked for had happened beyond its Next. ErrGone, with Error.Oldest, where
	// events were lost; ErrInvalid for an After that is no place; ErrUnavailable where the store cannot vouch for its silence.
	Events(ctx context.Context, q sessnode.EventQuery, wait time.Duration) (sessnode.EventPage, error)

	// App returns one app. One that was never declared has the default policy.
	App(ctx context.Context, name string) (sessnode.AppInfo, sessnode.Position, error)

	// Apps lists all apps by name.
	Apps(ctx context.Context) ([]sessnode.AppInfo, sessnode.Position, error)

	// Status is the node's own view of its cluster. It asks nobody.
	Status(ctx context.Context) sessnode.Status

	// Transfer hands leadership to a node by id or name; empty lets the cluster choose.
	Transfer(ctx context.Context, to string) error

	// Remove takes a node that is gone for good out of the cluster, by id or name. ErrInvalid where there is none; ErrConflict
	// where it lives, or the others would have no majority.
	Remove(ctx context.Context, who string) error

	// Leave takes the node that is asked out of its cluster for good; the process ends soon after. ErrConflict as for Remove.
	Leave(ctx context.Context) error

	// SetDrained drains the node that is asked (not ready, does not lead, still answers), or lets it work again. A limit above zero
	// ends the drain by itself.
	SetDrained(ctx context.Context, drained bool, limit time.Duration) error

	// Backup captures the state at one position, as fresh as a linearizable read. write must be called exactly once: it streams
	// the backup and lets go of the capture. ErrUnavailable also while another backup is written there.
	Backup(ctx context.Context) (write func(io.Writer) error, at sessnode.Position, err error)

	// Ready lists what must hold for the node to be sent requests. It does not block.
	Ready() []sessnode.Check

	// Position is how far this node has applied the log. It does not block.
	Position() sessnode.Position
}
