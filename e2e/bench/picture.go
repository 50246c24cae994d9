package bench

import (
	"fmt"
	"html"
	"slices"
	"strings"
)

// Measures of the picture, in its own units.
const (
	pictureWidth = 960
	labelWidth   = 400
	barWidth     = 440 // of the longest bar; the figure follows
	barHeight    = 16
	barStep      = 22
	panelGap     = 46
)

// style is readable on a light and on a dark page: the colours follow what the reader prefers.
const style = `<style>
text{font:13px ui-sans-serif,system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif;fill:#1f2328}
.t{font-size:15px;font-weight:600}.n{fill:#59636e}.b{font-weight:600}
.ours{fill:#0969da}.peer{fill:#8c959f}.limit{fill:none;stroke:#8c959f;stroke-dasharray:3 2}
@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.n{fill:#9198a1}.ours{fill:#4493f8}.peer{fill:#6e7681}.limit{stroke:#6e7681}}
</style>
`

// Picture draws operations a second at the most clients, a panel for each of the main workloads.
func Picture(r Report) string {
	var body strings.Builder
	y := 10
	clients := r.clients()
	for _, w := range []string{"create", "read", "mixed"} {
		if len(clients) > 0 && slices.Contains(r.workloads(), w) {
			y = r.panel(&body, w, clients[len(clients)-1], y)
		}
	}
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" role="img" aria-label="Operations a second, by system">
%s%s</svg>
`, pictureWidth, y, pictureWidth, style, body.String())
}

// panel draws one workload and returns where the next one begins.
func (r *Report) panel(b *strings.Builder, workload string, clients, y int) int {
	var rows []summary
	var titles []line
	longest := 0.0
	for _, l := range r.lines() {
		if s, ok := r.summarize(at(l.system, l.route, workload, clients)); ok {
			rows, titles = append(rows, s), append(titles, l)
			longest = max(longest, s.rate)
		}
	}
	if len(rows) == 0 {
		return y
	}
	fmt.Fprintf(b, "<text class=\"t\" x=\"0\" y=\"%d\">%s, %d clients</text><text class=\"n\" x=\"%d\" y=\"%d\">operations a second</text>\n",
		y+14, workload, clients, labelWidth, y+14)
	y += 26
	for i, s := range rows {
		kind, bold := Peer, ""
		if system := r.system(s.system); system != nil {
			kind = system.Kind
		}
		if kind == Ours {
			bold = ` class="b"`
		}
		width := max(1, s.rate/longest*barWidth)
		fmt.Fprintf(b, "<text%s x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text><rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"2\"/><text%s x=\"%.1f\" y=\"%d\">%s</text>\n",
			bold, labelWidth-8, y+13, html.EscapeString(titles[i].title), kind, labelWidth, y, width, barHeight, bold, labelWidth+width+6, y+13, commas(s.rate))
		y += barStep
	}
	return y + panelGap - barStep
}
