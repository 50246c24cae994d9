package bench

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Nodes are the nodes of a store.
type Nodes []Node

var errNoRoles = errors.New("which node leads is not known: that takes an operator's API key, and a leader")

// Choose returns the nodes that a route names: "all" that are alive, the "leader", all "followers", one "follower" (the first
// by name), or names, ids or URLs with commas between.
func (n Nodes) Choose(route string) ([]Node, error) {
	usable := slices.DeleteFunc(slices.Clone(n), func(m Node) bool { return !m.Alive || m.URL == "" })
	slices.SortFunc(usable, func(a, b Node) int { return cmp.Compare(a.Name, b.Name) })
	hasLeader := slices.ContainsFunc(usable, func(m Node) bool { return m.Leader })
	var chosen []Node
	switch route {
	case "all":
		chosen = usable
	case "leader", "follower", "followers":
		if !hasLeader {
			return nil, errNoRoles
		}
		chosen = slices.DeleteFunc(usable, func(m Node) bool { return !m.Voter || m.Leader != (route == "leader") })
		if route == "follower" && len(chosen) > 1 {
			chosen = chosen[:1]
		}
	default:
		return usable.named(route)
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("no node is alive that %q could be", route)
	}
	return chosen, nil
}

func (n Nodes) named(route string) ([]Node, error) {
	var chosen []Node
	for name := range strings.SplitSeq(route, ",") {
		i := slices.IndexFunc(n, func(m Node) bool { return name != "" && (m.Name == name || m.ID == name || m.URL == name) })
		switch {
		case i < 0:
			return nil, fmt.Errorf("no node that is alive is called %q: there are %s", name, strings.Join(names(n), ", "))
		case slices.ContainsFunc(chosen, func(m Node) bool { return m.URL == n[i].URL }):
			return nil, fmt.Errorf("%q names a node twice", route)
		}
		chosen = append(chosen, n[i])
	}
	return chosen, nil
}

func names(nodes []Node) []string {
	list := make([]string, len(nodes))
	for i, n := range nodes {
		list[i] = n.Name
	}
	return list
}
