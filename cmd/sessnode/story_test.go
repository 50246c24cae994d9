package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/sessnodetest"
)

var update = flag.Bool("update", false, "write testdata/golden anew")

// TestStories compares what verbs print, in every form, with testdata/golden. A story is a list of command lines against one
// store in memory; its first lines make what it is about.
func TestStories(t *testing.T) {
	for name, story := range map[string][]string{
		"session": {
			"session create --subject ada --label laptop --attr cart=[1,2.0] --string name=ada --idle 10m --expires 2099-01-01T00:00:00Z",
			"session create --subject ada -o json",
			"session list", "session list -o wide", "session list -o json --limit 1", "session list -o jsonl", "session list --subject ada --limit 1", "session list --subject nobody", "session list --subject nobody -o json",
			"session get ADA", "session get ADA -o wide", "session get ADA -o json", "session get ADA -o jsonl", "session get --token-file token.txt", "session get --token-file - < token.txt",
			"session get AQAAAAAAAAAAAAAAAAAAAA", "session get nonsense", "session get", "session get ADA --token-file token.txt",
			`session set --token-file token.txt color="blue" --string theme=dark -o json`, "session set --token-file token.txt --unset color", `session set --token-file token.txt color="red" --if-match 1-1`,
			"session set --token-file token.txt color=blue", "session set --token-file token.txt", "session set color=1", "session set ADA color=1", "session set --token-file token.txt color", "session set --token-file none.txt color=1",
			"session rotate --token-file token.txt -o json", "session rotate", "session get --token-file token.txt --app other",
			"session revoke ADA", "session revoke ADA", "session revoke ADA EVE", "session revoke ADA EVE --dry-run", "session revoke ADA EVE --yes", "session revoke --token-file token.txt", "session revoke --token-file - -o json < token.txt", "session revoke", "session list", "session list -o json", "session list -o jsonl",
		},
		"why": {
			"why EVE", "why EVE -o json", "session revoke EVE -q", "why EVE", "why EVE -o json", "why EVE -o jsonl", "why --subject eve -o wide", "why --subject ada", "why --subject nobody", "why AQAAAAAAAAAAAAAAAAAAAA", "why", "why EVE --subject eve", "why nonsense",
		},
		"subject": {
			"subject sessions ada", "subject sessions ada -o json", "subject sessions nobody", "subject export ada", "subject export ada -o jsonl",
			"subject revoke ada", "subject revoke ada --dry-run", "subject revoke ada --dry-run -o json", "subject revoke ada --except ADA --yes", "subject revoke ada --yes -o json", "subject revoke ada --except nonsense --yes", "subject sessions ada -o jsonl", "subject", "subject list",
		},
		"app": {
			"app list", "app list -o wide", "app list -o json", "app get", "app get web -o json", "app get other", "app get Web", "app set web --idle 20m --subject-limit 5 --on-limit evict-oldest -o jsonl", "app set web --idle 20m -q", "app set web --idle 0s", "app set web --max-bytes 1GiB",
			"app set web --idle 5 minutes", "app set web --on-limit evict-oldst", "app set fresh -q -o json", "app revoke web", "app revoke web --dry-run", "app revoke web --yes", "app drop web --yes -o json", "app list -o jsonl", "app get a b",
		},
		"import": {
			"import in.jsonl --dry-run", "import in.jsonl --dry-run -o json", "import in.jsonl", "import in.jsonl -q", "session list --subject bob", "import in.jsonl --from-line 4 -o jsonl", "import short.jsonl --app shop", "import nobody.jsonl --dry-run", "import - < in.jsonl", "import none.jsonl", "import in.jsonl --at-once 0", "import in.jsonl --from-line -1", "import in.jsonl --patience 5m", "import",
		},
		"cluster": {"status", "status -o wide", "status -o json", "status -o jsonl", "status -q", "top --once --interval 100ms", "top --interval 1ms"},
		"config": {
			"config print --for client", "config print --for client -o json --app shop --url sessnode://KEY@h1,h2/web", "config print --for client --config c.yaml", "config print --for node --config c.yaml -o jsonl --clock-offset 1s", "config print --for nod", "config print --config bad.yaml --for client",
			"config print --for node --http 10.0.0.1:1", "status --config bad.yaml", "status --config none.yaml", "config example --for client",
		},
	} {
		t.Run(name, func(t *testing.T) {
			inFolder(t, map[string]string{
				"c.yaml": "# of both\nname: n1\nseeds: [\"h1:1\", \"h2:1\"]\ntimeout: 3s\nurl: sessnode://SECRET@h1/web\n",
				"in.jsonl": importHeader + importLine("imported-0123456789-abcdefghijklm", `"subject":"bob","idle":"14d","lifetime":"400d"`) +
					importLine("imported-1123456789-abcdefghijklm", `"expires":"2020-01-01T00:00:00Z"`) + importLine("imported-2123456789-abcdefghijklm", `"attrs":{"a":1},"expire":"2099-01-01T00:00:00Z"`) + "garbage\n" +
					`{"token":"imported-3123456789-abcdefghijklm"}` + "\n",
				"nobody.jsonl": importHeader + importLine("imported-4123456789-abcdefghijklm", `"idle":"14d","lifetime":"400d"`),
				"short.jsonl":  importHeader + importLine("only-16-character", `"idle":"14d","lifetime":"400d"`),
				"bad.yaml":     "nane: n1\ntimeout: 5\ntimeout: 5s\n",
			})
			compare(t, filepath.Join("testdata", "golden", name+".txt"), tell(t, newWorld(t), story))
		})
	}
}

const importHeader = `{"format":"sessnode-sessions","version":1,"app":"web","source":"a story"}` + "\n"

