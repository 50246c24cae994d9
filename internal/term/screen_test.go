package term

import (
	"bytes"
	"testing"
)

func env(pairs ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1], true
			}
		}
		return "", false
	}
}

func TestAPipeHasNoColourUnlessAskedFor(t *testing.T) {
	for _, test := range []struct {
		color string
		env   func(string) (string, bool)
		want  Screen
	}{
		{"auto", env(), Screen{Width: 80, Height: 24}},
		{"never", env(), Screen{Width: 80, Height: 24}},
		{"always", env(), Screen{Color: true, Width: 80, Height: 24}},
		{"always", env("NO_COLOR", "1"), Screen{Color: true, Width: 80, Height: 24}},
		{"auto", env("COLUMNS", "132"), Screen{Width: 132, Height: 24, fixed: true}},
		{"auto", env("COLUMNS", "none"), Screen{Width: 80, Height: 24}},
		{"auto", env("COLUMNS", "-1"), Screen{Width: 80, Height: 24}},
	} {
		if got := Of(new(bytes.Buffer), test.env, test.color); got != test.want {
			t.Errorf("Of(pipe, %s) = %+v, want %+v", test.color, got, test.want)
		}
	}
}

func TestStylesNeedColour(t *testing.T) {
	plain, colour := Screen{TTY: true}, Screen{TTY: true, Color: true}
	if got := plain.Bold("x") + plain.OK("well") + plain.Warn("late") + plain.Bad("gone"); got != "x✓ well! late✗ gone" {
		t.Errorf("without colour = %q", got)
	}
	if got := colour.Bad("gone") + colour.Dim(""); got != "\x1b[31m✗ gone\x1b[0m" {
		t.Errorf("with colour = %q", got)
	}
}
