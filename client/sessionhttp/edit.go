package sessionhttp

import (
	"maps"
	"slices"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
)

// edit is what is to be sent to the session: only what differs from what the store had, where that is known.
func (s *Session) edit() sessnode.Edit {
	c := &s.changes
	edit := sessnode.Edit{Set: make(map[string]sessnode.Value), Incr: c.incr}
	for name, v := range c.set {
		if was, there := s.base(name); !there || !same(was, v) {
			edit.Set[name] = v
		}
	}
	for _, h := range s.held {
		if !h.own {
			s.look(h, func(name string, v sessnode.Value) { edit.Set[name] = v })
		}
	}
	for name := range c.unset {
		if _, there := s.base(name); there || s.standing == unread {
			edit.Unset = append(edit.Unset, name)
		}
	}
	if c.wipe {
		for name := range s.stored.Attrs {
			if _, kept := edit.Set[name]; !kept {
				edit.Unset = append(edit.Unset, name)
			}
		}
	}
	slices.Sort(edit.Unset)
	return edit
}

// merged are the attributes after an edit, as far as this request can know them.
func (s *Session) merged(got *client.Session, edit sessnode.Edit) map[string]sessnode.Value {
	attrs := maps.Clone(s.stored.Attrs)
	if attrs == nil {
		attrs = make(map[string]sessnode.Value)
	}
	maps.Copy(attrs, edit.Set)
	for _, name := range edit.Unset {
		delete(attrs, name)
	}
	maps.Copy(attrs, got.Values)
	return attrs
}

func empty(e sessnode.Edit) bool { return len(e.Set) == 0 && len(e.Unset) == 0 && len(e.Incr) == 0 }
