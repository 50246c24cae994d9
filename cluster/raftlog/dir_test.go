package raftlog

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestIdentityIsMintedOnceAndKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "data")
	d := openDir(t, path, "a.1")
	id := d.NodeID()
	if !regexp.MustCompile(`^a\.1-[0-9a-f]{16}$`).MatchString(id) || d.Name() != "a.1" || d.Cluster() != "" || d.Generation() != 0 {
		t.Errorf("fresh directory: id %q, name %q, cluster %q, generation %d", id, d.Name(), d.Cluster(), d.Generation())
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("Stat = %v, %v, want mode 0700", info.Mode(), err)
	}
	d.Close()
	if again := openDir(t, path, "a.1"); again.NodeID() != id {
		t.Errorf("after a restart the id is %q, want %q", again.NodeID(), id)
	}
	if other := openDir(t, t.TempDir(), "a.1"); other.NodeID() == id {
		t.Error("two directories of one name have the same id")
	}
}

func TestSecondOpenerIsToldWhoIsInside(t *testing.T) {
	path := t.TempDir()
	first := openDir(t, path, "a")
	if _, err := OpenDir(path, "a"); !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), path) {
		t.Errorf("second OpenDir = %v, want ErrInUse with the path", err)
	}
	first.Close()
	openDir(t, path, "a")
}

func TestDirectoryThatDoesNotFitIsRefusedWithTheCure(t *testing.T) {
	edit := func(old, new string) func(string) error {
		return func(path string) error {
			file := filepath.Join(path, recordName)
			data, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			if !strings.Contains(string(data), old) {
				return errors.New(old + " is not in " + string(data))
			}
			return os.WriteFile(file, []byte(strings.Replace(string(data), old, new, 1)), 0o600)
		}
	}
	nothing := func(string) error { return nil }
	for name, c := range map[string]struct {
		as   string
		hurt func(path string) error
		want error
		says string
	}{
		"other name":         {"b", nothing, ErrUnfit, `Start with the name "a"`},
		"later format":       {"a", edit(`"format": 1`, `"format": 2`), ErrUnfit, "version of sessnode that wrote it"},
		"other log store":    {"a", edit(`"wal"`, `"tape"`), ErrUnfit, "tape"},
		"later log format":   {"a", edit(`"log_format": 1`, `"log_format": 7`), ErrUnfit, "log format 7"},
		"changed id":         {"a", edit(`"id": "a-`, `"id": "b-`), ErrDamaged, "new id"},
		"cut short":          {"a", edit("}", ""), ErrDamaged, recordName},
		"unknown field":      {"a", edit(`"format"`, `"fromat": 1, "format"`), ErrDamaged, "fromat"},
		"log without record": {"a", func(p string) error { return os.Rename(filepath.Join(p, recordName), filepath.Join(p, boltName)) }, ErrDamaged, "nobody knows whose"},
		"snapshot, no record": {"a", func(p string) error {
			return errors.Join(os.Remove(filepath.Join(p, recordName)), os.MkdirAll(filepath.Join(p, snapshotsName, "1-2-3"), 0o700))
		}, ErrDamaged, "nobody knows whose"},
		"log is gone": {"a", func(p string) error { return edit(`"log_made": false`, `"log_made": true`)(p) }, ErrDamaged, "new id"},
	} {
		t.Run(name, func(t *testing.T) {
			path := t.TempDir()
			openDir(t, path, "a").Close()
			if err := c.hurt(path); err != nil {
				t.Fatal(err)
			}
			d, err := OpenDir(path, c.as)
			if err == nil {
				d.Close()
			}
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), path) {
				t.Errorf("OpenDir = %v, want %v saying %q and the path", err, c.want, c.says)
			}
		})
	}
}

