package docs_test

import (
	"slices"
	"testing"
)

// TestTheKoreanReadmeIsTheSame: README.md is followed to the letter, so a translation whose blocks are the same, in the same order, is
// followed with it. What it has more is Python, which python/tests/test_readme_ko.py runs.
func TestTheKoreanReadmeIsTheSame(t *testing.T) {
	_, all := pages(t)
	english, korean := all["README.md"], all["README.ko.md"]
	more := 0
	var got []string
	for _, b := range korean.Blocks {
		if b.Lang == "python" && b.Marker.Verb == "" {
			more++
			continue
		}
		got = append(got, b.Lang+" "+b.Marker.Verb+" "+b.Marker.Arg+"\n"+b.Text)
	}
	var want []string
	for _, b := range english.Blocks {
		want = append(want, b.Lang+" "+b.Marker.Verb+" "+b.Marker.Arg+"\n"+b.Text)
	}
	if len(got) != len(want) || len(want) < 5 {
		t.Errorf("README.ko.md has %d blocks beside Python's, README.md has %d", len(got), len(want))
	}
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Errorf("%s: README.ko.md has another block in its place:\n%s", english.Blocks[i].At(), got[i])
		}
	}
	if more != 4 {
		t.Errorf("README.ko.md shows %d frameworks, want 4", more)
	}
	var links []string
	for _, link := range korean.Links() {
		links = append(links, link.Target)
	}
	for _, link := range english.Links() {
		if !slices.Contains(links, link.Target) && link.Target != "README.ko.md" && link.Target != "python/README.md" {
			t.Errorf("README.md:%d: README.ko.md does not lead to %s", link.Line, link.Target)
		}
	}
	if len(links) < 20 {
		t.Errorf("found %d links only: the search itself is broken", len(links))
	}
}
