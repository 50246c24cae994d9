package leak

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sessnode/sessnode"
)

func noise(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}

func TestEveryFormIsFoundWhereverItLies(t *testing.T) {
	tokens := []sessnode.Token{sessnode.NewToken(), sessnode.NewToken(), sessnode.NewToken()}
	s := New(tokens)
	for name, written := range Forms(tokens[1]) {
		for _, at := range []int{0, 1, 4096, 70001} {
			data := append(append(noise(at), written...), noise(5000)...)
			finds := s.Bytes("here", data)
			// a token in base64 without special characters reads the same in both alphabets
			if len(finds) != 1 || finds[0].Token != 1 || finds[0].At != int64(at) {
				t.Errorf("%s at %d: Bytes() = %v, want one find of token 1", name, at, finds)
			}
		}
	}
}

func TestATokenCutShortIsFound(t *testing.T) {
	token := sessnode.NewToken()
	if finds := New([]sessnode.Token{token}).Bytes("log", []byte("token="+token.Reveal()[:20]+"...")); len(finds) != 1 {
		t.Errorf("Bytes() = %v, want one find", finds)
	}
}

func TestNothingIsFoundInNoise(t *testing.T) {
	var tokens []sessnode.Token
	for range 2000 {
		tokens = append(tokens, sessnode.NewToken())
	}
	s := New(tokens)
	if finds := s.Bytes("noise", noise(1<<20)); len(finds) != 0 {
		t.Errorf("Bytes(noise) = %v, want none", finds)
	}
	keys := &bytes.Buffer{}
	for _, token := range tokens { // what the store may keep
		key := token.Key()
		keys.Write(key[:])
		keys.WriteString(base64.RawURLEncoding.EncodeToString(key[:]))
	}
	if finds := s.Bytes("keys", keys.Bytes()); len(finds) != 0 {
		t.Errorf("Bytes(keys) = %v, want none", finds)
	}
}

func TestFilesAreSearchedToTheBottom(t *testing.T) {
	dir, token := t.TempDir(), sessnode.NewToken()
	deep := filepath.Join(dir, "raft", "snapshots")
	if err := os.MkdirAll(deep, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(deep, "state.bin"), []byte("x"+token.Reveal()), 0o600); err != nil {
		t.Fatal(err)
	}
	finds, looked, err := New([]sessnode.Token{token}).Files(dir)
	if err != nil || len(finds) != 1 || looked != 44 {
		t.Errorf("Files() = %v, %d, %v; want one find in 44 bytes", finds, looked, err)
	}
	if len(finds) == 1 && strings.Contains(finds[0].String(), token.Reveal()) {
		t.Error("a find shows the token")
	}
	if _, _, err := New(nil).Files(filepath.Join(dir, "missing")); err == nil {
		t.Error("Files(missing) = nil error, want one: what was not searched is not clean")
	}
}

func TestMissingNamesTheFormsThatWereNotFound(t *testing.T) {
	token := sessnode.NewToken()
	all := []string{"text", "bytes", "hex of text", "hex of bytes", "hex of text, upper", "hex of bytes, upper", "standard base64"}
	if got := Missing(token, all); len(got) != 0 {
		t.Errorf("Missing(all) = %v, want none", got)
	}
	if got := Missing(token, all[1:6]); len(got) == 0 {
		t.Error("Missing(all but text) = none")
	}
	if got := Missing(token, nil); len(got) != len(all) {
		t.Errorf("Missing(nothing) = %v, want all", got)
	}
}
