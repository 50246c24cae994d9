package client_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
)

// TestABackupThatBreaksOffIsAnError: whatever was cut or changed on the way, also where HTTP says that the answer is complete.
func TestABackupThatBreaksOffIsAnError(t *testing.T) {
	body := bytes.Repeat([]byte("0123456789"), 100_000)
	sum := sha256.Sum256(body)
	whole := append(bytes.Clone(body), sum[:]...)
	changed := bytes.Clone(whole)
	changed[len(body)/2] ^= 1
	for name, sent := range map[string][]byte{"whole": whole, "changed": changed, "cut": whole[:len(whole)-1], "cut early": whole[:40], "longer": append(bytes.Clone(whole), 0), "empty": nil} {
		node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/vnd.sessnode.backup")
			w.Header().Set("Session-Index", "1-z")
			w.Header().Set("Session-Generation", "1")
			_, _ = w.Write(sent)
		}))
		defer node.Close()
		c, err := client.New(node.URL)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		var got bytes.Buffer
		at, err := c.Backup(t.Context(), &got)
		switch {
		case name == "whole" && (err != nil || !bytes.Equal(got.Bytes(), whole) || at != (sessnode.Position{Generation: 1, Index: 35})):
			t.Errorf("Backup of a whole stream = %v, %v", at, err)
		case name != "whole" && !errors.Is(err, sessnode.ErrUnavailable):
			t.Errorf("Backup of a stream that is %s = %v, want unavailable", name, err)
		}
	}
}
