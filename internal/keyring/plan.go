package keyring

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sessnode/sessnode"
)

// MayUse says why a key must not be moved to the front yet: a line for each member that is not known to accept it. Empty: it may.
func MayUse(members []sessnode.Member, fingerprint string) []string {
	return each(members, func(m sessnode.Member) string {
		if !slices.Contains(m.Keys, fingerprint) {
			return "does not accept " + fingerprint + " yet"
		}
		return ""
	})
}

// MayRemove says why a key must not be removed yet from a file whose first key is first: a line for each member that speaks it, or
// is not known to speak another and to accept the first. Empty: it may.
func MayRemove(members []sessnode.Member, fingerprint, first string) []string {
	return each(members, func(m sessnode.Member) string {
		switch {
		case m.Keys[0] == fingerprint:
			return "still speaks " + fingerprint
		case !slices.Contains(m.Keys, first):
			return "does not accept " + first
		}
		return ""
	})
}

// each asks about the keys of every member that has told any, and complains about the others.
func each(members []sessnode.Member, judge func(sessnode.Member) string) []string {
	var faults []string
	for _, m := range members {
		fault := ""
		switch {
		case !m.Alive:
			fault = "is down, and its file may be an older one"
		case len(m.Keys) == 0:
			fault = "tells no keys: it runs an older version, or has none"
		default:
			fault = judge(m)
		}
		if fault != "" {
			faults = append(faults, m.Name+" "+fault)
		}
	}
	if len(members) == 0 {
		faults = append(faults, "no member is known")
	}
	return faults
}

// Sum is how far a rotation is, over all members.
type Sum struct {
	Settled bool   // all members have the same keys in the same order, and can use their files
	Text    string // in a sentence
	Next    string // what to do next; empty: nothing
}

// Summary sums up what the members tell about their keys. want is the fingerprints that all should have, in this order; nil: the
// same ones, whichever.
func Summary(members []sessnode.Member, want []string) Sum {
	if faults := each(members, func(m sessnode.Member) string {
		if m.KeyFileBad {
			return "cannot use its key file"
		}
		return ""
	}); len(faults) > 0 {
		next := "mend that before anything else: the log of that node says more"
		if slices.ContainsFunc(members, func(m sessnode.Member) bool { return !m.Alive }) {
			next = "start the nodes that are down, or take them out of the cluster"
		}
		return Sum{Text: strings.Join(faults, "; "), Next: next}
	}
	first := members[0].Keys
	if slices.ContainsFunc(members, func(m sessnode.Member) bool { return !slices.Equal(m.Keys, first) }) {
		return Sum{Text: "the members have different keys: " + differences(members), Next: "give every node the same file"}
	}
	if want != nil && !slices.Equal(first, want) {
		return Sum{Text: fmt.Sprintf("the members have the keys %s, the file has %s", strings.Join(first, ", "), strings.Join(want, ", ")),
			Next: "give every node the file; each reads it within a second"}
	}
	s := Sum{Settled: true, Text: fmt.Sprintf("all %d members speak %s", len(members), first[0])}
	if rest := first[1:]; len(rest) > 0 {
		s.Text += " and accept " + strings.Join(rest, ", ")
		s.Next = fmt.Sprintf("sessnode key use %s where it is the new one, sessnode key remove %s where it is the old one", rest[0], rest[0])
	}
	return s
}

// differences tells which key is spoken by whom.
func differences(members []sessnode.Member) string {
	var parts []string
	for _, m := range members {
		part := m.Name + " speaks " + m.Keys[0]
		if len(m.Keys) > 1 {
			part += " and accepts " + strings.Join(m.Keys[1:], ", ")
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, "; ")
}
