package docs

import "strings"

// Followed reports whether a page tells people what to run, so that its blocks are run.
func Followed(path string) bool {
	return path == firstPage || path == "CONTRIBUTING.md" || path == "SECURITY.md" || strings.HasPrefix(path, "docs/")
}

// Runs reports whether anything on the page is run, or left out by a marker.
func (p Page) Runs() bool {
	for _, b := range p.Blocks {
		if b.Lang == "sh" || b.Lang == "console" || b.Lang == "go" || b.Marker.Verb != "" {
			return true
		}
	}
	return false
}
