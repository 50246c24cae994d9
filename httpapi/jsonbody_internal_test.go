package httpapi

import "testing"

// TestStringsAreReadByteByByte: each byte at each place among eight and more ends what needs no second look, or does not, as it would alone.
func TestStringsAreReadByteByByte(t *testing.T) {
	for c := range 256 {
		plain := c >= 0x20 && c < 0x80 && c != '"' && c != '\\'
		for at := range 19 {
			text := []byte("abcdefghijklmnopqrs")
			text[at] = byte(c)
			want := at
			if plain {
				want = len(text)
			}
			if got := plainJSONEnd(text, 0); got != want {
				t.Errorf("plainJSONEnd with the byte %#x at %d = %d, want %d", c, at, got, want)
			}
		}
	}
}
