//go:build e2e

package upstream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// cache is the folder below the user's cache folder that keeps what was fetched, by checksum.
func cache() (string, error) {
	base, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(base, "sessnode-upstream")
	return dir, os.MkdirAll(dir, 0o755)
}

// unpack lays the suite's source, as published, into dir.
func (s suite) unpack(ctx context.Context, python, dir string) error {
	if s.Module != "" {
		return s.copyModule(ctx, dir)
	}
	archive, err := s.sdist(ctx, python)
	if err != nil {
		return err
	}
	return run(ctx, dir, "tar", "xf", archive, "--strip-components=1", "--no-same-owner")
}

// sdist returns the sdist's file, out of the cache or through pip and whatever index pip is configured for.
func (s suite) sdist(ctx context.Context, python string) (string, error) {
	base, err := cache()
	if err != nil {
		return "", err
	}
	kept := filepath.Join(base, s.SHA256+".sdist")
	if content, err := os.ReadFile(kept); err == nil && digest(content) == s.SHA256 {
		return kept, nil
	}
	tmp, err := os.MkdirTemp(base, "download-")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	if err := run(ctx, tmp, python, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", "--dest", tmp, s.Sdist); err != nil {
		return "", err
	}
	files, err := filepath.Glob(filepath.Join(tmp, "*"))
	if err != nil || len(files) != 1 {
		return "", fmt.Errorf("pip download %s left %q, %w", s.Sdist, files, err)
	}
	content, err := os.ReadFile(files[0])
	if err != nil {
		return "", err
	}
	if got := digest(content); got != s.SHA256 {
		return "", fmt.Errorf("%s has SHA-256 %s, want %s", filepath.Base(files[0]), got, s.SHA256)
	}
	return kept, os.Rename(files[0], kept)
}

// libraries returns a folder with the framework and what its tests need, for PYTHONPATH. It is made once for each list.
func (s suite) libraries(ctx context.Context, python string) (string, error) {
	base, err := cache()
	if err != nil {
		return "", err
	}
	version, err := exec.CommandContext(ctx, python, "-c", "import sys; print(sys.version_info[:2])").Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w", python, err)
	}
	wanted := s.installed()
	kept := filepath.Join(base, "lib-"+digest([]byte(string(version) + strings.Join(wanted, "\n")))[:24])
	if _, err := os.Stat(kept); err == nil {
		return kept, nil
	}
	tmp, err := os.MkdirTemp(base, "install-")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	args := append([]string{"-m", "pip", "install", "--quiet", "--target", tmp}, wanted...)
	if err := run(ctx, base, python, args...); err != nil {
		return "", err
	}
	if err := os.Rename(tmp, kept); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	return kept, nil
}

// copyModule copies a module out of Go's module cache, which verifies what it fetches against s.Sum's database; the sum in suite.json
// pins it here.
func (s suite) copyModule(ctx context.Context, dir string) error {
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", s.Module)
	out, err := cmd.Output()
	var found struct{ Dir, Sum, Error string }
	if jsonErr := json.Unmarshal(out, &found); err != nil || jsonErr != nil || found.Error != "" {
		return fmt.Errorf("go mod download %s: %s: %w", s.Module, found.Error, errors.Join(err, jsonErr))
	}
	if found.Sum != s.Sum {
		return fmt.Errorf("%s has the sum %s, want %s", s.Module, found.Sum, s.Sum)
	}
	return copyTree(found.Dir, dir, func(string) error { return nil })
}

// hiddenHook is a folder that the go tool passes over, for hooks in Go that can be built only beside the source.
const hiddenHook = "_hook"

// hook copies the suite's own files into the source, and refuses to overwrite what suite.json does not name.
func (s suite) hook(dir string) error {
	from := s.dir
	if hidden := filepath.Join(s.dir, hiddenHook); isFolder(hidden) {
		from = hidden
	}
	return copyTree(from, dir, func(file string) error {
		if file == suiteFile || file == "README.md" {
			return fs.SkipAll
		}
		_, err := os.Stat(filepath.Join(dir, filepath.FromSlash(file)))
		if err == nil && s.Replaces[file] == "" {
			return fmt.Errorf("the hook would replace %s of %s, which `replaces` does not name", file, s.upstream())
		}
		if err != nil && s.Replaces[file] != "" {
			return fmt.Errorf("`replaces` names %s, which %s does not have", file, s.upstream())
		}
		return nil
	})
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// copyTree copies regular files. may is asked for each with its slash path; fs.SkipAll leaves that one out.
func copyTree(from, to string, may func(file string) error) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && d.Name() != "__pycache__" {
			return err
		}
		if d.IsDir() {
			return fs.SkipDir
		}
		rel, err := filepath.Rel(from, path)
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		switch err := may(filepath.ToSlash(rel)); {
		case errors.Is(err, fs.SkipAll):
			return nil
		case err != nil:
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		return os.WriteFile(target, content, 0o644)
	})
}

// run runs a command and returns its output with the error.
func run(ctx context.Context, dir, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", filepath.Base(name), strings.Join(args, " "), err, out)
	}
	return nil
}
