package term

const escape = "\x1b["

// style puts a text between a sequence and the reset.
func (s Screen) style(code, text string) string {
	if !s.Color || text == "" {
		return text
	}
	return escape + code + "m" + text + escape + "0m"
}

// Bold makes a text stand out. Like all styles it returns the text unchanged on a screen without colour.
func (s Screen) Bold(text string) string { return s.style("1", text) }

// Dim makes a text stand back.
func (s Screen) Dim(text string) string { return s.style("2", text) }

// Underline underlines a text, as headers are.
func (s Screen) Underline(text string) string { return s.style("4", text) }

// Inverse swaps the colours of a text and its ground.
func (s Screen) Inverse(text string) string { return s.style("7", text) }

// Red is for what failed. Say so in words or signs too: colour is never the only signal.
func (s Screen) Red(text string) string { return s.style("31", text) }

// Green is for what is well.
func (s Screen) Green(text string) string { return s.style("32", text) }

// Yellow is for what wants attention.
func (s Screen) Yellow(text string) string { return s.style("33", text) }

// Blue sets a text apart without judging it.
func (s Screen) Blue(text string) string { return s.style("34", text) }

// Magenta sets a text apart without judging it.
func (s Screen) Magenta(text string) string { return s.style("35", text) }

// Cyan sets a text apart without judging it.
func (s Screen) Cyan(text string) string { return s.style("36", text) }

// OK marks what is well: "✓ ready", green.
func (s Screen) OK(text string) string { return s.Green("✓ " + text) }

// Warn marks what wants attention: "! behind", yellow.
func (s Screen) Warn(text string) string { return s.Yellow("! " + text) }

// Bad marks what failed: "✗ down", red.
func (s Screen) Bad(text string) string { return s.Red("✗ " + text) }
