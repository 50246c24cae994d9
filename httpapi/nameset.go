package httpapi

import "bytes"

// nameSet finds names that occur twice in one object. A few names are compared one by one; many go into a map, so that an
// object made of ten thousand names costs no ten thousand times as much.
type nameSet struct {
	few  [8][]byte
	n    int
	many map[string]struct{}
}

// add reports whether the name is new. The set keeps the slice.
func (s *nameSet) add(name []byte) bool {
	if s.many != nil {
		if _, twice := s.many[string(name)]; twice {
			return false
		}
		s.many[string(name)] = struct{}{}
		return true
	}
	for _, other := range s.few[:s.n] {
		if bytes.Equal(other, name) {
			return false
		}
	}
	if s.n < len(s.few) {
		s.few[s.n] = name
		s.n++
		return true
	}
	s.many = make(map[string]struct{}, 4*len(s.few))
	for _, other := range s.few {
		s.many[string(other)] = struct{}{}
	}
	s.many[string(name)] = struct{}{}
	return true
}
