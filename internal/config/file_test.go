package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sessnode/sessnode/internal/config"
)

// write makes a configuration file.
func write(t testing.TB, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s.yaml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFileHoldsKeysOfNodesAndClients(t *testing.T) {
	source, err := config.FromFile(write(t, `
# a comment
name: n9
http: "10.0.0.1:1"
strict-apps: true
seeds:
  - a:1
  - b:2
hosts: x.example, y.example
expect: 3
max-memory: 2GiB
max-in-flight: 7
clock-offset: 1h
url: sessnode://KEY@h1,h2/web
timeout: 9s
quiet: false
`))
	if err != nil {
		t.Fatal(err)
	}
	node, err := config.Load(source)
	if err != nil || node.Name != "n9" || node.Listen.HTTP != "10.0.0.1:1" || !node.StrictApps || len(node.Cluster.Seeds) != 2 ||
		len(node.Security.Hosts) != 2 || node.Cluster.Expect != 3 || node.Limits.MaxMemory != 2<<30 || node.Limits.MaxInFlight != 7 || node.Cluster.ClockOffset == 0 {
		t.Errorf("Load(file) = %+v, %v", node, err)
	}
	c, err := config.LoadClient(source)
	if err != nil || c.URL != "sessnode://KEY@h1,h2/web" || c.Timeout.Seconds() != 9 {
		t.Errorf("LoadClient(file) = %+v, %v", c, err)
	}
	for _, v := range config.Values(config.ForAll, source) {
		if want := map[string]string{"name": "s.yaml:3", "timeout": "s.yaml:15", "data": config.FromDefault}[v.Key.Name]; want != "" && v.From != want {
			t.Errorf("%s comes from %q, want %q", v.Key.Name, v.From, want)
		}
	}
}

func TestFlagWinsOverEnvironmentOverFileOverDefault(t *testing.T) {
	path := write(t, "http: h:1\nnode: h:1\ngossip: h:1\n")
	sources, err := config.Sources(flags(map[string]string{"config": path, "http": "h:3"}), lookup(map[string]string{"SESSNODE_HTTP": "h:2", "SESSNODE_NODE": "h:2"}))
	if err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(sources...)
	want := config.Listen{HTTP: "h:3", Node: "h:2", Gossip: "h:1"}
	if err != nil || c.Listen != want || c.Data != "data" || c.File != path {
		t.Errorf("Load() = %+v, data %q, file %q, %v: want %+v", c.Listen, c.Data, c.File, err, want)
	}
}

func lookup(set map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		text, ok := set[name]
		return text, ok
	}
}

func TestFileIsNamedByFlagOrVariable(t *testing.T) {
	one, two := write(t, "data: one"), write(t, "data: two")
	for _, test := range []struct {
		flag, variable, want string
	}{{"", "", "data"}, {one, "", "one"}, {"", two, "two"}, {one, two, "one"}} {
		set := map[string]string{}
		if test.flag != "" {
			set["config"] = test.flag
		}
		sources, err := config.Sources(flags(set), lookup(map[string]string{"SESSNODE_CONFIG": test.variable}))
		if err != nil {
			t.Fatal(err)
		}
		if c, err := config.Load(sources...); err != nil || c.Data != test.want {
			t.Errorf("with flag %q and variable %q data = %q, %v, want %q", test.flag, test.variable, c.Data, err, test.want)
		}
	}
}

