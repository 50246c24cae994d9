package drill

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// healLimit bounds what a drill does to leave a live cluster as it was, also after it was interrupted.
const healLimit = 30 * time.Second

// Owed is what a drill owes to a live cluster: what it has done and not undone yet, with the command that undoes it by hand. It is safe
// for concurrent use: whoever is in a hurry to end can always be told.
type Owed struct {
	mu   sync.Mutex
	open []*debt // guarded by mu; oldest first
}

// debt is one thing that has to be undone.
type debt struct {
	command string
	undo    func(context.Context) error
}

// Enter enters what is about to be done, before it is done: a change of which no answer came may have been made.
func (o *Owed) Enter(command string, undo func(context.Context) error) *debt {
	o.mu.Lock()
	defer o.mu.Unlock()
	d := &debt{command, undo}
	o.open = append(o.open, d)
	return d
}

// settle undoes one thing. What could not be undone stays open.
func (o *Owed) settle(ctx context.Context, d *debt) error {
	if err := d.undo(ctx); err != nil {
		return fmt.Errorf("%s: %w", d.command, err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.open = slices.DeleteFunc(o.open, func(other *debt) bool { return other == d })
	return nil
}

// settleAll undoes everything that is open, the newest first, whatever has become of the context of the drill.
func (o *Owed) settleAll() error {
	ctx, cancel := context.WithTimeout(context.Background(), healLimit)
	defer cancel()
	o.mu.Lock()
	open := slices.Clone(o.open)
	o.mu.Unlock()
	var faults []error
	for _, d := range slices.Backward(open) {
		faults = append(faults, o.settle(ctx, d))
	}
	return errors.Join(faults...)
}

// Commands lists what is still open, the newest first, as it is typed.
func (o *Owed) Commands() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var all []string
	for _, d := range slices.Backward(o.open) {
		all = append(all, d.command)
	}
	return all
}
