package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sessnode/sessnode/internal/config"
)

func TestEveryClientKeyIsRead(t *testing.T) {
	set := map[string]string{
		"url": "sessnode://k@h/web", "app": "shop", "api-key-file": "f", "timeout": "9s", "output": "jsonl", "color": "never",
		"quiet": "true", "verbose": "1", "config": "c.yaml", "ca-file": "ca",
	}
	for _, k := range config.KeysFor(config.ForClient) {
		if set[k.Name] == "" {
			t.Errorf("key %s is in the table but not in this test", k.Name)
		}
	}
	want := config.Client{URL: "sessnode://k@h/web", App: "shop", APIKeyFile: "f", Timeout: 9 * time.Second, Output: "jsonl",
		Color: "never", Quiet: true, Verbose: true, File: "c.yaml", CAFile: "ca"}
	got, err := config.LoadClient(flags(set))
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("LoadClient() = %v (-want +got):\n%s", err, diff)
	}
}

func TestFaultsOfClientKeys(t *testing.T) {
	for name, text := range map[string]string{"url": "redis://SECRET@h", "timeout": "0s", "output": "jsn", "color": "no"} {
		_, err := config.LoadClient(flags(map[string]string{name: text}))
		faults := config.Faults(err)
		if len(faults) != 1 || faults[0].Key != name || strings.Contains(faults[0].Error()+faults[0].Cure, "SECRET") {
			t.Errorf("LoadClient(%s=%s) = %v, want one fault that shows no key", name, text, err)
		}
		if name == "output" && !strings.HasPrefix(faults[0].Cure, "--output json ") {
			t.Errorf("cure for -o jsn = %q, want the choice that was meant", faults[0].Cure)
		}
	}
}

func TestKeysInURLsAreHidden(t *testing.T) {
	for url, want := range map[string]string{
		"http://127.0.0.1:7480":             "http://127.0.0.1:7480",
		"sessnode://KEY@h1,h2:1/web":        "sessnode://[key]@h1,h2:1/web",
		"sessnodes://a@b@h1/web":            "sessnodes://[key]@h1/web",
		"http://u:p@h1:1,http://u:p@h2:1":   "http://[key]@h2:1",
		"KEY@h1":                            "[key]@h1",
		"sessnode://KEY/with/slashes@h/web": "sessnode://[key]@h/web",
	} {
		if got := config.HideKey(url); got != want {
			t.Errorf("HideKey(%q) = %q, want %q", url, got, want)
		}
	}
}

func TestClientKeyIsOneWord(t *testing.T) {
	path := filepath.Join(t.TempDir(), "api.key")
	for content, fault := range map[string]string{
		"  hunter2-hunter2\n":            "",
		"":                               "empty",
		"\n\n":                           "empty",
		"web app:web hunter2":            "more than one word",
		"hunter2\x00":                    "cannot carry",
		strings.Repeat("hunter2", 1000):  "at most",
		strings.Repeat("hunter2", 1<<18): "larger than",
	} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		key, err := config.ClientKey(path)
		switch {
		case fault == "" && (err != nil || key != strings.TrimSpace(content)):
			t.Errorf("ClientKey(%q) = %q, %v", content, key, err)
		case fault != "" && (err == nil || !strings.Contains(err.Error(), fault) || strings.Contains(err.Error(), "hunter2")):
			t.Errorf("ClientKey(%.30q) = %v, want a fault with %q that quotes nothing", content, err, fault)
		}
	}
	if key, err := config.ClientKey(""); key != "" || err != nil {
		t.Errorf("ClientKey(no path) = %q, %v", key, err)
	}
}