func TestNamelessOpenIsForExistingDirectoriesOnly(t *testing.T) {
	path := t.TempDir()
	if _, err := OpenDir(path, ""); !errors.Is(err, ErrUnfit) {
		t.Errorf("OpenDir(empty, no name) = %v, want ErrUnfit", err)
	}
	if _, err := OpenDir(filepath.Join(path, "none"), ""); !errors.Is(err, ErrUnfit) {
		t.Errorf("OpenDir(missing, no name) = %v, want ErrUnfit", err)
	}
	openDir(t, path, "a").Close()
	if d := openDir(t, path, ""); d.Name() != "a" {
		t.Errorf("Name = %q, want a", d.Name())
	}
	for _, bad := range []string{"-a", "a b", "a/b", "a@b", "ä", strings.Repeat("x", 64)} {
		if _, err := OpenDir(t.TempDir(), bad); err == nil {
			t.Errorf("OpenDir with the name %q = nil, want an error", bad)
		}
	}
}

func TestClusterIsForLifeAndGenerationsOnlyRise(t *testing.T) {
	path := t.TempDir()
	d := openDir(t, path, "a")
	for _, step := range []struct {
		cluster    string
		generation uint64
		ok         bool
	}{{"c", 1, true}, {"c", 1, true}, {"c", 3, true}, {"c", 2, false}, {"d", 4, false}, {"", 4, false}} {
		err := d.SetCluster(step.cluster, step.generation)
		if (err == nil) != step.ok {
			t.Errorf("SetCluster(%q, %d) = %v, want success %v", step.cluster, step.generation, err, step.ok)
		}
	}
	if err := d.SetCluster("d", 9); !errors.Is(err, ErrOtherCluster) {
		t.Errorf("SetCluster(other) = %v, want ErrOtherCluster", err)
	}
	d.Close()
	if d := openDir(t, path, "a"); d.Cluster() != "c" || d.Generation() != 3 {
		t.Errorf("after a restart: cluster %q, generation %d, want c, 3", d.Cluster(), d.Generation())
	}
	if err := d.SetCluster("c", 9); !errors.Is(err, ErrClosed) {
		t.Errorf("SetCluster after Close = %v, want ErrClosed", err)
	}
}

func TestPledgeIsGivenOnce(t *testing.T) {
	path := t.TempDir()
	d := openDir(t, path, "a")
	if err := errors.Join(d.SetPledge([]byte("one")), d.SetPledge([]byte("one"))); err != nil {
		t.Fatalf("SetPledge, twice the same = %v", err)
	}
	if err := d.SetPledge([]byte("two")); !errors.Is(err, ErrPledged) {
		t.Errorf("SetPledge(another) = %v, want ErrPledged", err)
	}
	d.Close()
	d = openDir(t, path, "a")
	if err := d.SetPledge([]byte("two")); !errors.Is(err, ErrPledged) || string(d.Pledge()) != "one" {
		t.Errorf("after a restart: SetPledge(another) = %v, Pledge = %q; want ErrPledged, one", err, d.Pledge())
	}
	member := openDir(t, t.TempDir(), "b")
	if err := member.SetCluster("c", 1); err != nil {
		t.Fatal(err)
	}
	if err := member.SetPledge([]byte("one")); !errors.Is(err, ErrPledged) {
		t.Errorf("SetPledge of a member = %v, want ErrPledged", err)
	}
}

func TestCrashWhileWritingLeavesTheOldRecord(t *testing.T) {
	path := t.TempDir()
	openDir(t, path, "a").Close()
	if err := os.WriteFile(filepath.Join(path, recordName+".tmp"), []byte(`{"half`), 0o600); err != nil {
		t.Fatal(err)
	}
	d := openDir(t, path, "a")
	if err := d.SetCluster("c", 1); err != nil {
		t.Errorf("SetCluster over the rest of a crash = %v", err)
	}
}

func FuzzRecord(f *testing.F) {
	f.Add([]byte(`{"format":1,"id":"a-0123456789abcdef","name":"a","cluster":"","generation":0,"log_store":"boltdb","log_format":1,"snapshot_format":1,"log_made":false,"created":"2026-01-01T00:00:00Z"}`))
	f.Add([]byte(`{"format":2}`))
	f.Add([]byte(`{`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := decodeRecord("node.json", data)
		if err != nil {
			if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrUnfit) {
				t.Errorf("decodeRecord = %v, want ErrDamaged or ErrUnfit", err)
			}
		} else if !strings.HasPrefix(r.NodeID, r.Name+"-") {
			t.Errorf("decodeRecord gave id %q for name %q", r.NodeID, r.Name)
		}
	})
}