func importLine(token, fields string) string {
	return fmt.Sprintf(`{"key":"%x","token_chars":%d,%s}`+"\n", [32]byte(sessnode.Token(token).Key()), len(token), fields)
}

// packageDir is where testdata is: the tests themselves run elsewhere.
var packageDir, _ = os.Getwd()

// inFolder runs the test in a folder of its own.
func inFolder(t *testing.T, files map[string]string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, content := range files {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// world is a store with two subjects.
type world struct {
	store *sessnodetest.Server
	token sessnode.Token    // of ada's session
	ids   map[string]string // what stories call a session, and its id
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{store: sessnodetest.New(t), ids: map[string]string{}}
	c := w.store.Client("web")
	for _, subject := range []string{"ada", "eve"} {
		token, made, err := c.Create(t.Context(), client.Create{Subject: subject, Device: sessnode.Device{Label: subject + "'s phone", UserAgent: "evil\x1b[2J"},
			Attrs: map[string]sessnode.Value{"n": {Data: []byte("1")}, "blob": {Codec: sessnode.Bytes, Data: []byte{0, 1}}}})
		if err != nil {
			t.Fatal(err)
		}
		w.ids[strings.ToUpper(subject)] = made.ID.String()
		if subject == "ada" {
			w.token = token
		}
	}
	return w
}

// words splits a command line, with the ids of the sessions in place of what stories call them. Whole words only: one id in
// some ten thousand has such a name within it.
func (w *world) words(line string) []string {
	words := strings.Fields(line)
	for i, word := range words {
		if id, known := w.ids[word]; known {
			words[i] = id
		}
	}
	return words
}

// run runs a command line with the words of a story.
func (w *world) run(t *testing.T, line string) (stdout, stderr string, exit int) {
	t.Helper()
	line, from, _ := strings.Cut(line, " < ")
	var in, out, err bytes.Buffer
	if from != "" {
		in.WriteString(w.token.Reveal() + "\n")
	}
	env := map[string]string{"SESSNODE_URL": w.store.URL(), "SESSNODE_APP": "web"}
	std := stdio{in: &in, out: &out, err: &err, env: func(name string) (string, bool) { v, ok := env[name]; return v, ok }}
	exit = run(t.Context(), std, w.words(line))
	return out.String(), err.String(), exit
}

// tell runs a story and writes it down.
func tell(t *testing.T, w *world, story []string) string {
	t.Helper()
	if err := os.WriteFile("token.txt", []byte(w.token.Reveal()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, line := range story {
		out, err, exit := w.run(t, line)
		fmt.Fprintf(&b, "$ sessnode %s\n%s", line, out)
		if err != "" {
			fmt.Fprintf(&b, "-- stderr\n%s", err)
		}
		if exit != 0 {
			fmt.Fprintf(&b, "-- exit %d\n", exit)
		}
		b.WriteString("\n")
	}
	text := strings.ReplaceAll(b.String(), w.store.URL(), "http://NODE")
	text = strings.ReplaceAll(text, strings.TrimPrefix(w.store.URL(), "http://"), "NODE")
	for name, id := range w.ids {
		text = strings.ReplaceAll(text, id, name+strings.Repeat(".", 22-len(name)))
	}
	if host, err := os.Hostname(); err == nil {
		text = strings.ReplaceAll(text, "\t"+host+"\tthe host's name", "\tHOST\tthe host's name")
	}
	return normal(text, w.store.Now()) // when all was made: that clock stands still
}

// What differs from run to run.
var (
	anyToken = regexp.MustCompile(`[A-Za-z0-9_-]{43,}`) // whole words: one may begin or end with -
	anyID    = regexp.MustCompile(`(^|[\s"])[A-Za-z0-9_-]{21}[AQgw]([\s",]|$)`)
	anyTime  = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`)
	anyClock = regexp.MustCompile(`\b\d\d:\d\d:\d\d\b`)
	anyHash  = regexp.MustCompile(`"answer_ms": ?\d+`)
	anyAge   = regexp.MustCompile(`\b([1-5]?\ds|[1-4]m) ago\b`) // on a slow machine
	anyRest  = regexp.MustCompile(`\bin 2[5-9]m\b`)             // of the half an hour that a session of a story has
	anyMilli = regexp.MustCompile(`(devel|sessnodetest)\t(\d+)\t\d+\t`)
)

// normal replaces what differs from run to run. The year 2099 is a story's own.
func normal(text string, now time.Time) string {
	text = anyToken.ReplaceAllStringFunc(text, func(word string) string {
		if len(word) != 43 || strings.Trim(word, "-") == "" { // another word, or a line
			return word
		}
		return "TOKEN"
	})
	text = anyTime.ReplaceAllStringFunc(text, func(at string) string {
		if strings.HasPrefix(at, "2099") {
			return at
		}
		t, err := time.Parse(time.RFC3339, at)
		if err != nil {
			return at
		}
		if d := t.Sub(now).Round(time.Minute); d != 0 {
			return "NOW+" + strings.TrimSuffix(d.String(), "0s")
		}
		return "NOW"
	})
	text = anyClock.ReplaceAllString(text, "HH:MM:SS")
	text = anyAge.ReplaceAllString(text, "just now")
	text = anyRest.ReplaceAllString(text, "in 30m")
	text = anyHash.ReplaceAllString(text, `"answer_ms": N`)
	text = anyMilli.ReplaceAllString(text, "$1\t$2\tN\t")
	return anyID.ReplaceAllString(text, "${1}SOME_ID${2}")
}

// compare holds a text against a golden file.
func compare(t *testing.T, path, got string) {
	t.Helper()
	path = filepath.Join(packageDir, path)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got), go test -update writes it anew:\n%s", path, diff)
	}
}
