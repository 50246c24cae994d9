package main

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sessnode/sessnode/internal/term"
)

// tree is all commands with their paths, in order.
func tree(t *testing.T) []*cobra.Command {
	t.Helper()
	var all []*cobra.Command
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		all = append(all, c)
		for _, below := range c.Commands() {
			walk(below)
		}
	}
	walk(newRoot(stdio{out: new(bytes.Buffer), err: new(bytes.Buffer), env: os.LookupEnv}))
	if len(all) < 25 {
		t.Fatalf("found %d commands only: the search itself is broken", len(all))
	}
	return all
}

func TestEveryVerbIsDocumented(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "reference", "cli.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range tree(t) {
		if !c.IsAvailableCommand() || !c.HasParent() || c.Name() == "help" || c.Parent().Name() == "completion" {
			continue
		}
		if !strings.Contains(string(page), "# "+c.CommandPath()+"\n") {
			t.Errorf("%s is not in docs/reference/cli.md", c.CommandPath())
		}
		if c.Short == "" || strings.HasSuffix(c.Short, ".") {
			t.Errorf("%s: its short text is %q, want a sentence without a full stop", c.CommandPath(), c.Short)
		}
		if c.Example == "" && !c.HasSubCommands() && c.Name() != "version" {
			t.Errorf("%s has no example", c.CommandPath())
		}
	}
}

// TestExamplesAreUnderstood: no example names a verb or flag that is not there.
func TestExamplesAreUnderstood(t *testing.T) {
	checked := 0
	for _, c := range tree(t) {
		for line := range strings.SplitSeq(strings.ReplaceAll(c.Example, "\\\n", ""), "\n") {
			_, line, found := strings.Cut(line, "sessnode ")
			if !found {
				continue
			}
			line, _, _ = strings.Cut(line, " | ")
			line, _, _ = strings.Cut(line, " > ")
			words := strings.Fields(strings.Trim(line, ")"))
			root := newRoot(stdio{out: new(bytes.Buffer), err: new(bytes.Buffer), env: os.LookupEnv})
			cmd, rest, err := root.Find(words)
			if err != nil {
				t.Errorf("%s: %v", line, err)
				continue
			}
			for _, word := range rest {
				name, _, _ := strings.Cut(strings.TrimPrefix(word, "--"), "=")
				if strings.HasPrefix(word, "--") && cmd.Flags().Lookup(name) == nil {
					t.Errorf("%s: %s has no flag --%s", line, cmd.CommandPath(), name)
				}
			}
			checked++
		}
	}
	if checked < 25 {
		t.Errorf("checked %d examples only: the search itself is broken", checked)
	}
}

// TestNoFlagTakesASecret: a flag that is about a token or a key names a file.
func TestNoFlagTakesASecret(t *testing.T) {
	for _, c := range tree(t) {
		c.Flags().VisitAll(func(f *pflag.Flag) {
			for _, word := range []string{"token", "key", "secret", "password"} {
				if strings.Contains(f.Name, word) && !strings.HasSuffix(f.Name, "-file") && !slices.Contains([]string{"min-token-length"}, f.Name) {
					t.Errorf("%s --%s: secrets come from files", c.CommandPath(), f.Name)
				}
			}
		})
	}
}

// TestHelpFits80Columns: but for examples, which are copied whole.
func TestHelpFits80Columns(t *testing.T) {
	for _, c := range tree(t) {
		if !c.HasParent() || c.IsAvailableCommand() && c.Parent().Name() != "completion" {
			var out bytes.Buffer
			args := strings.Fields(c.CommandPath())[1:]
			if code := run(t.Context(), stdio{out: &out, err: &out, env: func(string) (string, bool) { return "", false }}, append(args, "--help")); code != exitOK {
				t.Errorf("%s --help exits with %d", c.CommandPath(), code)
			}
			for line := range strings.Lines(out.String()) {
				if term.Width(strings.TrimRight(line, "\n")) > 80 && !strings.Contains(c.Example, strings.TrimSpace(line)) && !strings.Contains(line, c.UseLine()) {
					t.Errorf("%s --help is wider than 80 columns: %s", c.CommandPath(), line)
				}
			}
		}
	}
}

// TestExamplesFit80Columns: a long one goes on behind a backslash, and can still be copied whole.
func TestExamplesFit80Columns(t *testing.T) {
	for _, c := range tree(t) {
		for line := range strings.SplitSeq(c.Example, "\n") {
			if term.Width(line) > 80 {
				t.Errorf("%s: an example is wider than 80 columns: %s", c.CommandPath(), line)
			}
		}
	}
}

