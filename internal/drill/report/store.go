package report

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/sessnode/sessnode/internal/drill/result"
)

// The names of the files of a report.
const (
	PageFile    = "index.html"
	ResultFile  = "result.json"
	HistoryFile = "history.jsonl"
	TableFile   = "suite.md"
)

// ErrNoResult means that a file is not a result of a drill that this program can read: something else, of another schema, or cut.
var ErrNoResult = errors.New("not a result of a drill")

// Save writes a result to a file, replacing it as a whole.
func Save(file string, r result.Result) error {
	text, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	return replace(file, append(text, '\n'))
}

// Load reads a result from a file, or from the ResultFile of a directory. It returns an error that wraps ErrNoResult and says what is
// there instead, or one that wraps fs.ErrNotExist.
func Load(path string) (result.Result, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, ResultFile)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return result.Result{}, err
	}
	r, err := decode(text)
	if err != nil {
		return result.Result{}, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

// LoadAll reads the results of a directory: its own, or if it is a suite's those of the directories in it, in the order in which they
// were started. None at all is an error that wraps fs.ErrNotExist.
func LoadAll(dir string) ([]result.Result, error) {
	one, err := Load(dir)
	if err == nil {
		return []result.Result{one}, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	files, globErr := filepath.Glob(filepath.Join(dir, "*", ResultFile))
	if globErr != nil || len(files) == 0 {
		return nil, err
	}
	all := make([]result.Result, 0, len(files))
	for _, file := range files {
		r, err := Load(file)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	slices.SortStableFunc(all, func(a, b result.Result) int {
		return cmp.Or(a.Started.Compare(b.Started), cmp.Compare(a.Scenario, b.Scenario))
	})
	return all, nil
}

func decode(text []byte) (result.Result, error) {
	var head struct {
		Schema *int `json:"schema"`
	}
	var r result.Result
	var syntax *json.SyntaxError
	switch err := json.Unmarshal(text, &head); {
	case len(bytes.TrimSpace(text)) == 0:
		return r, fmt.Errorf("%w: the file is empty", ErrNoResult)
	case errors.As(err, &syntax) && syntax.Offset >= int64(len(bytes.TrimRight(text, " \r\n\t"))):
		return r, fmt.Errorf("%w: the file is cut after %d bytes", ErrNoResult, len(text))
	case errors.As(err, &syntax):
		return r, fmt.Errorf("%w: no JSON at byte %d", ErrNoResult, syntax.Offset)
	case err != nil:
		return r, fmt.Errorf("%w: %w", ErrNoResult, err)
	case head.Schema == nil:
		return r, fmt.Errorf("%w: it names no schema", ErrNoResult)
	case *head.Schema != result.Schema:
		return r, fmt.Errorf("%w: its schema is %d, this program reads %d", ErrNoResult, *head.Schema, result.Schema)
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return result.Result{}, fmt.Errorf("%w: %w", ErrNoResult, err)
	}
	if r.Scenario == "" || r.Verdict == "" {
		return result.Result{}, fmt.Errorf("%w: it names no scenario or no verdict", ErrNoResult)
	}
	return r, nil
}

// replace writes a file beside its place and renames it, so that nobody reads half of it.
func replace(file string, content []byte) error {
	beside, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+"-*")
	if err != nil {
		return err
	}
	_, err = beside.Write(content)
	err = errors.Join(err, beside.Chmod(0o644), beside.Close())
	if err == nil {
		err = os.Rename(beside.Name(), file)
	}
	if err != nil {
		_ = os.Remove(beside.Name())
		return fmt.Errorf("write %s: %w", file, err)
	}
	return nil
}
