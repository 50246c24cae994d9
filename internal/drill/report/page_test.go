package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sessnode/sessnode/internal/drill/result"
	"github.com/sessnode/sessnode/internal/drill/result/resulttest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// drawn returns the pages of all samples, which are drawn once for all tests.
func drawn(t *testing.T) map[string]string {
	t.Helper()
	pages, err := drawnOnce()
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

var drawnOnce = sync.OnceValues(func() (map[string]string, error) {
	pages := map[string]string{}
	for name, r := range map[string]result.Result{"passed": resulttest.Passed(), "failed": resulttest.Failed(), "doubtful": resulttest.Doubtful(),
		"unplayed": resulttest.Unplayed(), "hurt": resulttest.Hurt(), "zero": {}} {
		var b strings.Builder
		if err := WritePage(&b, r, true); err != nil {
			return nil, fmt.Errorf("WritePage(%s): %w", name, err)
		}
		pages[name] = b.String()
	}
	for name, all := range map[string][]result.Result{"suite": resulttest.Suite(4, true, true), "suite of none": nil, "hurt suite": {resulttest.Hurt()}} {
		var b strings.Builder
		if err := WriteSuitePage(&b, all); err != nil {
			return nil, fmt.Errorf("WriteSuitePage(%s): %w", name, err)
		}
		pages[name] = b.String()
	}
	return pages, nil
})

// texts parses a page strictly, and returns its elements and what a reader reads: no styles, scripts and drawings.
func texts(t *testing.T, name, page string) (elements map[string]int, text string) {
	t.Helper()
	elements = map[string]int{}
	var b strings.Builder
	in := xml.NewDecoder(strings.NewReader(page))
	silent := 0
	for {
		token, err := in.Token()
		if errors.Is(err, io.EOF) {
			return elements, regexp.MustCompile(`\s*\n\s*`).ReplaceAllString(strings.TrimSpace(b.String()), "\n")
		}
		if err != nil {
			t.Fatalf("%s is not well-formed: %v", name, err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			elements[token.Name.Local]++
			if quiet(token.Name.Local) {
				silent++
			}
		case xml.EndElement:
			if quiet(token.Name.Local) {
				silent--
			}
			if silent == 0 && strings.Contains(" th td dt dd li p h1 h2 h3 summary figcaption caption ", " "+token.Name.Local+" ") {
				b.WriteString(map[bool]string{true: " | ", false: "\n"}[strings.HasPrefix(token.Name.Local, "t") || token.Name.Local == "dt"])
			}
		case xml.CharData:
			if silent == 0 {
				b.Write(token)
			}
		}
	}
}

func quiet(element string) bool { return element == "style" || element == "script" || element == "svg" }

func TestPagesAreWellFormedAndHoldNoMoreElementsForHostileTexts(t *testing.T) {
	pages := drawn(t)
	for name, page := range pages {
		elements, _ := texts(t, name, page)
		if elements["script"] != 1 || elements["html"] != 1 || elements["h1"] != 1 {
			t.Errorf("%s has %d scripts, %d html, %d h1, want 1 each", name, elements["script"], elements["html"], elements["h1"])
		}
		for _, bad := range []string{"<script>alert", "\x1b", "\a", "\u202e", "ZgotmplZ"} {
			if strings.Contains(page, bad) {
				t.Errorf("%s holds %q", name, bad)
			}
		}
	}
	for _, shown := range []string{"&lt;script&gt;alert", `\x1b[31mred`} {
		if !strings.Contains(pages["hurt"], shown) {
			t.Errorf("the page does not show %q, which a node wrote", shown)
		}
	}
}

func TestPagesAskNobody(t *testing.T) {
	reference := regexp.MustCompile(`(?i)(?:src|href|action|data|poster)="([^"]*)"|url\(([^)]*)\)|@import[^;]*|https?:[^"' )]*`)
	for name, page := range drawn(t) {
		seen := 0
		for _, match := range reference.FindAllStringSubmatch(page, -1) {
			seen++
			to := match[1] + match[2]
			local := strings.HasPrefix(to, "#") || regexp.MustCompile(`^[A-Za-z0-9_-]+(/index\.html|\.jsonl?)$`).MatchString(to)
			if !local {
				t.Errorf("%s refers to %q", name, match[0])
			}
		}
		if seen == 0 || !strings.Contains(page, "default-src 'none'") {
			t.Errorf("%s: the search itself is broken (%d references), or the page has no policy", name, seen)
		}
	}
}

func TestPagesSayInWordsWhatTheyDraw(t *testing.T) {
	var b strings.Builder
	pages := drawn(t)
	for _, name := range []string{"passed", "failed", "doubtful", "unplayed", "suite"} {
		_, text := texts(t, name, pages[name])
		fmt.Fprintf(&b, "== %s\n%s\n\n", name, text)
	}
	const file = "testdata/pages.txt"
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("%s differs (-want +got); if it is meant so: go test -update\n%s", file, diff)
	}
}

func TestEveryTableHasScopesAndEveryFigureACaption(t *testing.T) {
	for name, page := range drawn(t) {
		elements, _ := texts(t, name, page)
		if elements["figure"] != elements["figcaption"] {
			t.Errorf("%s has %d figures and %d captions", name, elements["figure"], elements["figcaption"])
		}
		if bare := regexp.MustCompile(`<th(?: class="[^"]*")?>`).FindString(page); bare != "" {
			t.Errorf("%s has a header without a scope: %s", name, bare)
		}
		if got, want := strings.Count(page, `class="plot"`), strings.Count(page, `role="img" aria-label="`); got > want {
			t.Errorf("%s has %d drawings and %d labels", name, got, want)
		}
	}
}

func TestWhatIsBrokenStandsRightUnderTheVerdict(t *testing.T) {
	page := drawn(t)["failed"]
	broken, tiles := strings.Index(page, `id="broken"`), strings.Index(page, `class="tiles"`)
	if broken < 0 || broken > tiles {
		t.Errorf("what is broken stands at %d, the numbers at %d", broken, tiles)
	}
}

// TestAPageOfAMinuteIsSmall draws a drill of 60 s in which every slot is different and as many lines and points as a drill keeps.
// TestThePageOfALiveClusterClaimsNothingOfItsInside: what was out of the drill's reach.
func TestThePageOfALiveClusterClaimsNothingOfItsInside(t *testing.T) {
	r := resulttest.Passed()
	r.Logs, r.Environment.Profile, r.Environment.ElectMS, r.Environment.Target = nil, "", 0, "c0ffee"
	var page strings.Builder
	if err := WritePage(&page, r, true); err != nil {
		t.Fatal(err)
	}
	own := drawn(t)["passed"]
	for text, ofLive := range map[string]bool{"nodes of a live cluster": true, "c0ffee": true, "out of a drill": true, "election time-out ": false, "searched for tokens": false} {
		if got := strings.Contains(page.String(), text); got != ofLive || strings.Contains(own, text) == ofLive {
			t.Errorf("%q stands in the page of a live cluster: %v, want %v, and the contrary in that of a drill's own", text, got, ofLive)
		}
	}
}

func TestAPageOfAMinuteIsSmall(t *testing.T) {
	r := resulttest.Failed()
	points, lines := r.Points, r.Logs
	r.Slots, r.Points, r.Logs = nil, nil, nil
	for i := range 600 {
		r.Slots = append(r.Slots, result.Slot{OK: i % 17, Retried: i % 13, Refused: i % 7, Unknown: i % 5})
	}
	for i := range 3000 {
		p := points[i%len(points)]
		p.AtMS = float64(i) * 20
		if i%2 == 0 {
			p.Outcome = "retried"
		}
		r.Points = append(r.Points, p)
	}
	for i := range 400 {
		l := lines[i%len(lines)]
		r.Logs = append(r.Logs, l)
	}
	var b bytes.Buffer
	if err := WritePage(&b, r, true); err != nil || b.Len() > 400<<10 {
		t.Errorf("a page has %d KiB (%v), want at most 400", b.Len()>>10, err)
	}
}

func TestASuiteWithADoubtIsNoPass(t *testing.T) {
	var b strings.Builder
	if err := WriteSuitePage(&b, append(resulttest.Suite(4, false, false), resulttest.Doubtful())); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), `class="sign" aria-hidden="true">?</span>INCONCLUSIVE</h1>`) {
		t.Error("the page of four that passed and one in doubt does not say INCONCLUSIVE")
	}
}
