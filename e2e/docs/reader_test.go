package docs_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/sessnode/sessnode/e2e/docs"
)

// read follows a page that stands in the test, and returns the texts of its blocks and the first error.
func read(t *testing.T, text string) ([]string, error) {
	t.Helper()
	env := []string{"PATH=" + os.Getenv("PATH")}
	reader, err := docs.NewReader(t.TempDir(), t.TempDir(), env, func(context.Context, docs.Block) error { return errors.New("no Go here") },
		func(docs.Block) error { return errors.New("no files here") })
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := reader.Close(); err != nil {
			t.Error(err)
		}
	}()
	var texts []string
	for _, b := range parse(t, "page.md", strings.ReplaceAll(text, "'''", "```")).Blocks {
		got, err := reader.Read(t.Context(), b)
		if err != nil {
			return texts, err
		}
		texts = append(texts, got)
	}
	return texts, nil
}

func TestTheShellStaysTheSameFromBlockToBlock(t *testing.T) {
	texts, err := read(t, "'''sh\nmkdir d && cd d\nx=1\n'''\n<!-- run: file f/g.txt -->\n'''text\nhello\n'''\n"+
		"'''console\n$ echo $x; cat f/g.txt\n1\nhello\n$ false\n$ echo $?\n1\n'''\n")
	if err != nil || len(texts) != 3 || texts[2] != "$ echo $x; cat f/g.txt\n1\nhello\n$ false\n$ echo $?\n1\n" {
		t.Errorf("read = %q, %v", texts, err)
	}
}

func TestWhatRunsBesideSeesTheShellAndEndsWithThePage(t *testing.T) {
	_, err := read(t, "'''sh\nmkdir d && cd d\nx='a b'\n'''\n<!-- run: beside -->\n'''sh\necho \"$x\" > seen; sleep 1000\n'''\n"+
		"'''sh\nuntil [ -s seen ]; do sleep 0.01; done\n[ \"$(cat seen)\" = 'a b' ]\n'''\n<!-- run: interrupt -->\n'''sh\ntrue\n'''\n")
	if err != nil {
		t.Error(err)
	}
}

func TestABlockThatFailsIsAnError(t *testing.T) {
	for _, text := range []string{
		"'''sh\nfalse\ntrue\n'''\n",
		"'''sh\nfalse | true\n'''\n",
		"'''sh\nexit 0\n'''\n",
		"'''console\n$ false\n'''\n",
		"'''console\n$ exit\n'''\n",
		"'''go\nx := 1\n'''\n",
		"'''python\nx = 1\n'''\n",
		"<!-- run: from examples/none.py -->\n'''python\nx = 1\n'''\n",
		"<!-- run: background until http://127.0.0.1:1/ -->\n'''sh\ntrue\n'''\n",
	} {
		if _, err := read(t, text); err == nil {
			t.Errorf("%q passes", text)
		}
	}
}

func TestAnotherOutputIsNoticed(t *testing.T) {
	texts, err := read(t, "'''console\n$ echo one\ntwo\n'''\n")
	if err != nil || texts[0] != "$ echo one\none\n" {
		t.Errorf("read = %q, %v", texts, err)
	}
}
