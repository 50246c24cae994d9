package report

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/drill/history"
	"github.com/sessnode/sessnode/internal/drill/result"
	"github.com/sessnode/sessnode/internal/drill/result/resulttest"
)

func TestWhatIsSavedIsLoaded(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "deep", "drill-report")
	want := resulttest.Hurt()
	if err := Write(dir, want, []history.Op{}); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, filepath.Join(dir, ResultFile)} {
		got, err := Load(path)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("Load(%s): %v\n%s", filepath.Base(path), err, diff)
		}
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 3 {
		t.Errorf("%d files are left (%v), want the page, the result and the history", len(files), err)
	}
}

func TestASuiteIsLoadedInTheOrderInWhichItWasPlayed(t *testing.T) {
	dir := t.TempDir()
	if _, err := LoadAll(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("LoadAll(empty) = %v, want that there is nothing", err)
	}
	played := resulttest.Suite(4, false, false)
	for _, r := range played {
		if err := Write(filepath.Join(dir, Folder(r)), r, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := WriteSuite(dir, played); err != nil {
		t.Fatal(err)
	}
	got, err := LoadAll(dir)
	if err != nil || len(got) != 4 {
		t.Fatalf("LoadAll() = %d results, %v, want 4", len(got), err)
	}
	for i := range played {
		if got[i].Scenario != played[i].Scenario {
			t.Errorf("result %d is of %s, want %s", i, got[i].Scenario, played[i].Scenario)
		}
	}
}

func TestLoadSaysWhatIsThereInstead(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"an empty file", " \n", "the file is empty"},
		{"a page", "<!DOCTYPE html>", "no JSON at byte 1"},
		{"a cut result", `{"schema": 1, "verdict": "PASS", "checks": [{"na`, "the file is cut after 48 bytes"},
		{"a list", `[1, 2]`, "cannot unmarshal array"},
		{"another program's", `{"verdict": "PASS"}`, "it names no schema"},
		{"of a later version", `{"schema": 99, "verdict": "PASS", "checks": "new"}`, "its schema is 99, this program reads 1"},
		{"of another type", `{"schema": 1, "verdict": "PASS", "scenario": 7}`, "cannot unmarshal number"},
		{"without a verdict", `{"schema": 1, "scenario": "x"}`, "no scenario or no verdict"},
	} {
		file := filepath.Join(t.TempDir(), "some.json")
		if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Load(file)
		if !errors.Is(err, ErrNoResult) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "some.json") {
			t.Errorf("%s: Load() = %v, want one that says %q", c.name, err, c.want)
		}
	}
	if _, err := Load(filepath.Join(t.TempDir(), "none.json")); !errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrNoResult) {
		t.Errorf("Load(no file) = %v, want that there is none", err)
	}
}

func TestAFolderNeverLeadsOut(t *testing.T) {
	for name, want := range map[string]string{"leader-kill": "leader-kill", "../../etc": "------etc", "": "drill", "a/b c": "a-b-c", "ä": "-"} {
		if got := Folder(result.Result{Scenario: name}); got != want {
			t.Errorf("Folder(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestHistoryIsAnOperationOnEachLine(t *testing.T) {
	ms := time.Millisecond
	ops := []history.Op{
		{Client: 3, Kind: history.Create, Session: 7, Bind: true, Subject: "ada", Content: history.Content{A: "c3-1"}, Began: ms, Call: ms, Return: 4 * ms,
			Answer: history.Answer{Code: sessnode.OK, Version: 1}, Tries: []history.Try{{Node: 0}}},
		{Client: 3, Kind: history.Patch, Session: 7, Register: "a", Value: "c3-2", Guarded: true, Expect: "c3-1", Began: 5 * ms, Call: 5 * ms, Return: 905 * ms,
			Outcome: history.Unknown, Tries: []history.Try{{Node: 0, Outcome: history.Unknown}, {Node: 2, Outcome: history.NotDone}}},
		{Client: 4, Kind: history.RevokeSubject, Session: -1, Subject: "ada", Except: -1, Began: 6 * ms, Call: 6 * ms, Return: 9 * ms,
			Answer: history.Answer{Code: sessnode.OK, Ended: 1}, Tries: []history.Try{{Node: 1}}},
		{Client: 3, Kind: history.Read, Session: 7, Began: 10 * ms, Call: 10 * ms, Return: 11 * ms,
			Answer: history.Answer{Code: sessnode.CodeNotFound, Reason: "revoked"}, Tries: []history.Try{{Node: 2}}},
	}
	var b bytes.Buffer
	if err := WriteHistory(&b, ops); err != nil {
		t.Fatal(err)
	}
	const want = `{"client":3,"kind":"create","session":7,"token":0,"subject":"ada","content":{"a":"c3-1"},"began_ms":1,"call_ms":1,"return_ms":4,"outcome":"done","answer":{"code":"ok","version":1},"tries":[{"node":1,"outcome":"done"}]}
{"client":3,"kind":"patch","session":7,"token":0,"register":"a","value":"c3-2","expect":"c3-1","began_ms":5,"call_ms":5,"return_ms":905,"outcome":"unknown","tries":[{"node":1,"outcome":"unknown"},{"node":3,"outcome":"not-done"}]}
{"client":4,"kind":"revoke-subject","subject":"ada","began_ms":6,"call_ms":6,"return_ms":9,"outcome":"done","answer":{"code":"ok","ended":1},"tries":[{"node":2,"outcome":"done"}]}
{"client":3,"kind":"read","session":7,"token":0,"began_ms":10,"call_ms":10,"return_ms":11,"outcome":"done","answer":{"code":"not_found","reason":"revoked"},"tries":[{"node":3,"outcome":"done"}]}
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("WriteHistory (-want +got)\n%s", diff)
	}
}

// TestAnOperationHoldsNoToken keeps history.jsonl free of them by what an operation can hold at all.
func TestAnOperationHoldsNoToken(t *testing.T) {
	token := reflect.TypeFor[sessnode.Token]()
	var look func(reflect.Type)
	look = func(in reflect.Type) {
		for i := range in.NumField() {
			f := in.Field(i).Type
			for f.Kind() == reflect.Slice || f.Kind() == reflect.Pointer {
				f = f.Elem()
			}
			if f == token {
				t.Errorf("%s.%s is a token", in, in.Field(i).Name)
			}
			if f.Kind() == reflect.Struct {
				look(f)
			}
		}
	}
	look(reflect.TypeFor[history.Op]())
	for _, name := range []string{"Token", "NewToken"} {
		if f, _ := reflect.TypeFor[history.Op]().FieldByName(name); f.Type.Kind() != reflect.Int {
			t.Errorf("Op.%s is a %s, want the number of a token", name, f.Type)
		}
	}
}

func TestMarkdownIsTheGoldenOne(t *testing.T) {
	var b bytes.Buffer
	if err := WriteMarkdown(&b, append(resulttest.Suite(2, true, true), resulttest.Hurt())); err != nil {
		t.Fatal(err)
	}
	const file = "testdata/suite.md"
	if *update {
		if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("%s differs (-want +got)\n%s", file, diff)
	}
}
