package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Source looks a key up in one place. From names the place for a person ("--http", "SESSNODE_HTTP"); ok is false where the
// key is not set there.
type Source func(k Key) (text, from string, ok bool)

// FromEnv is the source of environment variables; lookup is os.LookupEnv, or a map in tests. A variable that is set to
// nothing counts as not set: that is how compose files and unit files leave one out.
func FromEnv(lookup func(string) (string, bool)) Source {
	return func(k Key) (string, string, bool) {
		text, ok := lookup(k.Env())
		return text, k.Env(), ok && text != ""
	}
}

// Load asks the sources for each key, the first that has it wins, and falls back to the default. Where it reports faults
// they are all faults of reading single keys; Validate judges them together.
func Load(sources ...Source) (Config, error) {
	var c Config
	var faults []error
	for _, k := range Keys() {
		text, from := k.Default, "default of --"+k.Name
		for _, source := range sources {
			if t, f, ok := source(k); ok {
				text, from = t, f
				break
			}
		}
		if err := k.read(&c, text); err != nil {
			faults = append(faults, &Fault{
				Key: k.Name, What: "bad value for " + from, Why: err.Error(),
				Cure: fmt.Sprintf("--%s %s (%s)", k.Name, k.example(), k.Help),
			})
		}
	}
	return c, errors.Join(faults...)
}

func (k Key) read(c *Config, text string) error {
	if text == "" {
		return nil
	}
	if len(k.Choices) > 0 && !slices.Contains(k.Choices, text) {
		return fmt.Errorf("%q is not one of %s", text, strings.Join(k.Choices, ", "))
	}
	return k.parse(c, text)
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
	case k.Default != "":
		return k.Default
	}
	return "VALUE"
}
