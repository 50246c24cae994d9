package docs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Files lists the files of a checkout that git knows or would take, by slash path. Where there is no git the whole folder
// counts.
func Files(root string) ([]string, error) {
	cmd := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil { // a release archive has no .git
		return walk(root)
	}
	var files []string
	for path := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		if info, err := os.Lstat(filepath.Join(root, path)); err == nil && info.Mode().IsRegular() {
			files = append(files, path)
		}
	}
	return files, nil
}

func walk(root string) ([]string, error) {
	var files []string
	err := fs.WalkDir(os.DirFS(root), ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			files = append(files, path)
		}
		return err
	})
	return files, err
}

// Pages reads every Markdown file of a checkout.
func Pages(root string) ([]Page, error) {
	files, err := Files(root)
	if err != nil {
		return nil, err
	}
	var pages []Page
	var faults []error
	for _, path := range files {
		if !strings.HasSuffix(path, ".md") || strings.Contains(path, "testdata/") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(root, path))
		if err != nil {
			faults = append(faults, err)
			continue
		}
		page, err := Parse(path, string(text))
		faults = append(faults, err)
		pages = append(pages, page)
	}
	return pages, errors.Join(faults...)
}

// Copy puts the files of a checkout into an empty folder, as a fresh clone would.
func Copy(root, to string) error {
	files, err := Files(root)
	if err != nil {
		return err
	}
	for _, path := range files {
		err := copyFile(filepath.Join(root, path), filepath.Join(to, path))
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // another program removed it meanwhile
			return fmt.Errorf("copy the checkout: %w", err)
		}
	}
	return nil
}

func copyFile(from, to string) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, content, info.Mode().Perm())
}
