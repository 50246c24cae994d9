package docs

import (
	"fmt"
	"slices"
	"strings"
)

// Marker says how a block is to be run where its language alone does not tell.
//
//	<!-- run: skip REASON -->              not run; the reason is required, and the test counts it
//	<!-- run: background until URL... -->  runs on beside the blocks that follow, which wait until the URLs answer with 200
//	<!-- run: hosts NAME=ADDRESS... -->    runs on beside the blocks that follow once for each host, in a folder of its own
//	<!-- run: beside -->                   runs on beside the blocks that follow, which do not wait
//	<!-- run: interrupt -->                before this block, Ctrl-C is pressed for everything that runs beside
//	<!-- run: numbers -->                  console: is compared without its numbers, because it measures something
//	<!-- run: file NAME -->                is written to a file in the shell's folder
//	<!-- run: in NAME -->                  Go: is put into testdata/NAME.go.tmpl, which is then run as a test
//	<!-- run: from FILE -->                Go, Python: stands in this file of the checkout, line by line, which other tests run
type Marker struct {
	Verb string // "" = none
	Arg  string
}

const markerStart = "<!-- run:"

var markerVerbs = []string{"skip", "background", "hosts", "beside", "interrupt", "numbers", "file", "in", "from"}

func parseMarker(line string) (Marker, error) {
	text, ok := strings.CutSuffix(strings.TrimPrefix(line, markerStart), "-->")
	if !ok {
		return Marker{}, fmt.Errorf("a marker is one line: %s VERB -->", markerStart)
	}
	verb, arg, _ := strings.Cut(strings.TrimSpace(text), " ")
	m := Marker{Verb: verb, Arg: strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(arg), "until "))}
	if !slices.Contains(markerVerbs, verb) {
		return m, fmt.Errorf("%q is no marker; there are %s", verb, strings.Join(markerVerbs, ", "))
	}
	if bare := slices.Contains([]string{"beside", "interrupt", "numbers"}, verb); bare != (m.Arg == "") {
		return m, fmt.Errorf("the marker %q needs an argument, or has one too many", verb)
	}
	return m, nil
}
