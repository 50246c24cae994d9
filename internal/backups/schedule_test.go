package backups_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sessnode/sessnode/internal/backups"
)

// world is a keeper with a clock, a disk and a store that the test moves.
type world struct {
	*backups.Keeper
	t           *testing.T
	dir         string
	now         time.Time
	free, total uint64
	fail        error
}

func newWorld(t *testing.T, dir string, now time.Time) *world {
	w := &world{t: t, dir: dir, now: now, free: 100 << 30, total: 200 << 30}
	var err error
	w.Keeper, err = backups.NewKeeper(backups.Config{Dir: dir, Name: "n1", Every: 6 * time.Hour, Keep: 3,
		Take: func(_ context.Context, out io.Writer) error {
			_, err := io.WriteString(out, "all sessions")
			return errors.Join(w.fail, err)
		},
		Now:  func() time.Time { return w.now },
		Free: func(string) (uint64, uint64) { return w.free, w.total },
		Log:  slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) files() (names []string) {
	entries, err := os.ReadDir(w.dir)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func (w *world) step(want time.Duration) {
	w.t.Helper()
	if got := w.Step(w.t.Context()); got != want {
		w.t.Errorf("Step at %v = %v, want %v (%v)", w.now, got, want, w.State().Err)
	}
}

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func TestBackupsAreTakenByTheClockAndTheNewestStay(t *testing.T) {
	w := newWorld(t, filepath.Join(t.TempDir(), "made"), noon)
	others := []string{"sessnode-n1-2-20200101T000000Z.ssnb", "sessnode-n10-20200101T000000Z.ssnb", "mine.txt"}
	for _, name := range others {
		if err := os.WriteFile(filepath.Join(w.dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w.step(6 * time.Hour)
	w.now = w.now.Add(time.Hour)
	w.step(5 * time.Hour)
	for range 4 {
		w.now = w.now.Add(6 * time.Hour)
		w.step(6 * time.Hour)
	}
	want := "mine.txt sessnode-n1-2-20200101T000000Z.ssnb sessnode-n1-20260502T010000Z.ssnb sessnode-n1-20260502T070000Z.ssnb sessnode-n1-20260502T130000Z.ssnb sessnode-n10-20200101T000000Z.ssnb"
	if got := strings.Join(w.files(), " "); got != want {
		t.Errorf("files = %s\nwant    %s", got, want)
	}
	info, err := os.Stat(filepath.Join(w.dir, "sessnode-n1-20260502T130000Z.ssnb"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode = %v, %v, want 0600", info.Mode(), err)
	}
	// A restart does not begin anew.
	again := newWorld(t, w.dir, w.now.Add(2*time.Hour))
	again.step(4 * time.Hour)
}

func TestAFailureKeepsWhatIsThereAndIsTriedAgain(t *testing.T) {
	w := newWorld(t, t.TempDir(), noon)
	for range 3 {
		w.step(6 * time.Hour)
		w.now = w.now.Add(6 * time.Hour)
	}
	before := strings.Join(w.files(), " ")
	w.fail = errors.New("no leader")
	for range 5 {
		w.step(5 * time.Minute)
		w.now = w.now.Add(5 * time.Minute)
	}
	s := w.State()
	if got := strings.Join(w.files(), " "); got != before || s.Failures != 5 || !errors.Is(s.Err, w.fail) || !s.LastSuccess.Equal(noon.Add(12*time.Hour)) {
		t.Errorf("after five failures: files %s, state %+v; want %s", got, s, before)
	}
	if c := w.Check(); !c.OK || !strings.Contains(c.Detail, "no leader") {
		t.Errorf("Check = %+v, want ready, and the failure named", c)
	}
	w.fail = nil
	w.step(6 * time.Hour)
	if s := w.State(); s.Err != nil || s.Taken != 4 {
		t.Errorf("after a success: %+v", s)
	}
}

func TestTheDiskIsNeverFilledToTheBrim(t *testing.T) {
	w := newWorld(t, t.TempDir(), noon)
	w.free = 1<<30 - 1 // of 200 GiB
	w.step(5 * time.Minute)
	if len(w.files()) != 0 || w.State().Err == nil {
		t.Errorf("with less than the reserve: files %v, %v", w.files(), w.State().Err)
	}
	w.free, w.total = 1<<29, 1<<32 // 4 GiB: a tenth is less than half a GiB
	w.step(6 * time.Hour)
	if len(w.files()) != 1 {
		t.Errorf("on a small disk with a tenth free: files %v, %v", w.files(), w.State().Err)
	}
}

func TestAClockThatWasWrongStopsNothing(t *testing.T) {
	dir := t.TempDir()
	future := filepath.Join(dir, "sessnode-n1-20990101T000000Z.ssnb")
	if err := os.WriteFile(future, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, dir, noon)
	w.step(6 * time.Hour)
	w.now = noon.Add(-time.Hour) // set back
	w.step(6 * time.Hour)
	if s := w.State(); s.Taken != 2 {
		t.Errorf("taken = %d, want 2", s.Taken)
	}
}

func TestAFileIsWholeOrNotThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "b")
	broken := errors.New("broke off")
	half := func(w io.Writer) error {
		_, _ = io.WriteString(w, "half")
		return broken
	}
	if _, err := backups.WriteFile(path, false, half); !errors.Is(err, broken) {
		t.Errorf("WriteFile of a half = %v", err)
	}
	if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 0 {
		t.Errorf("a half left %v", entries)
	}
	whole := func(w io.Writer) error { _, err := io.WriteString(w, "whole"); return err }
	if n, err := backups.WriteFile(path, false, whole); n != 5 || err != nil {
		t.Errorf("WriteFile = %d, %v", n, err)
	}
	if _, err := backups.WriteFile(path, false, whole); !errors.Is(err, fs.ErrExist) {
		t.Errorf("WriteFile over a file = %v, want ErrExist", err)
	}
	if _, err := backups.WriteFile(path, true, half); !errors.Is(err, broken) {
		t.Errorf("WriteFile of a half over a file = %v", err)
	}
	if got, _ := os.ReadFile(path); string(got) != "whole" {
		t.Errorf("the file holds %q after a failed replacement, want what was there", got)
	}
}
