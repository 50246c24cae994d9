//go:build e2e

package upstream

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// suiteLimit bounds one suite.
const suiteLimit = 4 * time.Minute

// outcome is what became of each test: "" passed, else what it said, or why it was skipped.
type outcome map[string]string

// place is where suites find what they need.
type place struct {
	root   string // of this module
	python string // interpreter
	urls   string // the three nodes
}

// play runs the tests of a suite whose source lies in dir, against app.
func (p place) play(ctx context.Context, s suite, dir, app string) (outcome, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, suiteLimit)
	defer cancel()
	env := append(os.Environ(), "SESSNODE_URL="+p.urls, "SESSNODE_APP="+app, "SESSNODE_KEY=")
	for _, name := range slices.Sorted(maps.Keys(s.Env)) {
		env = append(env, name+"="+s.Env[name])
	}
	if s.Module != "" {
		return p.playGo(ctx, s, dir, env)
	}
	return p.playPython(ctx, s, dir, env)
}

func (p place) playPython(ctx context.Context, s suite, dir string, env []string) (outcome, []byte, error) {
	libs, err := s.libraries(ctx, p.python)
	if err != nil {
		return nil, nil, err
	}
	path := []string{dir, filepath.Join(p.root, "python", "src"), libs}
	if own := s.Env["PYTHONPATH"]; own != "" {
		path = append([]string{own}, path...)
	}
	report := filepath.Join(dir, "junit.xml")
	command := slices.Clone(s.Command)
	for i := range command {
		command[i] = strings.ReplaceAll(command[i], "{python}", p.python)
	}
	cmd := exec.CommandContext(ctx, command[0], append(command[1:], "--junitxml="+report)...)
	cmd.Dir = dir
	cmd.Env = append(env, "PYTHONPATH="+strings.Join(path, string(os.PathListSeparator)), "PYTHONDONTWRITEBYTECODE=1")
	out, runErr := cmd.CombinedOutput()
	content, err := os.ReadFile(report)
	if err != nil {
		return nil, out, fmt.Errorf("%s wrote no report: %w", filepath.Base(command[0]), errors.Join(runErr, err))
	}
	results, err := readJUnit(content)
	return results, out, errors.Join(err, oddExit(runErr))
}

// oddExit lets the exit code pass that only says that tests have failed: the report tells which.
func oddExit(err error) error {
	var ended *exec.ExitError
	if errors.As(err, &ended) && ended.ExitCode() == 1 {
		return nil
	}
	return err
}

// readJUnit reads pytest's report. A test is named CLASS::NAME as the report has them.
func readJUnit(content []byte) (outcome, error) {
	type verdict struct {
		Message string `xml:"message,attr"`
	}
	var report struct {
		Cases []struct {
			Class   string   `xml:"classname,attr"`
			Name    string   `xml:"name,attr"`
			Failure *verdict `xml:"failure"`
			Error   *verdict `xml:"error"`
			Skipped *verdict `xml:"skipped"`
		} `xml:"testsuite>testcase"`
	}
	if err := xml.Unmarshal(content, &report); err != nil {
		return nil, err
	}
	results := outcome{}
	for _, c := range report.Cases {
		id := strings.TrimPrefix(c.Class+"::"+c.Name, "::")
		for kind, v := range map[string]*verdict{"failed": c.Failure, "error": c.Error, "skipped": c.Skipped} {
			if v != nil {
				results[id] = kind + ": " + v.Message
			}
		}
		if _, bad := results[id]; !bad {
			results[id] = ""
		}
	}
	return results, nil
}

// playGo runs a module's tests with the versions of this module, so that the hook can import it.
func (p place) playGo(ctx context.Context, s suite, dir string, env []string) (outcome, []byte, error) {
	modfile, err := p.modfile(s, dir)
	if err != nil {
		return nil, nil, err
	}
	path := s.path()
	args := []string{"test", "-modfile=" + modfile, "-mod=mod", "-count=1", "-json"}
	if s.Run != "" {
		args = append(args, "-run", s.Run)
	}
	for _, folder := range s.Packages {
		args = append(args, strings.TrimSuffix(path+"/"+folder, "/."))
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Env = p.root, env
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, runErr := cmd.Output()
	results, said, err := readGoTest(out, path)
	return results, append(said, stderr.Bytes()...), errors.Join(err, oddExit(runErr))
}

// modfile writes a go.mod like ours that takes the suite's module from dir and its stubs from their folders of the hook.
func (p place) modfile(s suite, dir string) (string, error) {
	path, own, version := s.path(), filepath.Dir(dir), "v0.0.0"
	if s.As == "" {
		_, version, _ = strings.Cut(s.Module, "@")
	} else if err := rename(dir, s.As); err != nil {
		return "", err
	}
	mod, err := os.ReadFile(filepath.Join(p.root, "go.mod"))
	if err != nil {
		return "", err
	}
	sum, err := os.ReadFile(filepath.Join(p.root, "go.sum"))
	if err != nil {
		return "", err
	}
	text := fmt.Sprintf("%s\nrequire %s %s\nreplace %s => %s\n", mod, path, version, path, dir)
	for _, stub := range slices.Sorted(maps.Keys(s.Stubs)) {
		folder := filepath.Join(dir, filepath.FromSlash(s.Stubs[stub]))
		text += fmt.Sprintf("replace %s => %s\n", stub, folder)
		if err := os.WriteFile(filepath.Join(folder, "go.mod"), []byte("module "+stub+"\n\ngo 1.26.0\n"), 0o644); err != nil {
			return "", err
		}
	}
	modfile := filepath.Join(own, "go.mod")
	return modfile, errors.Join(os.WriteFile(modfile, []byte(text), 0o644), os.WriteFile(filepath.Join(own, "go.sum"), sum, 0o644))
}

// rename gives the module in dir another path.
func rename(dir, path string) error {
	file := filepath.Join(dir, "go.mod")
	mod, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	_, rest, _ := strings.Cut(string(mod), "\n")
	return os.WriteFile(file, []byte("module "+path+"\n"+rest), 0o644)
}

// readGoTest reads `go test -json`. A test is named FOLDER.TestName, or TestName in the module's root. A test with subtests counts as
// those, and as itself only if it failed and none of them did. A package that fails without a failing test counts as a test of the
// package's name.
func readGoTest(out []byte, module string) (results outcome, said []byte, err error) {
	results = outcome{}
	output, failed, parents := map[string]string{}, map[string]bool{}, map[string]bool{}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var e struct{ Action, Package, Test, Output string }
		if err := dec.Decode(&e); errors.Is(err, io.EOF) {
			return results, said, nil
		} else if err != nil {
			return nil, out, err
		}
		said = append(said, e.Output...)
		folder := strings.TrimPrefix(strings.TrimPrefix(e.Package, module), "/")
		id := folder
		if e.Test != "" {
			id = strings.TrimPrefix(folder+"."+e.Test, ".")
		}
		parent := id // of a test: its test; else the package
		if i := strings.LastIndexByte(e.Test, '/'); i >= 0 {
			parent = strings.TrimPrefix(folder+"."+e.Test[:i], ".")
			parents[parent] = true
		} else {
			parent = folder
		}
		switch e.Action {
		case "output":
			output[id] += e.Output
		case "pass":
			if e.Test != "" && !parents[id] {
				results[id] = ""
			}
		case "skip", "fail":
			if e.Test == "" && e.Action == "skip" || failed[id] {
				break // no tests, or told already
			}
			results[cmp.Or(id, "the package")] = e.Action + ": " + strings.TrimSpace(output[id])
		}
		if e.Action == "fail" {
			failed[parent] = true
		}
	}
}
