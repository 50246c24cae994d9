package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/sessnode/sessnode/internal/config"
	"github.com/sessnode/sessnode/internal/term"
)

func newConfig(std stdio) *cobra.Command {
	return family("config", "What is configured, and where it comes from",
		"A key is set by its flag, else by its variable, else by the file that --config or SESSNODE_CONFIG names, else by its default.",
		newConfigPrint(std), newConfigExample(std))
}

// scopes are the sides that --for names.
var scopes = map[string]config.Scope{"": config.ForAll, "node": config.ForNode, "client": config.ForClient}

func scopeFlag(cmd *cobra.Command, name *string) {
	cmd.Flags().StringVar(name, "for", "", "only the keys of one side: node or client")
	_ = cmd.RegisterFlagCompletionFunc("for", cobra.FixedCompletions([]string{"node", "client"}, cobra.ShellCompDirectiveNoFileComp)) // the flag is there
}

func scopeOf(name string) (config.Scope, error) {
	scope, known := scopes[name]
	if !known {
		return 0, &problem{what: fmt.Sprintf("--for %q is neither node nor client", name), why: "keys belong to nodes (serve) or to client verbs", try: "--for node", exit: exitUsage}
	}
	return scope, nil
}

// setting is the JSON form of one key.
type setting struct {
	Key   string `json:"key" doc:"the flag without dashes, and the key in the file"`
	Value string `json:"value" doc:"its value; the API key in a URL is hidden"`
	From  string `json:"from" doc:"the flag, the variable, the file with its line, or default"`
}

func newConfigPrint(std stdio) *cobra.Command {
	var side string
	cmd := &cobra.Command{
		Use:   "print [--for node|client] [flags]",
		Short: "Show each key, its value and where it comes from",
		Long: "print shows what serve and the client verbs would be told here. It takes their flags, so that `serve` on a command " +
			"line can be replaced by `config print`. Faults are reported like there, with exit code 2.",
		Example: "  sessnode config print --for client\n  sessnode config print --for node --config sessnode.yaml --http 0.0.0.0:7480",
		Args:    needs(),
		RunE: verb(func(cmd *cobra.Command, _ []string) error {
			scope, err := scopeOf(side)
			if err != nil {
				return err
			}
			sources, fault := nodeSources(cmd, std)
			node, nodeFault := config.Load(sources...)
			client, clientFault := config.LoadClient(sources...)
			switch {
			case scope == config.ForNode && errors.Join(fault, nodeFault) == nil:
				nodeFault = node.Validate()
				clientFault = nil
			case scope == config.ForNode:
				clientFault = nil
			case scope == config.ForClient:
				nodeFault = nil
			}
			p := newPrinter(std, clientSettings{Client: client})
			return errors.Join(printSettings(p, config.Values(scope, sources...)), fault, nodeFault, clientFault)
		}),
	}
	scopeFlag(cmd, &side)
	addClientFlags(cmd)
	addNodeFlags(cmd)
	return cmd
}

func printSettings(p printer, values []config.Value) error {
	var items []setting
	t := term.NewTable("KEY", "VALUE", "FROM").Keep(0, 2)
	for _, v := range values {
		if v.Key.Hidden && v.From == config.FromDefault {
			continue
		}
		items = append(items, setting{v.Key.Name, v.Key.Show(v.Text), v.From})
		value := term.Clean(v.Key.Show(v.Text))
		if value == "" && p.screen.TTY {
			value = p.screen.Dim("(not set)")
		}
		from := term.Clean(v.From)
		if v.From == config.FromDefault {
			from = p.screen.Dim(from)
		}
		t.Row(v.Key.Name, value, from)
	}
	return printList(p, items, func() *term.Table { return t }, "no keys")
}

func newConfigExample(std stdio) *cobra.Command {
	var side string
	cmd := &cobra.Command{
		Use:     "example [--for node|client]",
		Short:   "Print a configuration file with every key explained",
		Example: "  sessnode config example --for node > sessnode.yaml\n  sessnode serve --config sessnode.yaml",
		Args:    needs(),
		RunE: verb(func(*cobra.Command, []string) error {
			scope, err := scopeOf(side)
			if err != nil {
				return err
			}
			_, err = io.WriteString(std.out, config.Example(scope))
			return err
		}),
	}
	scopeFlag(cmd, &side)
	return cmd
}
