package docs_test

import (
	"strings"
	"testing"

	"github.com/sessnode/sessnode/e2e/docs"
)

const sample = `# A page

Text with ` + "`[no](link.md)`" + ` and [one](other.md#a-heading "title").

<!-- run: skip takes an hour -->
` + "```sh" + `
sleep 3600
` + "```" + `

1. An item

   ` + "```console" + `
   $ echo a \
     b
   a b
   ` + "```" + `

## A heading, with: ` + "`code`" + `
`

func parse(t *testing.T, path, text string) docs.Page {
	t.Helper()
	page, err := docs.Parse(path, text)
	if err != nil {
		t.Fatal(err)
	}
	return page
}

func TestBlocksAreFoundWithTheirMarkers(t *testing.T) {
	page := parse(t, "docs/a.md", sample)
	if len(page.Blocks) != 2 {
		t.Fatalf("found %d blocks, want 2", len(page.Blocks))
	}
	first, second := page.Blocks[0], page.Blocks[1]
	if first.Lang != "sh" || first.Text != "sleep 3600\n" || first.Marker.Verb != "skip" || first.Marker.Arg != "takes an hour" || first.Line != 6 {
		t.Errorf("first block = %+v", first)
	}
	if second.Lang != "console" || second.Text != "$ echo a \\\n  b\na b\n" || second.Marker.Verb != "" {
		t.Errorf("second block = %+v", second)
	}
}

func TestOtherTextsInBlocksLeaveThePageAlone(t *testing.T) {
	page := parse(t, "a.md", sample)
	texts := []string{page.Blocks[0].Text, page.Blocks[1].Text}
	if got := page.With(texts); got != sample {
		t.Errorf("the same texts make another page:\n%s", got)
	}
	texts[1] = "$ echo c\nc\n\nd\n"
	got := page.With(texts)
	if want := strings.Replace(sample, "   $ echo a \\\n     b\n   a b\n", "   $ echo c\n   c\n\n   d\n", 1); got != want {
		t.Errorf("page with another text:\n%s\nwant:\n%s", got, want)
	}
}

func TestMarkersThatNobodyUnderstandsAreErrors(t *testing.T) {
	for _, text := range []string{
		"<!-- run: skp reason -->\n```sh\n```\n",
		"<!-- run: skip -->\n```sh\n```\n",
		"<!-- run: beside now -->\n```sh\n```\n",
		"<!-- run: skip a\nb -->\n```sh\n```\n",
		"<!-- run: skip a -->\ntext\n```sh\n```\n",
		"<!-- run: skip a -->\n",
		"```sh\nnever closed\n",
	} {
		if _, err := docs.Parse("a.md", text); err == nil {
			t.Errorf("%q passes", text)
		}
	}
}

func TestLinksAndAnchorsAreFoundOutsideOfCode(t *testing.T) {
	page := parse(t, "docs/a.md", sample+"\n[out](../../x.md) [web](https://example.org) [own](#a-page)\n")
	links := page.Links()
	if len(links) != 3 {
		t.Fatalf("found %d links: %+v, want 3", len(links), links)
	}
	if links[0].Target != "docs/other.md" || links[0].Fragment != "a-heading" || links[1].Target != "" || links[2].Target != "docs/a.md" {
		t.Errorf("links = %+v", links)
	}
	for _, want := range []string{"a-page", "a-heading-with-code"} {
		if !page.Anchors()[want] {
			t.Errorf("anchors = %v, want %s among them", page.Anchors(), want)
		}
	}
}
