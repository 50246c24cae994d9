package keyring

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// pinned is the fingerprint of the key in TestFingerprintsStay.
const pinned = "16f52b46993b902a"

func key(b byte) []byte { return append(bytes.Repeat([]byte{b}, KeyBytes-1), b+1) }

func TestTextIsParsedToTheSameKeys(t *testing.T) {
	ring := Ring{key('a'), key('b'), key('c')}
	got, err := Parse(ring.Text())
	if err != nil || !got.Equal(ring) {
		t.Errorf("Parse(Text()) = %v, %v, want the same keys in the same order", got.Fingerprints(), err)
	}
}

func TestFaultsNameEveryLineAndQuoteNone(t *testing.T) {
	good := hex.EncodeToString(key('a'))
	text := "# comment\n" + good + "\nhunter2\n" + strings.Repeat("00", KeyBytes) + "\n" + good + "\n"
	_, err := Parse(text)
	if err == nil {
		t.Fatal("Parse = nil, want an error")
	}
	for _, want := range []string{"line 3: 7 characters", "line 4: all of its", "line 5: the same key as in line 2"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("Parse = %v, want it to say %q", err, want)
		}
	}
	if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), good) {
		t.Errorf("Parse = %v, which quotes the file", err)
	}
	many := Ring{key('a'), key('b'), key('c'), key('d'), key('e')}
	if _, err := Parse(many.Text()); err == nil || !strings.Contains(err.Error(), "5 keys") {
		t.Errorf("Parse(five keys) = %v, want a refusal", err)
	}
}

// TestFingerprintsStay: they are compared between nodes of different versions.
func TestFingerprintsStay(t *testing.T) {
	if got := Fingerprint([]byte("0123456789abcdef0123456789abcdef")); got != pinned {
		t.Errorf("Fingerprint() = %s, want %s", got, pinned)
	}
	if Fingerprint(key('a')) == Fingerprint(key('b')) {
		t.Error("two keys have one fingerprint")
	}
	if text := hex.EncodeToString(key('a')); strings.Contains(text, Fingerprint(key('a'))) {
		t.Error("the fingerprint is a part of the key")
	}
}

func TestARunningNodeTakesOneStepAtATime(t *testing.T) {
	o, n, x := key('o'), key('n'), key('x')
	for name, c := range map[string]struct {
		from, to Ring
		refused  string
	}{
		"add":               {Ring{o}, Ring{o, n}, ""},
		"use":               {Ring{o, n}, Ring{n, o}, ""},
		"remove":            {Ring{n, o}, Ring{n}, ""},
		"take back an add":  {Ring{o, n}, Ring{o}, ""},
		"take back a use":   {Ring{n, o}, Ring{o, n}, ""},
		"replace":           {Ring{o}, Ring{n}, "lacks the key " + Fingerprint(o)},
		"use at once":       {Ring{o}, Ring{n, o}, Fingerprint(n) + " stands first at once"},
		"remove the spoken": {Ring{o, n}, Ring{n}, "lacks the key " + Fingerprint(o)},
		"none":              {Ring{o}, nil, "no key"},
		"from none":         {nil, Ring{o}, "restart"},
		"another in front":  {Ring{o, n}, Ring{x, o, n}, Fingerprint(x) + " stands first"},
	} {
		err := c.from.Follows(c.to)
		if (err == nil) != (c.refused == "") || err != nil && !strings.Contains(err.Error(), c.refused) {
			t.Errorf("%s: Follows = %v, want %q", name, err, c.refused)
		}
	}
}

func TestEditsAreTheStepsOfARotation(t *testing.T) {
	o, n := key('o'), key('n')
	ring, err := Ring{o}.Add(n)
	if err != nil || !ring.Equal(Ring{o, n}) {
		t.Fatalf("Add = %v, %v", ring.Fingerprints(), err)
	}
	if _, err := ring.Add(n); err == nil {
		t.Error("Add of a key that is there = nil, want an error")
	}
	if _, err := ring.Remove(Fingerprint(o)); err == nil {
		t.Error("Remove of the first key = nil, want an error")
	}
	if _, err := ring.Use("0123456789abcdef"); err == nil || !strings.Contains(err.Error(), Fingerprint(n)) {
		t.Errorf("Use(unknown) = %v, want an error that lists the known", err)
	}
	if _, err := ring.Use(hex.EncodeToString(o)); err == nil || strings.Contains(err.Error(), hex.EncodeToString(o)) {
		t.Errorf("Use(a key instead of its fingerprint) = %v, want an error that does not show it", err)
	}
	if ring, err = ring.Use(strings.ToUpper(Fingerprint(n))); err != nil || !ring.Equal(Ring{n, o}) {
		t.Fatalf("Use = %v, %v", ring.Fingerprints(), err)
	}
	if ring, err = ring.Remove(Fingerprint(o)); err != nil || !ring.Equal(Ring{n}) {
		t.Fatalf("Remove = %v, %v", ring.Fingerprints(), err)
	}
}

func TestReplaceKeepsModeAndLinkAndLeavesNothingBehind(t *testing.T) {
	dir := t.TempDir()
	path, link := filepath.Join(dir, "cluster.key"), filepath.Join(dir, "link")
	if err := (Ring{key('a')}).Create(path); err != nil {
		t.Fatal(err)
	}
	if err := (Ring{key('b')}).Create(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("Create over a file = %v, want fs.ErrExist", err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if err := (Ring{key('a'), key('b')}).Replace(link); err != nil {
		t.Fatal(err)
	}
	if got, err := Read(path); err != nil || !got.Equal(Ring{key('a'), key('b')}) {
		t.Errorf("Read = %v, %v, want both keys", got.Fingerprints(), err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("mode = %v, %v, want 0640", info.Mode(), err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the link is %v, %v, want a link", info.Mode(), err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 2 {
		t.Errorf("the directory has %d entries, want 2", len(entries))
	}
}
