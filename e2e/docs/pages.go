package docs

import (
	"slices"
	"strings"
)

// languages are those of blocks that are run.
var languages = []string{"sh", "console", "go", "python"}

// Followed reports whether a page tells people what to run, so that its blocks are run.
func Followed(path string) bool {
	return path == firstPage || path == "CONTRIBUTING.md" || path == "SECURITY.md" || strings.HasPrefix(path, "docs/")
}

// Runs reports whether anything on the page is run, or left out by a marker.
func (p Page) Runs() bool {
	for _, b := range p.Blocks {
		if slices.Contains(languages, b.Lang) || b.Marker.Verb != "" {
			return true
		}
	}
	return false
}
