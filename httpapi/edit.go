package httpapi

import "github.com/sessnode/sessnode"

// edit reads the fields that patch and rotate share.
type edit struct {
	set attributes
	sessnode.Edit
}

func (e *edit) fields() []field {
	fields := append(e.set.fields("set"),
		field{"unset", names(&e.Unset)},
		field{"incr", e.readIncr},
		field{"if", e.readIf},
		field{"device", optional(&e.Device, device)})
	return append(fields, timeoutChanges(&e.Timeouts)...)
}

func (e *edit) readIncr(n node) error {
	e.Incr = map[string]int64{}
	return n.members(func(name string, value node) error {
		by, err := value.integer()
		if err == nil {
			err = checkName(name)
		}
		e.Incr[name] = by
		return err
	})
}

func (e *edit) readIf(n node) error {
	e.If = map[string]sessnode.Guard{}
	return n.members(func(name string, value node) error {
		g, err := value.guard()
		if err == nil {
			err = checkName(name)
		}
		e.If[name] = g
		return err
	})
}

// guard reads exactly one of equals, raw and absent.
func (n node) guard() (g sessnode.Guard, err error) {
	conditions := 0
	err = n.object(
		field{"equals", func(n node) (err error) { conditions++; g.Value, err = n.plain(); return err }},
		field{"raw", func(n node) (err error) { conditions++; g.Value, err = n.raw(); return err }},
		field{"absent", func(n node) (err error) {
			conditions++
			if g.Absent, err = n.boolean(); err == nil && !g.Absent {
				err = mistake("can only be true")
			}
			return err
		}},
	)
	if err == nil && conditions != 1 {
		err = mistake("each comparison has one of equals, raw and absent")
	}
	return g, err
}

// change returns the edit. It refuses a name for which the order of the steps would matter.
func (e *edit) change() (sessnode.Edit, error) {
	seen := map[string]bool{}
	for name := range e.set {
		seen[name] = true
	}
	for name := range e.Incr {
		if seen[name] {
			return e.Edit, mistake("an attribute is in two of set, raw, unset and incr")
		}
		seen[name] = true
	}
	for _, name := range e.Unset {
		if seen[name] {
			return e.Edit, mistake("an attribute is in two of set, raw, unset and incr")
		}
	}
	e.Set = e.set
	return e.Edit, nil
}
