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
// one inside of the template that its marker names, as a test. A block that says from which file of the checkout it comes is
// only compared: that file is compiled, and run, where it lies.
func (p *Place) runGo(ctx context.Context, b Block) error {
	if b.Marker.Verb == "from" {
		return p.quoted(b)
	}
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

func (p *Place) quoted(b Block) error {
	source, err := os.ReadFile(filepath.Join(p.root, filepath.FromSlash(b.Marker.Arg)))
	if err != nil {
		return err
	}
	if !strings.HasSuffix(b.Marker.Arg, "_test.go") || !strings.Contains(flat(string(source)), flat(b.Text)) {
		return fmt.Errorf("the block does not stand in %s, or that is no test", b.Marker.Arg)
	}
	return nil
}

// flat is code without its indentation and empty lines.
func flat(code string) string {
	var b strings.Builder
	for line := range strings.Lines(code) {
		if line = strings.TrimSpace(line); line != "" {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
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
