package docs

import (
	"fmt"
	"regexp"
	"strings"
)

// Page is one Markdown file.
type Page struct {
	Path   string // slash path from the module's root
	Lines  []string
	Blocks []Block
}

// Block is one fenced block of a page.
type Block struct {
	Page   string
	Line   int    // of the opening fence, counted from 1
	Lang   string // sh, console, go, text, ...
	Text   string // without the fences and their indentation, with a line break at the end
	Marker Marker
	indent string
	length int // lines of the text
}

// At names the place of the block for messages.
func (b Block) At() string { return fmt.Sprintf("%s:%d", b.Page, b.Line) }

const fence = "```"

var listItem = regexp.MustCompile(`^([-*]|\d+\.) `)

// Parse finds the fenced blocks of a page. It returns an error for a fence that is not closed, and for a marker that it does not
// understand or that no block follows.
func Parse(path, text string) (Page, error) {
	p := Page{Path: path, Lines: strings.Split(text, "\n")}
	var marker *Marker
	for i := 0; i < len(p.Lines); i++ {
		line := p.Lines[i]
		trimmed := strings.TrimSpace(line)
		switch {
		case trimmed == "":
		case strings.HasPrefix(trimmed, markerStart):
			m, err := parseMarker(trimmed)
			if err != nil {
				return p, fmt.Errorf("%s:%d: %w", path, i+1, err)
			}
			marker = &m
		case strings.HasPrefix(trimmed, fence):
			b, err := p.block(i)
			if err != nil {
				return p, err
			}
			if marker != nil {
				b.Marker, marker = *marker, nil
			}
			p.Blocks = append(p.Blocks, b)
			i += b.length + 1
		case marker != nil:
			return p, fmt.Errorf("%s:%d: a marker must stand right before its block", path, i+1)
		}
	}
	if marker != nil {
		return p, fmt.Errorf("%s: a marker at the end has no block", path)
	}
	return p, nil
}

// block reads the block whose fence opens at a line.
func (p Page) block(open int) (Block, error) {
	line := p.Lines[open]
	b := Block{Page: p.Path, Line: open + 1, indent: line[:strings.Index(line, fence)]}
	b.Lang = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line), fence))
	var text strings.Builder
	for i := open + 1; i < len(p.Lines); i++ {
		if strings.TrimSpace(p.Lines[i]) == fence {
			b.Text, b.length = text.String(), i-open-1
			return b, nil
		}
		text.WriteString(strings.TrimPrefix(p.Lines[i], b.indent) + "\n")
	}
	return b, fmt.Errorf("%s: the block is not closed", b.At())
}

// With returns the page's text with other texts in its blocks, one for each.
func (p Page) With(texts []string) string {
	var lines []string
	next := 0
	for i, b := range p.Blocks {
		lines = append(lines, p.Lines[next:b.Line]...)
		for line := range strings.Lines(texts[i]) {
			lines = append(lines, strings.TrimRight(b.indent+strings.TrimSuffix(line, "\n"), " "))
		}
		next = b.Line + b.length
	}
	return strings.Join(append(lines, p.Lines[next:]...), "\n")
}

// Indented lists the lines on which code is written by indentation alone: four spaces or a tab after an empty line, outside of
// a list.
func (p Page) Indented() []int {
	var found []int
	blank, list := true, false
	p.Prose(func(number int, line string) {
		switch {
		case strings.TrimSpace(line) == "":
			blank = true
			return
		case strings.HasPrefix(line, "    ") || strings.HasPrefix(line, "\t"):
			if blank && !list {
				found = append(found, number)
			}
		case !strings.HasPrefix(line, " "):
			list = listItem.MatchString(line)
		}
		blank = false
	})
	return found
}
