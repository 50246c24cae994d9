package main

import (
	"github.com/spf13/cobra"

	"github.com/sessnode/sessnode/internal/config"
)

// flagText is a flag whose text config judges, so that flag and variable are read alike and every fault shows at once.
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

// addFlags makes a flag of each key of the table.
func addFlags(cmd *cobra.Command) {
	for _, k := range config.Keys() {
		f := cmd.Flags().VarPF(&flagText{key: k, text: k.Default}, k.Name, "", k.Help)
		f.Hidden = k.Hidden
		if k.IsSwitch() {
			f.NoOptDefVal = "true"
		}
	}
	cmd.Flags().SortFlags = false
}

// fromFlags is the source of the flags that were typed.
func fromFlags(cmd *cobra.Command) config.Source {
	return func(k config.Key) (string, string, bool) {
		f := cmd.Flags().Lookup(k.Name)
		return f.Value.String(), "--" + k.Name, f.Changed
	}
}
