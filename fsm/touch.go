package fsm

import "github.com/sessnode/sessnode"

// touchAll records the activity that nodes have gathered. What ended meanwhile is passed over.
func (m *Machine) touchAll(c sessnode.Touch) Result {
	var touched uint64
	for _, t := range c.Touches {
		f, err := m.live(t.App, t.Key)
		if err != nil {
			continue
		}
		m.touch(&f, nanos(t.At))
		touched++
	}
	m.stats.Touched += touched
	return Result{Effect: sessnode.Effect{Count: touched}}
}

// touchOne records activity of one session now, and may change its timeouts; only then its version changes.
func (m *Machine) touchOne(op *Op, c sessnode.TouchOne) Result {
	f, err := m.live(op.App, c.Key)
	if err != nil {
		return refuse(err)
	}
	m.stats.Touched++
	if c.Timeouts != (sessnode.TimeoutChange{}) {
		r := f.edited()
		if err := retime(&r, c.Timeouts); err != nil {
			return refuse(err)
		}
		return m.place(&f, &r)
	}
	r := m.touch(&f, m.now)
	return m.effect(&r)
}

func (m *Machine) touch(f *found, at int64) record {
	r := f.record // shares previous keys, which a touch leaves alone
	m.active(f, &r, at)
	if !m.touchInPlace(&f.record, &r) {
		m.update(&f.record, &r)
	}
	return r
}
