package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sessnode/sessnode/internal/nearest"
)

// Source looks a key up in one place. From names the place for a person ("--http", "SESSNODE_HTTP", "sessnode.yaml:3"); ok is
// false where the key is not set there.
type Source func(k Key) (text, from string, ok bool)

// FromDefault is where a value comes from that no source has.
const FromDefault = "default"

// FromEnv is the source of environment variables; lookup is os.LookupEnv, or a map in tests. A variable that is set to
// nothing counts as not set: that is how compose files and unit files leave one out.
func FromEnv(lookup func(string) (string, bool)) Source {
	return func(k Key) (string, string, bool) {
		text, ok := lookup(k.Env())
		return text, k.Env(), ok && text != ""
	}
}

// Sources are the places where keys are set, the first of which wins: the flags, the environment, and the configuration file
// that one of these two names. With the faults of a file, the other sources are returned all the same.
func Sources(flags Source, lookup func(string) (string, bool)) ([]Source, error) {
	sources := []Source{flags, FromEnv(lookup)}
	path := ""
	for _, v := range Values(ForAll, sources...) {
		if v.Key.Name == keyConfig {
			path = v.Text
		}
	}
	file, err := FromFile(path)
	if err == nil {
		sources = append(sources, file)
	}
	return sources, err
}

// Value is what one key is set to, and where.
type Value struct {
	Key  Key
	Text string // empty: not set
	From string // the source's name for it, or FromDefault
}

// Values asks the sources for each key of a scope: the first that has it wins, else it has its default.
func Values(scope Scope, sources ...Source) []Value {
	var all []Value
	for _, k := range KeysFor(scope) {
		v := Value{Key: k, Text: k.Default, From: FromDefault}
		for _, source := range sources {
			if text, from, ok := source(k); ok {
				v.Text, v.From = text, from
				break
			}
		}
		all = append(all, v)
	}
	return all
}

// Load reads the keys of a node. Where it reports faults they are all faults of reading single keys; Validate judges them
// together.
func Load(sources ...Source) (Config, error) {
	t, err := load(ForNode, sources)
	return t.node, err
}

// LoadClient reads the keys of a client verb, and reports all their faults.
func LoadClient(sources ...Source) (Client, error) {
	t, err := load(ForClient, sources)
	return t.client, err
}

func load(scope Scope, sources []Source) (told, error) {
	var t told
	var faults []error
	for _, v := range Values(scope, sources...) {
		if err := v.Key.read(&t, v.Text); err != nil {
			faults = append(faults, &Fault{Key: v.Key.Name, What: "bad value for " + v.place(), Why: err.Error(), Cure: v.cure()})
		}
	}
	return t, errors.Join(faults...)
}

// place names the key where it was set.
func (v Value) place() string {
	switch v.From {
	case "--" + v.Key.Name, v.Key.Env():
		return v.From
	case FromDefault:
		return "default of --" + v.Key.Name
	}
	return v.Key.Name + " in " + v.From
}

// cure says how to set the key, in the way in which it was set.
func (v Value) cure() string {
	example := v.Key.example()
	if near := nearest.Name(v.Text, v.Key.Choices); near != "" {
		example = near
	}
	switch v.From {
	case "--" + v.Key.Name, FromDefault:
		return fmt.Sprintf("--%s %s   (%s)", v.Key.Name, example, v.Key.Help)
	case v.Key.Env():
		return fmt.Sprintf("%s=%s   (%s)", v.From, example, v.Key.Help)
	}
	return fmt.Sprintf("%s: %s   (%s)", v.Key.Name, example, v.Key.Help)
}

func (k Key) read(t *told, text string) error {
	if text == "" {
		return nil
	}
	if len(k.Choices) > 0 && !slices.Contains(k.Choices, text) {
		return fmt.Errorf("%q is not one of %s", text, strings.Join(k.Choices, ", "))
	}
	return k.parse(t, text)
}

// example is a value that would be accepted.
func (k Key) example() string {
	switch {
	case k.Type == typeSwitch:
		return "true"
	case len(k.Choices) > 0:
		return strings.Join(k.Choices, "|")
	case k.Type == typeSize:
		return "2GiB"
	case k.Type == typeAddresses:
		return "10.0.0.11:7482,10.0.0.12:7482"
	case k.Type == typeNames:
		return "sessions.example,10.0.0.11"
	case k.Type == typeURL:
		return "http://10.0.0.11:7480,http://10.0.0.12:7480"
	case k.Default != "":
		return k.Default
	}
	return "VALUE"
}
