package config

import (
	"slices"
	"strings"
)

// Scope says who is told: nodes, client verbs, or both.
type Scope uint8

// The scopes.
const (
	ForNode   Scope = 1 << iota // serve
	ForClient                   // everything that talks to a cluster
	ForAll    = ForNode | ForClient
)

// Group gathers keys that are explained together.
type Group string

// The groups, in the order in which they are shown.
const (
	GroupNode       Group = "This node"
	GroupCluster    Group = "Cluster"
	GroupSecurity   Group = "Security"
	GroupLimits     Group = "Limits"
	GroupBackups    Group = "Backups"
	GroupLog        Group = "Log"
	GroupConnection Group = "Connection"
	GroupOutput     Group = "Output"
	GroupFile       Group = "Configuration file"
)

// Key is one setting, in all its forms.
type Key struct {
	Name    string   // the flag without its dashes, and the key in the file
	Short   string   // the flag's letter; empty: none
	Type    string   // how its text is read, for help: "text", "host:port", "size", ...
	Default string   // as one would type it; empty: not set
	Unit    string   // of a bare number; empty where the text carries it
	Help    string   // one sentence without a full stop
	Choices []string // the allowed texts; empty: any of the type
	Group   Group
	Scope   Scope
	Hidden  bool // for tests: works, but is not shown

	parse func(t *told, text string) error
}

// told is what the keys of the table fill.
type told struct {
	node   Config
	client Client
}

// Env returns the name of the key's environment variable.
func (k Key) Env() string {
	return "SESSNODE_" + strings.ToUpper(strings.ReplaceAll(k.Name, "-", "_"))
}

// InFile reports whether the key may stand in the configuration file.
func (k Key) InFile() bool { return k.Name != keyConfig }

// Form says in a word what a value looks like: its choices, its unit, or its type.
func (k Key) Form() string {
	switch {
	case len(k.Choices) > 0:
		return strings.Join(k.Choices, "|")
	case k.Unit != "":
		return k.Unit
	}
	return k.Type
}

// IsSwitch reports whether the flag may stand without a value, which means true.
func (k Key) IsSwitch() bool { return k.Type == typeSwitch }

// isList reports whether the key may be a list in the file.
func (k Key) isList() bool { return k.Type == typeAddresses || k.Type == typeNames }

// Show returns a value as it may be shown to people: the key in a URL is hidden.
func (k Key) Show(text string) string {
	if k.Type == typeURL {
		return HideKey(text)
	}
	return text
}

// HideKey replaces the API key in a cluster's URL.
func HideKey(url string) string {
	scheme, rest, found := strings.Cut(url, "://")
	if !found {
		scheme, rest = "", url
	} else {
		scheme += "://"
	}
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		return scheme + "[key]" + rest[at:]
	}
	return url
}

// Keys returns the table, in the order in which it is shown. The caller owns the slice.
func Keys() []Key {
	return slices.Concat(nodeKeys(), clusterKeys(), securityKeys(), limitKeys(), backupKeys(), logKeys(), connectionKeys(), outputKeys(), fileKeys())
}

// KeysFor returns the keys of a scope.
func KeysFor(scope Scope) []Key {
	return slices.DeleteFunc(Keys(), func(k Key) bool { return k.Scope&scope == 0 })
}
