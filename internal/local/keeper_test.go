package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// sleeper is a process that does nothing, in the place of a node.
type sleeper struct {
	*exec.Cmd
	ended chan struct{}
}

func startSleeper(t *testing.T) *sleeper {
	t.Helper()
	s := &sleeper{exec.Command("sleep", "60"), make(chan struct{})}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { // ends with the process, which Cleanup ends
		_ = s.Wait()
		close(s.ended)
	}()
	t.Cleanup(func() {
		_ = s.Process.Kill()
		<-s.ended
	})
	return s
}

func (s *sleeper) lives() bool {
	_, running, err := LookUp(s.Process.Pid)
	return err == nil && running
}

// testFolder makes a demo's folder below a temporary directory of the test.
func testFolder(t *testing.T) *Folder {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	folder, err := NewFolder(DemoFolder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = folder.Remove()
		// Keep ignores these, and processes inherit that. Reset alone does not bring back what was ignored.
		signal.Notify(make(chan os.Signal, 1), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
		signal.Reset(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	})
	return folder
}

func enter(t *testing.T, folder *Folder, kind string, pid int) {
	t.Helper()
	if err := folder.enter(kind, pid); err != nil {
		t.Fatal(err)
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func TestTheKeeperKillsTheNodesAndRemovesTheFolder(t *testing.T) {
	folder, node, stranger := testFolder(t), startSleeper(t), startSleeper(t)
	enter(t, folder, kindNode, node.Process.Pid)
	enter(t, folder, kindDemo, stranger.Process.Pid) // whoever is entered as something else is not the keeper's business
	if err := os.WriteFile(folder.File("data"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Keep(strings.NewReader(""), folder.Path()); err != nil {
		t.Fatal(err)
	}
	if node.lives() || exists(folder.Path()) || !stranger.lives() {
		t.Errorf("node lives: %v, folder exists: %v, stranger lives: %v; want false, false, true",
			node.lives(), exists(folder.Path()), stranger.lives())
	}
}

func TestTheKeeperTouchesNothingAfterAGoodbye(t *testing.T) {
	folder, node := testFolder(t), startSleeper(t)
	enter(t, folder, kindNode, node.Process.Pid)
	if err := Keep(strings.NewReader(goodbye), folder.Path()); err != nil {
		t.Fatal(err)
	}
	if !node.lives() || !exists(folder.Path()) {
		t.Errorf("node lives: %v, folder exists: %v; want both", node.lives(), exists(folder.Path()))
	}
	if err := Keep(strings.NewReader(goodbye[:4]), folder.Path()); err != nil || node.lives() {
		t.Errorf("a goodbye that was cut off: %v, node lives: %v; want the node killed", err, node.lives())
	}
}

// TestAReusedPidIsNotKilled is what the time of the start in the ledger is for.
func TestAReusedPidIsNotKilled(t *testing.T) {
	folder, later := testFolder(t), startSleeper(t)
	if _, err := fmt.Fprintln(folder.ledger, kindNode, later.Process.Pid, "12345"); err != nil {
		t.Fatal(err)
	}
	if err := Keep(strings.NewReader(""), folder.Path()); err != nil || exists(folder.Path()) {
		t.Errorf("Keep() = %v, folder exists: %v; want nil, false", err, exists(folder.Path()))
	}
	if !later.lives() {
		t.Error("a process was killed that only has the number of a node")
	}
}

func TestForeignFoldersAreNeverTouched(t *testing.T) {
	for _, test := range []struct {
		name  string
		spoil func(t *testing.T, folder *Folder) string // returns the path to give to the keeper
	}{
		{"another name", func(t *testing.T, f *Folder) string {
			path := filepath.Join(filepath.Dir(f.Path()), "documents")
			if err := os.Rename(f.Path(), path); err != nil {
				t.Fatal(err)
			}
			return path
		}},
		{"no ledger", func(t *testing.T, f *Folder) string {
			if err := f.Release(); err != nil {
				t.Fatal(err)
			}
			return f.Path()
		}},
		{"a ledger of somebody else's making", func(t *testing.T, f *Folder) string {
			if err := os.WriteFile(f.File(ledgerName), []byte("shopping list\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			return f.Path()
		}},
		{"others may write to it", func(t *testing.T, f *Folder) string {
			if err := os.Chmod(f.Path(), 0o777); err != nil {
				t.Fatal(err)
			}
			return f.Path()
		}},
		{"a link", func(t *testing.T, f *Folder) string {
			link := filepath.Join(filepath.Dir(f.Path()), DemoFolder+"link")
			if err := os.Symlink(f.Path(), link); err != nil {
				t.Fatal(err)
			}
			return link
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			folder, node := testFolder(t), startSleeper(t)
			enter(t, folder, kindNode, node.Process.Pid)
			path := test.spoil(t, folder)
			err := Keep(strings.NewReader(""), path)
			if !errors.Is(err, errForeign) && !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("Keep() = %v, want a refusal", err)
			}
			if !exists(path) || !node.lives() {
				t.Errorf("folder exists: %v, node lives: %v; want both", exists(path), node.lives())
			}
		})
	}
}

func TestSweepRemovesOnlyWhatIsDead(t *testing.T) {
	folder := testFolder(t) // its demo, this process, lives
	node := startSleeper(t)
	abandoned := func(pid int, start string) string {
		path, err := os.MkdirTemp("", DemoFolder)
		if err != nil {
			t.Fatal(err)
		}
		ledger := fmt.Sprintf("%s\n%s %d %s\n", ledgerHead, kindNode, pid, start)
		if err := os.WriteFile(filepath.Join(path, ledgerName), []byte(ledger), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	start, _, err := LookUp(node.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	dead, alive := abandoned(node.Process.Pid, "12345"), abandoned(node.Process.Pid, start)
	bare, err := os.MkdirTemp("", DemoFolder) // its demo may be about to write the ledger
	if err != nil {
		t.Fatal(err)
	}
	if got := Sweep(); len(got) != 1 || got[0] != dead {
		t.Errorf("Sweep() = %v, want %v", got, dead)
	}
	for path, want := range map[string]bool{dead: false, alive: true, bare: true, folder.Path(): true} {
		if exists(path) != want {
			t.Errorf("%s exists: %v, want %v", path, !want, want)
		}
	}
	long := time.Now().Add(-2 * unfinished)
	if err := os.Chtimes(bare, long, long); err != nil {
		t.Fatal(err)
	}
	if got := Sweep(); len(got) != 1 || got[0] != bare {
		t.Errorf("Sweep() = %v, want %v: nobody writes a ledger any more", got, bare)
	}
}

func TestNoSecretIsReadableByOthers(t *testing.T) {
	folder := testFolder(t)
	keys, err := newSecrets(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{clusterKeyFile, OperatorKeyFile, appKeyFile, apiKeysFile} {
		info, err := os.Stat(folder.File(name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v; want mode 0600", name, info.Mode(), err)
		}
	}
	hashes, _ := os.ReadFile(folder.File(apiKeysFile))
	if strings.Contains(string(hashes), keys.App) || strings.Contains(string(hashes), keys.Operator) {
		t.Error("the file for the nodes holds a key, not its hash")
	}
	if info, err := os.Stat(folder.Path()); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder: %v, %v; want mode 0700", info.Mode(), err)
	}
}
