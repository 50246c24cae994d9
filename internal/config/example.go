package config

import (
	"fmt"
	"strings"
)

// Example returns a configuration file with every key of a scope as a comment: its meaning, its variable and its default.
// Nothing in it is set until a line's # is taken away.
func Example(scope Scope) string {
	var b strings.Builder
	b.WriteString("# sessnode: configuration file. Name it with --config FILE or SESSNODE_CONFIG; no file is read by itself.\n" +
		"# A flag wins over its variable, a variable over this file, this file over the default, each key on its own.\n")
	var group Group
	for _, k := range KeysFor(scope) {
		if k.Hidden || !k.InFile() {
			continue
		}
		if k.Group != group {
			group = k.Group
			fmt.Fprintf(&b, "\n# --- %s %s\n", group, strings.Repeat("-", 70-len(group)))
		}
		value := k.Default
		if value == "" {
			value = k.sample()
		}
		fmt.Fprintf(&b, "\n# %s.\n", wrap(upperFirst(k.Help), 116, "\n# "))
		fmt.Fprintf(&b, "# %s · %s\n", k.Env(), k.allowed())
		fmt.Fprintf(&b, "#%s: %s\n", k.Name, k.inFile(value))
	}
	return b.String()
}

// sample is a value for a key that has no default.
func (k Key) sample() string {
	switch k.Name {
	case "name":
		return "n1"
	case "advertise-host":
		return "10.0.0.11"
	case "cluster-key-file":
		return "cluster.key"
	case "api-keys-file":
		return "api.keys"
	case "api-key-file":
		return "api.key"
	case "tls-cert-file", "peer-cert-file":
		return "tls/n1.crt"
	case "tls-key-file", "peer-key-file":
		return "tls/n1.key"
	case "peer-ca-file", "ca-file":
		return "tls/ca.crt"
	case "app":
		return "web"
	}
	return k.example()
}

func (k Key) allowed() string {
	text := strings.ReplaceAll(k.Form(), "|", ", ")
	switch {
	case k.IsSwitch():
		return "true, false"
	case k.isList():
		return "list of " + strings.TrimSuffix(k.Type, ",...")
	}
	return text
}

func upperFirst(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

// wrap breaks a text into lines of at most width characters.
func wrap(text string, width int, sep string) string {
	var b strings.Builder
	line := 0
	for i, word := range strings.Fields(text) {
		switch {
		case i == 0:
		case line+1+len(word) > width:
			b.WriteString(sep)
			line = 0
		default:
			b.WriteByte(' ')
			line++
		}
		b.WriteString(word)
		line += len(word)
	}
	return b.String()
}