func TestHelpOfTheProgramTeaches(t *testing.T) {
	var out bytes.Buffer
	run(t.Context(), stdio{out: &out, err: &out, env: os.LookupEnv}, nil)
	for _, part := range []string{"Start here", "sessnode serve --name n1", "\nLook\n", "\nSessions\n", "create, get, set, rotate, revoke, list", "sessnode help exit-codes", "sessnode://KEY@host1"} {
		if !strings.Contains(out.String(), part) && !strings.Contains(strings.Join(strings.Fields(out.String()), " "), part) {
			t.Errorf("the help does not say %q:\n%s", part, out.String())
		}
	}
	if strings.Contains(out.String(), "reference ") {
		t.Error("the help shows a hidden verb")
	}
	for _, topic := range []string{"environment", "exit-codes", "output"} {
		out.Reset()
		if code := run(t.Context(), stdio{out: &out, err: &out, env: os.LookupEnv}, []string{"help", topic}); code != exitOK || out.Len() < 200 {
			t.Errorf("help %s = %d, %q", topic, code, out.String())
		}
	}
}

// TestJSONFieldsAreDocumented: results keep the fields that the page promises.
func TestJSONFieldsAreDocumented(t *testing.T) {
	for _, s := range shapes() {
		typ := reflect.TypeOf(s.value)
		for i := range typ.NumField() {
			f := typ.Field(i)
			if f.IsExported() && !f.Anonymous && (f.Tag.Get("json") == "" || f.Tag.Get("doc") == "") {
				t.Errorf("%s: field %s.%s has no name in JSON or no meaning", s.verbs, typ, f.Name)
			}
		}
	}
}

func TestWhatWasMeantIsSaid(t *testing.T) {
	for line, want := range map[string]string{
		"serv": "sessnode serve ", "sesion list": "sessnode session ", "session lst": "sessnode session list ", "rotate": "sessnode session rotate ",
		"ls": "sessnode session list ", "logout ada": "sessnode subject revoke ", "users": "sessnode subject ", "apps": "sessnode app ", "app ls": "sessnode app list ", "subject list": "sessnode subject sessions ", "session delete": "sessnode session revoke ", "app create": "sessnode app set ", "nodes": "sessnode node ",
		"session get --tokn-file x": "sessnode session get --token-file ", "status --otput json": "sessnode status --output ", "status -o jsn": "--output json ",
		"app set web --on-limit rejct": "--on-limit reject ", "session get --token x": "a file, ", "statsu": "sessnode status ", "config prnt": "sessnode config print ",
		"zzzzzzzz": "sessnode --help", "help statsu": "sessnode help status ", "help exit-code": "sessnode help exit-codes ", "help zzzzzzzz": "sessnode --help", "help session lst": "sessnode help session list ", "completion bsh": "sessnode completion bash ", "status now": "sessnode status --help", "status -Z": "sessnode status --help",
	} {
		var out bytes.Buffer
		code := run(t.Context(), stdio{out: &out, err: &out, env: func(string) (string, bool) { return "", false }}, strings.Fields(line))
		if code != exitUsage || !strings.Contains(out.String(), "\ntry:    "+want) {
			t.Errorf("sessnode %s = %d, want %q:\n%s", line, code, want, out.String())
		}
	}
}

func TestIDsThatLookLikeFlags(t *testing.T) {
	id, fancy, plain := "-5YN19a9MVPcoWy8GyJdgA", "--ZRUZuIUOdSIcbP317QBw", "AQAAAAAAAAAAAAAAAAAAAA"
	for _, test := range []struct{ args, want []string }{
		{[]string{"session", "get", id, "--app", "web"}, []string{"session", "get", "--app", "web", "--", id}},
		{[]string{"session", "revoke", fancy, id}, []string{"session", "revoke", "--", fancy, id}},
		{[]string{"session", "revoke", id, plain, "--yes"}, []string{"session", "revoke", "--yes", "--", id, plain}}, // the order stays
		{[]string{"session", "revoke", plain, "--yes"}, nil},
		{[]string{"session", "list", "--subject", plain, id}, []string{"session", "list", "--subject", plain, "--", id}},
		{[]string{"subject", "revoke", "ada", "--except", id}, nil},
		{[]string{"session", "get", "--", id}, nil},
		{[]string{"serve", "--name", "n1"}, nil},
	} {
		want := test.want
		if want == nil {
			want = test.args
		}
		if got := idsLast(test.args); !slices.Equal(got, want) {
			t.Errorf("idsLast(%q) = %q, want %q", test.args, got, want)
		}
	}
	for _, c := range tree(t) {
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if flag := "--" + f.Name; !slices.Equal(idsLast([]string{flag}), []string{flag}) {
				t.Errorf("%s %s is taken for an id", c.CommandPath(), flag)
			}
		})
	}
}
