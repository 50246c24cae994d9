package keyring

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// followed is a follower whose file the test writes.
type followed struct {
	*Follower
	t      *testing.T
	log    bytes.Buffer
	faults []bool
	used   int
	refuse error
}

func follow(t *testing.T, ring Ring) *followed {
	t.Helper()
	f := &followed{t: t}
	f.Follower = &Follower{
		Path: filepath.Join(t.TempDir(), "cluster.key"), InUse: ring, Log: slog.New(slog.NewTextHandler(&f.log, nil)),
		Use:   func(Ring) error { f.used++; return f.refuse },
		Fault: func(bad bool) { f.faults = append(f.faults, bad) },
	}
	f.write(ring.Text())
	f.Look()
	return f
}

func (f *followed) write(text string) {
	f.t.Helper()
	if err := os.WriteFile(f.Path, []byte(text), 0o600); err != nil {
		f.t.Fatal(err)
	}
}

func TestAStepIsTakenOnce(t *testing.T) {
	o, n := key('o'), key('n')
	f := follow(t, Ring{o})
	f.Look()
	if f.used != 0 {
		t.Errorf("Use was called %d times without a change", f.used)
	}
	for i, next := range []Ring{{o, n}, {n, o}, {n}} {
		f.write(next.Text())
		f.Look()
		f.Look()
		if f.used != i+1 || !f.InUse.Equal(next) {
			t.Errorf("after step %d: %d changes, %v in force", i+1, f.used, f.InUse.Fingerprints())
		}
	}
	if len(f.faults) != 0 {
		t.Errorf("faults = %v, want none", f.faults)
	}
}

func TestABadFileLeavesTheKeysInForceAndIsSaidOnce(t *testing.T) {
	o := key('o')
	secret := hex.EncodeToString(key('s'))
	for name, spoil := range map[string]func(f *followed){
		"missing":    func(f *followed) { _ = os.Remove(f.Path) },
		"directory":  func(f *followed) { _ = os.Remove(f.Path); _ = os.Mkdir(f.Path, 0o700) },
		"empty":      func(f *followed) { f.write("") },
		"short":      func(f *followed) { f.write(secret[2:]) },
		"duplicate":  func(f *followed) { f.write(Ring{o, key('s')}.Text() + secret) },
		"other key":  func(f *followed) { f.write(secret) },
		"too early":  func(f *followed) { f.write(Ring{key('s'), o}.Text()) },
		"not usable": func(f *followed) { f.refuse = errors.New("no"); f.write(Ring{o, key('s')}.Text()) },
	} {
		t.Run(name, func(t *testing.T) {
			f := follow(t, Ring{o})
			spoil(f)
			f.Look()
			f.Look()
			if !f.InUse.Equal(Ring{o}) || fmt.Sprint(f.faults) != "[true]" {
				t.Errorf("%v in force, faults %v, want the old key and one fault", f.InUse.Fingerprints(), f.faults)
			}
			log := f.log.String()
			if strings.Count(log, "level=ERROR") != 1 || !strings.Contains(log, f.Path) || !strings.Contains(log, "sessnode key") {
				t.Errorf("log = %q, want one error that names the file and the cure", log)
			}
			if strings.Contains(log, secret[2:20]) {
				t.Errorf("log = %q, which shows a key", log)
			}
			_ = os.RemoveAll(f.Path)
			f.write(Ring{o}.Text())
			f.Look()
			if fmt.Sprint(f.faults) != "[true false]" {
				t.Errorf("faults = %v, want the end of the fault too", f.faults)
			}
		})
	}
}
