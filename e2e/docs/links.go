package docs

import (
	"path"
	"regexp"
	"strings"
	"unicode"
)

// Link is one relative link of a page.
type Link struct {
	Line     int
	Target   string // slash path from the module's root; "" = out of the tree
	Fragment string // without #; may be empty
}

var (
	inlineLink  = regexp.MustCompile(`\]\(([^()\s]+)(?:\s+"[^"]*")?\)`)
	inlineCode  = regexp.MustCompile("`[^`]*`")
	otherScheme = regexp.MustCompile(`^[a-z][a-z0-9+.-]*:`)
	headingLine = regexp.MustCompile(`^#{1,6} +(.*?) *$`)
)

// Links lists the relative links of a page, pictures among them. What stands in code is no link.
func (p Page) Links() []Link {
	var links []Link
	p.Prose(func(number int, line string) {
		for _, m := range inlineLink.FindAllStringSubmatch(inlineCode.ReplaceAllString(line, ""), -1) {
			if otherScheme.MatchString(m[1]) {
				continue
			}
			target, fragment, _ := strings.Cut(m[1], "#")
			if target == "" {
				target = p.Path
			} else {
				target = path.Join(path.Dir(p.Path), target)
			}
			if strings.HasPrefix(target, "../") {
				target = ""
			}
			links = append(links, Link{number, target, fragment})
		}
	})
	return links
}

// Anchors are the fragments that the page's headings make, in the manner of GitHub.
func (p Page) Anchors() map[string]bool {
	anchors := map[string]bool{}
	p.Prose(func(_ int, line string) {
		if m := headingLine.FindStringSubmatch(line); m != nil {
			anchors[slug(m[1])] = true
		}
	})
	return anchors
}

// Prose calls each with the lines outside of fenced blocks, counted from 1.
func (p Page) Prose(each func(number int, line string)) {
	next := 0
	for i := 0; i < len(p.Lines); i++ {
		if next < len(p.Blocks) && p.Blocks[next].Line == i+1 {
			i += p.Blocks[next].length + 1
			next++
			continue
		}
		each(i+1, p.Lines[i])
	}
}

func slug(heading string) string {
	heading = inlineLink.ReplaceAllString(heading, "]")
	var b strings.Builder
	for _, r := range strings.ToLower(heading) {
		switch {
		case r == ' ' || r == '-':
			b.WriteRune('-')
		case r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
			b.WriteRune(r)
		}
	}
	return b.String()
}
