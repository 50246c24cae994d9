package docs

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// quoted compares a block with the file of the checkout that its marker names. That file is run where it lies.
func (p *Place) quoted(b Block) error {
	source, err := os.ReadFile(filepath.Join(p.root, filepath.FromSlash(b.Marker.Arg)))
	if err != nil {
		return err
	}
	if !tested(b.Marker.Arg) || !strings.Contains(flat(string(source)), flat(b.Text)) {
		return fmt.Errorf("the block does not stand in %s, or that is neither a test nor an example", b.Marker.Arg)
	}
	return nil
}

// tested reports whether other tests run a file: it is one, or an example.
func tested(path string) bool {
	name := path[strings.LastIndexByte(path, '/')+1:]
	python := strings.HasPrefix(path, "python/tests/") && strings.HasPrefix(name, "test_")
	return strings.HasSuffix(name, "_test.go") || python || strings.HasPrefix(path, "examples/")
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