// TestFileFaults: each in its own words, with its line, and never with the value.
func TestFileFaults(t *testing.T) {
	for name, test := range map[string]struct {
		content string
		want    []string // parts of the faults, one each
	}{
		"unknown keys":            {"nane: SECRET\nhtpp: SECRET\nlog_level: SECRET\nzzz: SECRET", []string{"unknown key nane in s.yaml:1", "unknown key htpp in s.yaml:2", "unknown key log_level in s.yaml:3", "unknown key zzz in s.yaml:4"}},
		"a secret as a key":       {"SECRETSECRETSECRETSECRETSECRETSECRET: 1", []string{"unknown key in s.yaml:1"}},
		"duplicate":               {"name: SECRET\ndata: d\nname: SECRET", []string{"name comes twice: s.yaml:1 and s.yaml:3"}},
		"text for a number":       {"expect: SECRET", []string{"it is a text, and a whole number is expected"}},
		"number for a text":       {"\napp: 123", []string{"bad value for app in s.yaml:2: it is a number, and a text is expected: put it in quotes"}},
		"number for a duration":   {"timeout: 5", []string{"it is a number, and a duration such as 30s is expected$"}},
		"text for a switch":       {`quiet: "true"`, []string{"it is a text, and true or false is expected"}},
		"yes for a switch":        {"quiet: yes", []string{"it is a text, and true or false is expected"}},
		"nothing":                 {"name:", []string{"it is nothing, and a text is expected"}},
		"list for a text":         {"name: [SECRET]", []string{"it is a list, and a text is expected"}},
		"mapping for a text":      {"name: {a: SECRET}", []string{"it is a mapping"}},
		"list of numbers":         {"seeds: [1]", []string{"one of its parts is not host:port"}},
		"alias":                   {"name: &a SECRET\ndata: *a", []string{"references", "references"}},
		"merge":                   {"<<: {name: SECRET}", []string{"unknown key in s.yaml:1"}},
		"two documents":           {"name: n1\n---\nname: n2", []string{"more than one document"}},
		"second document broken":  {"name: n1\n---\n[", []string{"more than one document"}},
		"no mapping":              {"SECRET", []string{"holds a text instead of"}},
		"a list":                  {"- name: SECRET", []string{"holds a list instead of"}},
		"a file of API keys":      {"web app:web SECRET\nops operator SECRET", []string{"holds a text instead of"}},
		"no YAML":                 {"name: [SECRET\nx: }", []string{"is no YAML"}},
		"tabs":                    {"name:\tn1\n\tSECRET: x", []string{"is no YAML"}},
		"binary":                  {"\x00\x01SECRET", []string{"is no YAML"}},
		"a tag":                   {"name: !!binary U0VDUkVU", []string{"something else"}},
		"itself":                  {"config: SECRET", []string{"a file cannot name"}},
		"too large":               {strings.Repeat("# SECRET\n", 10000), []string{"more than 65536 bytes"}},
		"several kinds":           {"nane: SECRET\nexpect: SECRET\nname: SECRET\nname: SECRET", []string{"nane", "expect", "twice"}},
		"a deep one":              {"name: " + strings.Repeat("[", 30000), []string{"is no YAML"}},
		"a key that is a list":    {"[a, b]: SECRET", []string{"cannot be the name of a key"}},
		"only comments":           {"# nothing", nil},
		"empty":                   {"", nil},
		"an empty document":       {"---\n", nil},
		"null":                    {"~", nil},
		"a second empty document": {"name: n1\n---\n", []string{"more than one document"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := config.FromFile(write(t, test.content))
			faults := config.Faults(err)
			if len(faults) != len(test.want) {
				t.Fatalf("FromFile() = %v, want %d faults", err, len(test.want))
			}
			for i, f := range faults {
				if !strings.Contains(f.Error()+"$", test.want[i]) {
					t.Errorf("fault %q does not say %q", f, test.want[i])
				}
				if text := f.Error() + f.Cure; strings.Contains(text, "SECRET") || f.Why == "" || f.Cure == "" {
					t.Errorf("fault %q, cure %q: it quotes the file or misses a line", f, f.Cure)
				}
			}
		})
	}
}

func TestFileFaultsSayWhatWasMeant(t *testing.T) {
	_, err := config.FromFile(write(t, "nane: n1\nlog_level: info\nmax-in-fligth: 1"))
	var got []string
	for _, f := range config.Faults(err) {
		before, _, _ := strings.Cut(f.Cure, ":")
		got = append(got, before)
	}
	if diff := cmp.Diff([]string{"name", "log-level", "max-in-flight"}, got); diff != "" {
		t.Errorf("cures (-want +got):\n%s", diff)
	}
}

