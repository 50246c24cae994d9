package bench

import (
	"fmt"
	"strings"
)

// Operation is one kind of request.
type Operation uint8

// The operations.
const (
	Create    Operation = iota // a new session with four attributes
	Read                       // with attributes; not counted as activity
	ReadTouch                  // the same, counted as activity, as an application's reads are
	Patch                      // a new value for one of the four attributes
	Touch                      // activity, recorded before the answer

	operations = int(Touch) + 1
)

// String returns the operation's name in reports.
func (o Operation) String() string {
	return [...]string{Create: "create", Read: "read", ReadTouch: "read+touch", Patch: "patch", Touch: "touch"}[o]
}

// Workload is a mixture of operations.
type Workload struct {
	Name   string
	shares [operations]int // in percent
}

// Workloads returns all workloads by name: one for each operation that stands for itself, and "mixed", what a session store
// sees of a web application.
func Workloads() []Workload {
	only := func(name string, o Operation) Workload {
		w := Workload{Name: name}
		w.shares[o] = 100
		return w
	}
	return []Workload{
		only("create", Create), only("read", Read), only("patch", Patch), only("touch", Touch),
		{"mixed", [operations]int{Read: 80, ReadTouch: 15, Patch: 4, Create: 1}},
	}
}

// ParseWorkload finds a workload by its name.
func ParseWorkload(name string) (Workload, error) {
	var names []string
	for _, w := range Workloads() {
		if w.Name == name {
			return w, nil
		}
		names = append(names, w.Name)
	}
	return Workload{}, fmt.Errorf("no workload is called %q: there are %s", name, strings.Join(names, ", "))
}

// at returns the operation that stands at a percent of the workload, 0 to 99.
func (w Workload) at(percent int) Operation {
	for o, share := range w.shares {
		if percent -= share; percent < 0 {
			return Operation(o)
		}
	}
	panic("bench: the shares of " + w.Name + " are less than all")
}

// needsSessions reports whether some of the operations are about sessions that have to be there.
func (w Workload) needsSessions() bool { return w.shares[Create] < 100 }
