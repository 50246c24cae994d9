package docs

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

const modulePath = "github.com/sessnode/sessnode"

// gap is where a block goes in a template.
const gap = "BLOCK\n"

// goLimit is how long it may take to compile and run one Go block.
const goLimit = 3 * time.Minute

// runGo compiles a Go block in a module of its own that uses the checkout, and runs it: a whole program by itself, a part of
// one inside of the template that its marker names, as a test.
func (p *Place) runGo(ctx context.Context, b Block) error {
	dir, err := os.MkdirTemp(filepath.Join(p.dir, "tmp"), "go")
	if err != nil {
		return err
	}
	name, text, args := "main.go", b.Text, []string{"run", "."}
	switch {
	case b.Marker.Verb == "in":
		template, err := os.ReadFile(filepath.Join(p.root, "e2e", "docs", "testdata", b.Marker.Arg+".go.tmpl"))
		if err != nil {
			return err
		}
		if strings.Count(string(template), gap) != 1 {
			return fmt.Errorf("the template %s has no place for the block, or several", b.Marker.Arg)
		}
		name, text, args = "block_test.go", strings.Replace(string(template), gap, b.Text, 1), []string{"test", "-count=1", "."}
	case !strings.HasPrefix(b.Text, "package main\n"):
		return fmt.Errorf("a part of a program needs a marker: <!-- run: in TEMPLATE -->")
	}
	if err := p.module(dir); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
		return err
	}
	for _, args := range [][]string{{"vet", "."}, args} {
		ctx, cancel := context.WithTimeout(ctx, goLimit)
		defer cancel()
		cmd := exec.CommandContext(ctx, "go", args...)
		cmd.Dir, cmd.Env = dir, p.env
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("go %s: %w\n%s", args[0], err, out)
		}
	}
	return nil
}

// module makes a module that requires the checkout, and what the checkout requires, as `go mod tidy` would write it.
func (p *Place) module(dir string) error {
	own, err := os.ReadFile(filepath.Join(p.root, "go.mod"))
	if err != nil {
		return err
	}
	text := strings.Replace(string(own), "module "+modulePath+"\n", "module example.org/block\n", 1)
	text += fmt.Sprintf("require %[1]s v0.0.0\nreplace %[1]s => %[2]s\n", modulePath, p.root)
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte(text), 0o644); err != nil {
		return err
	}
	return copyFile(filepath.Join(p.root, "go.sum"), filepath.Join(dir, "go.sum"))
}
