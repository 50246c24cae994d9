package moving

import (
	"time"
	"unicode"

	"github.com/sessnode/sessnode"
)

// judge says why a session cannot be stored by a policy; nil where it can. The nodes judge again; this is for saying it before
// anything is sent, and with the cure.
func (r *record) judge(p sessnode.Policy, app string) error {
	if least := p.MinTokenLength; uint64(r.TokenChars) < least {
		return faultf("its token has %d characters, app %s asks for at least %d", r.TokenChars, app, least)
	}
	if len(r.Subject) > sessnode.MaxSubjectBytes {
		return faultf("its subject has %d bytes, %d are allowed", len(r.Subject), sessnode.MaxSubjectBytes)
	}
	for _, c := range r.Subject {
		if unicode.IsControl(c) {
			return faultf("its subject holds a control character")
		}
	}
	if n := uint64(len(r.Attrs)); n > p.MaxAttributes {
		return faultf("it has %d attributes, app %s allows %d", n, app, p.MaxAttributes)
	}
	size := uint64(0)
	for name, v := range r.Attrs {
		if uint64(len(name)) > p.MaxNameBytes || name == "" {
			return faultf("an attribute's name has %d bytes, app %s allows 1 to %d", len(name), app, p.MaxNameBytes)
		}
		size += uint64(len(name) + len(v.Data))
	}
	if size > p.MaxBytes {
		return faultf("it has %d bytes, app %s allows %d", size, app, p.MaxBytes)
	}
	return nil
}

// settle makes the end that the session had where it came from its end here, and reports whether that has come already. The
// store counts idle timeout and lifetime from the import on; only expires carries an old end over.
func (r *record) settle(now time.Time) (over bool) {
	end := r.Timeouts.Expires
	if !r.created.IsZero() && r.Timeouts.Lifetime > 0 {
		if by := r.created.Add(r.Timeouts.Lifetime); end.IsZero() || by.Before(end) {
			end = by
		}
	}
	r.Timeouts.Expires = end
	idle := r.touched.Add(r.Timeouts.Idle)
	return !end.IsZero() && !end.After(now) ||
		!r.touched.IsZero() && r.Timeouts.Idle > 0 && !idle.After(now)
}
