package httpapi

import "github.com/sessnode/sessnode"

// edit reads the fields that patch and rotate share.
type edit struct {
	set attributes
	sessnode.Edit
}

// editMembers are the fields that patch and rotate share.
var editMembers = []member[edit]{
	{"set", func(e *edit, n node) error { return e.set.readPlain(n) }},
	{"raw", func(e *edit, n node) error { return e.set.readRaw(n) }},
	{"unset", func(e *edit, n node) error { return names(&e.Unset)(n) }},
	{"incr", (*edit).readIncr},
	{"if", (*edit).readIf},
	{"device", func(e *edit, n node) error { return optional(&e.Device, device)(n) }},
	{"idle", func(e *edit, n node) error { return optional(&e.Timeouts.Idle, duration)(n) }},
	{"lifetime", func(e *edit, n node) error { return optional(&e.Timeouts.Lifetime, duration)(n) }},
	{"expires", func(e *edit, n node) error { return optional(&e.Timeouts.Expires, moment)(n) }},
}

func (e *edit) readIncr(n node) error {
	e.Incr = map[string]int64{}
	return n.members(func(text []byte, value node) error {
		name := string(text)
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
	return n.members(func(text []byte, value node) error {
		name := string(text)
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
	if len(e.Incr) == 0 && len(e.Unset) == 0 {
		e.Set = e.set.values
		return e.Edit, nil
	}
	seen := map[string]bool{}
	for name := range e.set.values {
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
	e.Set = e.set.values
	return e.Edit, nil
}
