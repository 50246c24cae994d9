package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sessnode/sessnode/internal/nearest"
)

// suggest says what to type instead of a command line that was not understood: the nearest verb or flag, else the help.
func suggest(cmd *cobra.Command, args []string, err error) string {
	help := cmd.CommandPath() + " --help"
	if _, flag, found := strings.Cut(err.Error(), "unknown flag: --"); found {
		names := flagNames(cmd)
		if slices.Contains([]string{"token", "key", "api-key", "password"}, flag) {
			return "a file, as command lines can be seen by others: --token-file FILE, --api-key-file FILE   (- reads a token from standard input)"
		}
		if name := nearest.Name(flag, names); name != "" {
			return cmd.CommandPath() + " --" + name + "   (or " + help + ")"
		}
	}
	if m := badArgument.FindStringSubmatch(err.Error()); m != nil {
		if f := cmd.Flags().Lookup(m[2]); f != nil {
			if near := nearest.Name(m[1], strings.Split(f.Value.Type(), "|")); near != "" {
				return "--" + m[2] + " " + near + "   (or " + help + ")"
			}
		}
	}
	if _, typed, found := strings.Cut(err.Error(), "unknown command \""); found {
		typed, _, _ = strings.Cut(typed, "\"")
		if path := nearestVerb(cmd, typed); path != "" {
			return path + "   (or " + help + ")"
		}
	}
	return help
}

// badArgument finds the value and the flag in an error of pflag.
var badArgument = regexp.MustCompile(`invalid argument "(.*)" for "(?:-., )?--([a-z0-9-]+)" flag`)

func flagNames(cmd *cobra.Command) []string {
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	})
	return names
}

// nearestVerb finds a command below cmd by what other programs call it or by a name like its own, or anywhere by its very
// name: `sessnode rotate` means `sessnode session rotate`.
func nearestVerb(cmd *cobra.Command, typed string) string {
	var names []string
	for _, c := range cmd.Commands() {
		if !c.Hidden {
			names = append(names, c.Name())
		}
	}
	for _, other := range otherWords(typed) {
		if cmd.HasParent() && slices.Contains(names, other) {
			return cmd.CommandPath() + " " + other
		}
		if found, _, err := cmd.Root().Find(strings.Fields(other)); err == nil && found.CommandPath() == cmd.Root().Name()+" "+other && !cmd.HasParent() {
			return found.CommandPath()
		}
	}
	if near := nearest.Name(typed, names); near != "" {
		return cmd.CommandPath() + " " + near
	}
	for _, family := range cmd.Root().Commands() {
		for _, c := range family.Commands() {
			if c.Name() == typed && !c.Hidden {
				return c.CommandPath()
			}
		}
	}
	return ""
}

// otherWords are the verbs that other programs call so: within a family, or with its family alone.
func otherWords(typed string) []string {
	switch typed {
	case "start", "run", "server", "agent":
		return []string{"serve"}
	case "members", "cluster", "info", "peers":
		return []string{"status"}
	case "ls", "list", "all":
		return []string{"list", "sessions", "session list"}
	case "show", "read", "describe", "inspect", "cat":
		return []string{"get", "print", "session get"}
	case "new", "add", "login", "make":
		return []string{"create", "set", "session create"}
	case "update", "patch", "edit", "declare", "create":
		return []string{"set", "session set"}
	case "delete", "destroy", "rm", "remove", "kill", "end", "logout", "del":
		return []string{"revoke", "drop", "subject revoke"}
	case "user", "users", "subjects":
		return []string{"subject"}
	case "health", "ping", "ready":
		return []string{"check"}
	case "watch", "tail", "logs", "follow", "log":
		return []string{"events"}
	case "policy", "keyspace":
		return []string{"app get"}
	case "tutorial", "try", "quickstart":
		return []string{"demo"}
	}
	return nil
}

// tokenLike finds what may be a token: the store's own have 43 characters, those of Django 40, and no name of anything here
// is as long.
var tokenLike = regexp.MustCompile(`[A-Za-z0-9_-]{32,}`)

// looksLikeToken reports whether an argument is probably a token that does not belong on a command line.
func looksLikeToken(arg string) bool { return tokenLike.FindString(arg) == arg && arg != "" }

// redact hides what was typed and may be a token in a message that quotes the command line: an argument, or what follows
// its equals sign.
func redact(message string, args []string) string {
	for _, arg := range args {
		_, value, _ := strings.Cut(arg, "=")
		for _, part := range []string{arg, value} {
			if looksLikeToken(part) {
				message = strings.ReplaceAll(message, part, "[token?]")
			}
		}
	}
	return message
}

// needs makes an Args that wants exactly these arguments, by the names that the usage line gives them.
func needs(names ...string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		switch {
		case len(args) < len(names):
			return fmt.Errorf("%s is missing", strings.Join(names[len(args):], " and "))
		case len(args) > len(names):
			return fmt.Errorf("there is one argument too many: %q", args[len(names)])
		}
		return nil
	}
}

// atMost makes an Args that takes these arguments or fewer of them.
func atMost(names ...string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) > len(names) {
			return fmt.Errorf("there is one argument too many: %q", args[len(names)])
		}
		return nil
	}
}