func TestFileThatCannotBeRead(t *testing.T) {
	for _, path := range []string{filepath.Join(t.TempDir(), "none.yaml"), t.TempDir()} {
		if _, err := config.FromFile(path); len(config.Faults(err)) != 1 {
			t.Errorf("FromFile(%s) = %v, want one fault", path, err)
		}
	}
}

func TestAFaultInTheFileHidesNoOther(t *testing.T) {
	sources, err := config.Sources(flags(map[string]string{"config": write(t, "nane: x")}), lookup(map[string]string{"SESSNODE_EXPECT": "2"}))
	if len(config.Faults(err)) != 1 {
		t.Errorf("Sources() = %v, want the fault of the file", err)
	}
	if _, err := config.Load(sources...); len(config.Faults(err)) != 1 {
		t.Errorf("Load() = %v, want the fault of the variable too", err)
	}
}

// TestExampleLoads: as it is, and with every line in force.
func TestExampleLoads(t *testing.T) {
	example := config.Example(config.ForAll)
	if _, err := config.FromFile(write(t, example)); err != nil {
		t.Errorf("the example does not load: %v", err)
	}
	var b strings.Builder
	for line := range strings.Lines(example) {
		if strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "# ") {
			line = line[1:]
		}
		b.WriteString(line)
	}
	source, err := config.FromFile(write(t, b.String()))
	if err != nil {
		t.Fatalf("the example with every key in force: %v\n%s", err, b.String())
	}
	for _, v := range config.Values(config.ForAll, source) {
		if set := v.From != config.FromDefault; set == (v.Key.Hidden || !v.Key.InFile()) {
			t.Errorf("key %s: in the example = %v", v.Key.Name, set)
		} else if set && v.Key.Default != "" && v.Text != v.Key.Default {
			t.Errorf("the example has %s: %s, the default is %s", v.Key.Name, v.Text, v.Key.Default)
		}
	}
	if _, err := config.Load(source); err != nil {
		t.Errorf("a node told everything: %v", err)
	}
	if _, err := config.LoadClient(source); err != nil {
		t.Errorf("a client told everything: %v", err)
	}
	if strings.Contains(config.Example(config.ForClient), "gossip") || strings.Contains(config.Example(config.ForNode), "api-key-file:") {
		t.Error("an example for one side shows keys of the other")
	}
}

// FuzzFile: whatever a file holds, it is read or explained, and no fault quotes a value.
func FuzzFile(f *testing.F) {
	for _, seed := range []string{"", "name: n1", "a: &a [*a]", "{", "- - - -", "name: n1\nname: n2", "? [a]\n: b", "seeds: [a, 'b:1']", "\xff\xfe", "%YAML 9\n---\n", "name: \"\\x00\"", "---\n...\n---\n"} {
		f.Add(seed)
	}
	path := filepath.Join(f.TempDir(), "f.yaml")
	f.Fuzz(func(t *testing.T, content string) {
		const secret = "hunter2hunter2hunter2hunter2hunter2"
		if err := os.WriteFile(path, []byte(content+"\nname: "+secret+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		source, err := config.FromFile(path)
		if err == nil {
			_, err = config.Load(source)
			if err != nil {
				return // a value that is wrong in the right place is quoted
			}
		}
		for _, fault := range config.Faults(err) {
			if fault.Why == "" || fault.Cure == "" || strings.Contains(fault.Error()+fault.Cure, secret) {
				t.Errorf("fault %q, cure %q", fault, fault.Cure)
			}
		}
		if err != nil && len(config.Faults(err)) == 0 {
			t.Errorf("FromFile() = %v, which is no fault", err)
		}
	})
}
