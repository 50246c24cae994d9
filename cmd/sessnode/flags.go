package main

import (
	"errors"
	"os"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sessnode/sessnode/internal/config"
)

// flagText is a flag whose text config judges, so that flag, variable and file are read alike and every fault shows at once.
type flagText struct {
	key  config.Key
	text string
}

// String returns the value as typed, or the default.
func (f *flagText) String() string { return f.text }

// Set keeps the text.
func (f *flagText) Set(text string) error {
	f.text = text
	return nil
}

// Type names the value in help.
func (f *flagText) Type() string {
	if f.key.IsSwitch() {
		return "bool" // pflag leaves the value out of the usage of this type
	}
	return f.key.Form()
}

// addNodeFlags makes a flag of each key that a node has.
func addNodeFlags(cmd *cobra.Command) { addKeys(cmd, config.ForNode) }

// addClientFlags makes a flag of each key that client verbs have in common: where the cluster is, and how results are
// written. See connect.
func addClientFlags(cmd *cobra.Command) { addKeys(cmd, config.ForClient) }

// addKeys makes flags of the keys of a scope, but of those that the command has already.
func addKeys(cmd *cobra.Command, scope config.Scope) {
	for _, k := range config.KeysFor(scope) {
		addKey(cmd, k.Name)
	}
	cmd.Flags().SortFlags = false
}

// addKey makes a flag of one key of the table, unless the command has it already.
func addKey(cmd *cobra.Command, name string) {
	keys := config.Keys()
	k := keys[slices.IndexFunc(keys, func(k config.Key) bool { return k.Name == name })]
	if cmd.Flags().Lookup(k.Name) != nil {
		return
	}
	f := cmd.Flags().VarPF(&flagText{key: k, text: k.Default}, k.Name, k.Short, k.Help)
	f.Hidden = k.Hidden
	if k.IsSwitch() {
		f.NoOptDefVal = "true"
	}
	if len(k.Choices) > 0 {
		_ = cmd.RegisterFlagCompletionFunc(k.Name, cobra.FixedCompletions(k.Choices, cobra.ShellCompDirectiveNoFileComp)) // fails only for a flag that is missing
	}
}

// keyOf returns the key of the table that a flag stands for.
func keyOf(f *pflag.Flag) (config.Key, bool) {
	text, ok := f.Value.(*flagText)
	if !ok {
		return config.Key{}, false
	}
	return text.key, true
}

// fromFlags is the source of the flags that were typed.
func fromFlags(cmd *cobra.Command) config.Source {
	return func(k config.Key) (string, string, bool) {
		f := cmd.Flags().Lookup(k.Name)
		if f == nil {
			return "", "", false
		}
		if _, ours := keyOf(f); !ours {
			return "", "", false
		}
		return f.Value.String(), "--" + k.Name, f.Changed
	}
}

// nodeConfig reads the keys of a node. With a fault it returns what could be read all the same.
func nodeConfig(cmd *cobra.Command, std stdio) (config.Config, error) {
	sources, err := nodeSources(cmd, std)
	c, faults := config.Load(sources...)
	return c, errors.Join(err, faults)
}

// nodeSources are the places where a node's keys are set: flags, variables, the file, and the host for the name.
func nodeSources(cmd *cobra.Command, std stdio) ([]config.Source, error) {
	host, _ := os.Hostname() // without one, --name is asked for
	hostname := func(k config.Key) (string, string, bool) {
		return host, "the host's name", k.Name == "name" && host != ""
	}
	sources, err := config.Sources(fromFlags(cmd), std.env)
	return append(sources, hostname), err
}
