package config

import (
	"log/slog"
	"strings"
	"time"
)

// Group gathers keys that are explained together.
type Group string

// The groups, in the order in which they are shown.
const (
	GroupNode     Group = "This node"
	GroupCluster  Group = "Cluster"
	GroupSecurity Group = "Security"
	GroupLimits   Group = "Limits"
	GroupLog      Group = "Log"
)

// Key is one setting, in all its forms.
type Key struct {
	Name    string   // the flag without its dashes
	Type    string   // how its text is read, for help: "text", "host:port", "size", ...
	Default string   // as one would type it; empty: not set
	Unit    string   // of a bare number; empty where the text carries it
	Help    string   // one sentence without a full stop
	Choices []string // the allowed texts; empty: any of the type
	Group   Group
	Hidden  bool // for tests: works, but is not shown

	parse func(c *Config, text string) error
}

// Env returns the name of the key's environment variable.
func (k Key) Env() string {
	return "SESSNODE_" + strings.ToUpper(strings.ReplaceAll(k.Name, "-", "_"))
}

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

// Keys returns the table, in the order in which it is shown. The caller owns the slice.
func Keys() []Key {
	var all []Key
	for _, part := range [][]Key{nodeKeys(), clusterKeys(), securityKeys(), limitKeys(), logKeys()} {
		all = append(all, part...)
	}
	return all
}

func nodeKeys() []Key {
	g := GroupNode
	return []Key{
		{Name: "name", Type: typeText, Group: g, Help: "name of this node, unique in the cluster (unset: the host's name)",
			parse: textTo(func(c *Config) *string { return &c.Name })},
		{Name: "data", Type: typePath, Default: "data", Group: g, Help: "directory of this node's log, snapshots and identity; made if missing",
			parse: textTo(func(c *Config) *string { return &c.Data })},
		{Name: "http", Type: typeAddress, Default: "127.0.0.1:7480", Group: g, Help: "where the HTTP API listens",
			parse: addressTo(func(c *Config) *string { return &c.Listen.HTTP })},
		{Name: "node", Type: typeAddress, Default: "127.0.0.1:7481", Group: g, Help: "where other nodes reach this one (TCP)",
			parse: addressTo(func(c *Config) *string { return &c.Listen.Node })},
		{Name: "gossip", Type: typeAddress, Default: "127.0.0.1:7482", Group: g, Help: "where gossip listens (TCP and UDP)",
			parse: addressTo(func(c *Config) *string { return &c.Listen.Gossip })},
		{Name: "advertise-host", Type: typeText, Group: g, Help: "host that others dial; needed where an address listens on all interfaces (unset: the host that listens)",
			parse: textTo(func(c *Config) *string { return &c.Listen.AdvertiseHost })},
		{Name: "strict-apps", Type: typeSwitch, Default: "false", Group: g, Help: "refuse apps that were never declared",
			parse: switchTo(func(c *Config) *bool { return &c.StrictApps })},
	}
}

func clusterKeys() []Key {
	g := GroupCluster
	return []Key{
		{Name: "seeds", Type: typeAddresses, Group: g, Help: "gossip addresses of any nodes of the cluster, separated by commas",
			parse: addressesTo(func(c *Config) *[]string { return &c.Cluster.Seeds })},
		{Name: "expect", Type: typeCount, Default: "1", Unit: "nodes", Choices: []string{"0", "1", "3", "5"}, Group: g,
			Help:  "how many fresh nodes found the cluster together; 0: only join one; no meaning once founded or joined",
			parse: countTo(func(c *Config) *int { return &c.Cluster.Expect }, 0, 5)},
		{Name: "profile", Type: typeChoice, Default: "default", Choices: []string{"default", "fast"}, Group: g,
			Help:  "election time-outs: fast for one rack and quick disks; the same on all nodes",
			parse: textTo(func(c *Config) *string { return &c.Cluster.Profile })},
		{Name: "clock-offset", Type: typeDuration, Default: "0s", Group: g, Hidden: true, Help: "tests only: added to this node's wall clock",
			parse: durationTo(func(c *Config) *time.Duration { return &c.Cluster.ClockOffset })},
	}
}

func securityKeys() []Key {
	g := GroupSecurity
	return []Key{
		{Name: "cluster-key-file", Type: typePath, Group: g, Help: "file with the cluster key: 32 bytes in hex or base64, the same on all nodes",
			parse: textTo(func(c *Config) *string { return &c.Security.ClusterKeyFile })},
		{Name: "api-keys-file", Type: typePath, Group: g, Help: "file with the API keys, a line each: name, role (operator or app:NAME), SHA-256 of the key in hex",
			parse: textTo(func(c *Config) *string { return &c.Security.APIKeysFile })},
		{Name: "hosts", Type: typeNames, Group: g, Help: "names under which apps reach this node, separated by commas, * for any; where names or no API keys are given, requests for other names are refused",
			parse: namesTo(func(c *Config) *[]string { return &c.Security.Hosts })},
		{Name: "open-metrics", Type: typeSwitch, Default: "false", Group: g, Help: "serve /metrics without an API key",
			parse: switchTo(func(c *Config) *bool { return &c.Security.OpenMetrics })},
		{Name: "insecure", Type: typeSwitch, Default: "false", Group: g, Help: "start without keys on addresses that other hosts can reach",
			parse: switchTo(func(c *Config) *bool { return &c.Security.Insecure })},
	}
}

func limitKeys() []Key {
	g := GroupLimits
	return []Key{
		{Name: "max-memory", Type: typeSize, Default: "0", Group: g, Help: "memory this node may use; half of it is for sessions (0: what the system or its control group has)",
			parse: sizeTo(func(c *Config) *uint64 { return &c.Limits.MaxMemory })},
		{Name: "max-in-flight", Type: typeCount, Default: "1024", Unit: "requests", Group: g, Help: "requests worked on at once; more are shed with 503 and Retry-After",
			parse: countTo(func(c *Config) *int { return &c.Limits.MaxInFlight }, 1, 1<<20)},
		{Name: "max-connections", Type: typeCount, Default: "8192", Unit: "connections", Group: g, Help: "open HTTP connections; more wait to be accepted",
			parse: countTo(func(c *Config) *int { return &c.Limits.MaxConnections }, 1, 1<<20)},
	}
}

func logKeys() []Key {
	g := GroupLog
	return []Key{
		{Name: "log-format", Type: typeChoice, Default: "text", Choices: []string{"text", "json"}, Group: g, Help: "how the log on standard error is written",
			parse: textTo(func(c *Config) *string { return &c.Log.Format })},
		{Name: "log-level", Type: typeChoice, Default: "info", Choices: []string{"debug", "info", "warn", "error"}, Group: g, Help: "the least level that is logged",
			parse: levelTo(func(c *Config) *slog.Level { return &c.Log.Level })},
	}
}
