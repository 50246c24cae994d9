package main

import "testing"

func TestWhoLeadsNowIsSaidWhereANodeWasNamed(t *testing.T) {
	transfer, drain := operate{done: "leadership was handed over"}, operate{done: "%s is drained"}
	for got, want := range map[string]string{
		transfer.said(""):   "leadership was handed over",
		transfer.said("n2"): "leadership was handed over to n2",
		drain.said("n2"):    "n2 is drained",
	} {
		if got != want {
			t.Errorf("said %q, want %q", got, want)
		}
	}
}
