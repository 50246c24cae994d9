package report

import (
	"math"
	"regexp"
	"strconv"
	"testing"
)

// TestTextsCanBeRead holds every pair of text and ground of the style to a contrast of 4.5, light and dark (WCAG 2.2, 1.4.3), and
// what is drawn to 3 (1.4.11).
func TestTextsCanBeRead(t *testing.T) {
	style, err := pageFiles.ReadFile("page/style.css")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile(`:root \{[^}]*\}`).FindAllString(string(style), 2)
	if len(blocks) != 2 {
		t.Fatalf("found %d sets of colours, want light and dark", len(blocks))
	}
	for i, scheme := range []string{"light", "dark"} {
		colours := map[string]string{}
		for _, m := range regexp.MustCompile(`--([a-z0-9-]+): (#[0-9a-f]{6})`).FindAllStringSubmatch(blocks[i], -1) {
			colours[m[1]] = m[2]
		}
		check := func(text, ground string, least float64) {
			fore, back := colours[text], colours[ground]
			if got := contrast(t, fore, back); got < least {
				t.Errorf("%s: %s %s on %s %s has a contrast of %.2f, want %.1f", scheme, text, fore, ground, back, got, least)
			}
		}
		for _, text := range []string{"text", "mute", "ok", "warn", "bad", "link"} {
			check(text, "card", 4.5)
			check(text, "ground", 4.5)
		}
		for _, tone := range []string{"ok", "warn", "bad"} {
			check(tone, tone+"-soft", 4.5)
			check("text", tone+"-soft", 4.5)
			check("mute", tone+"-soft", 4.5)
			check("card", tone, 4.5) // the sign in its circle
		}
		for _, drawn := range []string{"s-ok", "s-refused", "s-unknown", "n1", "n2", "n3", "n4", "n5"} {
			check(drawn, "card", 3)
		}
		for _, node := range []string{"n1", "n2", "n3", "n4", "n5"} {
			check("on-node", node, 4.5) // who leads
		}
	}
}

func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(t *testing.T, colour string) float64 {
	t.Helper()
	if len(colour) != 7 {
		t.Fatalf("%q is no colour", colour)
	}
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(colour[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		v := float64(n) / 255
		if v <= 0.04045 {
			v /= 12.92
		} else {
			v = math.Pow((v+0.055)/1.055, 2.4)
		}
		sum += weight * v
	}
	return sum
}
