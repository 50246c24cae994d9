package config

import "errors"

// Fault is one thing that is wrong with a setting: what, why it cannot be accepted, and what to do instead. It never holds
// the content of a key file.
type Fault struct {
	Key  string // of the table
	What string
	Why  string
	Cure string
}

// Error returns the fault on one line.
func (f *Fault) Error() string { return f.What + ": " + f.Why }

// Faults lists the faults inside err, in the order in which they were found; none when err holds no Fault.
func Faults(err error) []*Fault {
	var one *Fault
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		var all []*Fault
		for _, e := range many.Unwrap() {
			all = append(all, Faults(e)...)
		}
		return all
	}
	if errors.As(err, &one) {
		return []*Fault{one}
	}
	return nil
}
