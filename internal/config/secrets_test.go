package config_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sessnode/sessnode/internal/config"
)

func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// secret is a key whose every text form holds "+" and "/" in base64.
func secret() []byte {
	key := make([]byte, 32)
	for i := range key {
		key[i] = byte(0xff - i)
	}
	return key
}

func TestClusterKeyIsReadInEveryForm(t *testing.T) {
	for name, text := range map[string]string{
		"hex":              hex.EncodeToString(secret()),
		"hex with newline": strings.ToUpper(hex.EncodeToString(secret())) + "\r\n",
		"base64":           base64.StdEncoding.EncodeToString(secret()) + "\n",
		"base64url":        base64.RawURLEncoding.EncodeToString(secret()),
	} {
		got, err := config.ClusterKeys(file(t, text))
		if err != nil || len(got) != 1 || !bytes.Equal(got[0], secret()) {
			t.Errorf("ClusterKeys(%s) = %x, %v, want the 32 bytes", name, got, err)
		}
	}
	if got, err := config.ClusterKeys(""); got != nil || err != nil {
		t.Errorf("ClusterKeys of no file = %x, %v, want none", got, err)
	}
}

func TestWrongKeyFilesAreExplainedAndNeverQuoted(t *testing.T) {
	const leak = "hunter2hunter2"
	sum := hex.EncodeToString(secret())
	cluster := func(path string) error { _, err := config.ClusterKeys(path); return err }
	api := func(path string) error { _, err := config.APIKeys(path); return err }
	for _, test := range []struct {
		name string
		read func(string) error
		path string
		want string
	}{
		{"cluster key: missing", cluster, filepath.Join(t.TempDir(), "none"), "no such file"},
		{"cluster key: a directory", cluster, t.TempDir(), "is a directory"},
		{"cluster key: empty", cluster, file(t, ""), "no key"},
		{"cluster key: a password", cluster, file(t, leak), "14 characters"},
		{"cluster key: too short", cluster, file(t, sum[2:]), "62 characters"},
		{"cluster key: second line", cluster, file(t, sum+"\n\n# new\n"+leak), "line 4: 14 characters"},
		{"cluster key: twice", cluster, file(t, sum+"\n"+sum), "line 2: the same key as in line 1"},
		{"cluster key: placeholder", cluster, file(t, strings.Repeat("00", 32)), "placeholder"},
		{"cluster key: huge", cluster, file(t, strings.Repeat("a", 1<<20+1)), "larger than"},
		{"API keys: empty", api, file(t, "# nobody\n\n"), "no key"},
		{"API keys: plain key", api, file(t, "web app:web "+leak), "line 1: the third field has 14 characters"},
		{"API keys: role", api, file(t, "\nweb admin "+sum), `line 2: the role "admin"`},
		{"API keys: app's name", api, file(t, "web app:WEB "+sum), `"app:WEB"`},
		{"API keys: field missing", api, file(t, "web "+sum), "2 fields"},
		{"API keys: name twice", api, file(t, "a operator "+sum+"\na operator "+strings.Repeat("ab", 32)), "used twice"},
		{"API keys: key twice", api, file(t, "a operator "+sum+"\nb operator "+sum), "are the same key"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := test.read(test.path)
			faults := config.Faults(err)
			if len(faults) != 1 || faults[0].Cure == "" {
				t.Fatalf("faults = %v, want one with a cure", faults)
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %q, want it to contain %q", err, test.want)
			}
			if all := err.Error() + faults[0].Cure; strings.Contains(all, leak) || strings.Contains(all, sum[2:]) {
				t.Errorf("error %q quotes the file", all)
			}
		})
	}
}

func TestAPIKeysAreReadLineByLine(t *testing.T) {
	web, ops := sha256.Sum256([]byte("w")), sha256.Sum256([]byte("o"))
	got, err := config.APIKeys(file(t, "# made in spring\nweb  app:web\t"+hex.EncodeToString(web[:])+"\n\nops operator "+strings.ToUpper(hex.EncodeToString(ops[:]))+"\r\n"))
	want := []config.APIKey{{Name: "web", Role: "app:web", Hash: web}, {Name: "ops", Role: "operator", Hash: ops}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("APIKeys() = %v (-want +got):\n%s", err, diff)
	}
}
