package sessnode_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/sessnode/sessnode"
)

func TestTokenShowsItselfToNobody(t *testing.T) {
	const secret = "s3cret-0123456789abcdefghijklmnopqrstuvw"
	token := sessnode.Token(secret)
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		fmt.Fprintf(&out, verb+"\n", token)
		fmt.Fprintf(&out, verb+"\n", struct{ T sessnode.Token }{token})
		fmt.Fprintf(&out, verb+"\n", []sessnode.Token{token})
	}
	for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(handler).Info("m", "token", token, "in", struct{ T sessnode.Token }{token}, "list", []sessnode.Token{token})
	}
	asJSON, err := json.Marshal(map[string]any{"a": token, "b": []sessnode.Token{token}, "c": struct{ T *sessnode.Token }{&token}})
	if err != nil {
		t.Fatal(err)
	}
	out.Write(asJSON)
	for _, form := range []string{secret, fmt.Sprintf("%x", secret), fmt.Sprintf("%X", secret)} {
		if strings.Contains(out.String(), form) {
			t.Errorf("the token is shown as %s", form)
		}
	}
	if token.Reveal() != secret {
		t.Error("Reveal does not return the token")
	}
}

func TestNewTokensAreLongAndDiffer(t *testing.T) {
	seen := map[sessnode.Key]bool{}
	for range 1000 {
		token := sessnode.NewToken()
		if len(token) != 43 || !token.Valid(43) {
			t.Fatalf("a token of %d characters, want 43 visible ones", len(token))
		}
		if seen[token.Key()] {
			t.Fatal("two equal tokens")
		}
		seen[token.Key()] = true
	}
}

func TestTokenIsVisibleASCIIOfSomeLength(t *testing.T) {
	for text, want := range map[string]bool{
		strings.Repeat("a", 32): true, strings.Repeat("~", 256): true, strings.Repeat("a", 31): false, strings.Repeat("a", 257): false,
		strings.Repeat("a", 32) + " ": false, strings.Repeat("a", 32) + "\n": false, strings.Repeat("ä", 20): false, "": false,
	} {
		if got := sessnode.Token(text).Valid(32); got != want {
			t.Errorf("Valid(%d bytes) = %v, want %v", len(text), got, want)
		}
	}
}

func TestIDIsReadBack(t *testing.T) {
	id := sessnode.NewID()
	if got, err := sessnode.ParseID(id.String()); err != nil || got != id {
		t.Errorf("ParseID(%v) = %v, %v", id, got, err)
	}
	for _, bad := range []string{"", "x", id.String() + "A", strings.Repeat("=", 22), strings.Repeat("_", 21) + "9"} {
		if _, err := sessnode.ParseID(bad); sessnode.CodeOf(err) != sessnode.CodeInvalid {
			t.Errorf("ParseID(%q) = %v, want ErrInvalid", bad, err)
		}
	}
}
