package client

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/sessnode/sessnode"
)

func TestURLNamesNodesKeyAndApp(t *testing.T) {
	for _, tc := range []struct {
		text, key, app string
		bases          []string
	}{
		{"sessnode://n1", "", "", []string{"http://n1:7480"}},
		{"sessnode://K%2F1@n1,n2:9000/web", "K/1", "web", []string{"http://n1:7480", "http://n2:9000"}},
		{"sessnode://p@ss@n1/web/", "p@ss", "web", []string{"http://n1:7480"}},
		{"sessnodes://K@[::1],[fe80::2]:80/web", "K", "web", []string{"https://[::1]:7480", "https://[fe80::2]:80"}},
		{"http://127.0.0.1:7480,https://n2", "", "", []string{"http://127.0.0.1:7480", "https://n2"}},
		{"http://n1:7480/, http://n2:7480/", "", "", []string{"http://n1:7480", "http://n2:7480"}},
	} {
		got, err := parseTarget(tc.text)
		if err != nil || got.key != tc.key || got.app != tc.app || !slices.Equal(got.bases, tc.bases) {
			t.Errorf("parseTarget(%q) = %+v, %v", tc.text, got, err)
		}
	}
}

func TestURLFaultsAreInvalidAndNeverShowTheKey(t *testing.T) {
	const key = "SECRETKEY"
	for _, text := range []string{
		"", "n1", "redis://n1", "sessnode://", "sessnode://SECRETKEY@", "sessnode://SECRETKEY@n1,,n2", "sessnode://SECRETKEY@::1",
		"sessnode://SECRETKEY@n1/UPPER", "sessnode://SECRETKEY@n1/a/b", "sessnode://SECRETKEY%zz@n1", "sessnode://SECRETKEY@n1,n1",
		"sessnode://SECRETKEY@n1:", "sessnode://SECRETKEY@n 1", "http://SECRETKEY@n1", "http://n1?key=SECRETKEY", "http://n1/web",
		"http://n1,SECRETKEY", "http://SECRETKEY\x7f",
	} {
		_, err := New(text)
		if !errors.Is(err, sessnode.ErrInvalid) {
			t.Errorf("New(%q) = %v, want ErrInvalid", text, err)
		} else if strings.Contains(err.Error(), key) {
			t.Errorf("New(%q) shows the key: %v", text, err)
		}
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for name, opt := range map[string]Option{
		"timeout": WithTimeout(0), "tries": WithTries(-1), "app": WithApp("No"), "key": WithAPIKey("a\nb"),
	} {
		if _, err := New("sessnode://n1", opt); !errors.Is(err, sessnode.ErrInvalid) {
			t.Errorf("New with a bad %s = %v, want ErrInvalid", name, err)
		}
	}
}

// FuzzURLNeverShowsTheKey: whatever stands around a key, neither an error nor an address holds it.
func FuzzURLNeverShowsTheKey(f *testing.F) {
	for _, seed := range []string{"sessnode://K@n1,n2:1/web", "http://K", "sessnode://K@[::1", "sessnodes://K@K@n1", "sessnode://K%zz@n1/K"} {
		before, after, _ := strings.Cut(seed, "K")
		f.Add(before, after)
	}
	f.Fuzz(func(t *testing.T, before, after string) {
		const key = "SECRETKEY"
		if strings.Contains(before+after, key) {
			t.Skip()
		}
		got, err := parseTarget(before + key + after)
		if err != nil && strings.Contains(err.Error(), key) {
			t.Errorf("parseTarget shows the key: %v", err)
		}
		if err == nil && strings.Contains(got.key, key) && strings.Contains(strings.Join(got.bases, " ")+got.app, key) {
			t.Errorf("parseTarget takes the key for an address too: %+v", got)
		}
	})
}
