//go:build e2e

package harness_test

import (
	"bytes"
	"net"
	"path/filepath"
	"testing"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/e2e/harness"
	"github.com/sessnode/sessnode/internal/drill/leak"
)

func TestCaptureSeesWhatPassesOverItsPortsOnly(t *testing.T) {
	ours, theirs := sessnode.NewToken(), sessnode.NewToken()
	dir := filepath.Join(t.TempDir(), "capture")
	addr, send, err := harness.Send(t.Context(), append(bytes.Repeat([]byte("."), 200_000), ours.Reveal()...))
	if err != nil {
		t.Fatal(err)
	}
	_, sendOther, err := harness.Send(t.Context(), []byte(theirs.Reveal()))
	if err != nil {
		t.Fatal(err)
	}
	capture, err := harness.StartCapture(t.Context(), dir, addr)
	if err != nil {
		t.Fatal(err)
	}
	if err := send(); err != nil {
		t.Fatal(err)
	}
	if err := sendOther(); err != nil {
		t.Fatal(err)
	}
	udp, err := net.Dial("udp", addr) // the port of gossip is UDP as well
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()
	if _, err := udp.Write([]byte("udp " + ours.Reveal())); err != nil {
		t.Fatal(err)
	}
	if n, err := capture.Stop(); err != nil || n < 200_000+43 || n > 201_000 {
		t.Errorf("Stop() = %d bytes, %v; want what was sent to the port once", n, err)
	}
	finds, _, err := leak.New([]sessnode.Token{ours, theirs}).Files(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(finds) != 2 || finds[0].Token != 0 || finds[1].Token != 0 {
		t.Errorf("found %v, want the token of the captured port once in TCP and once in UDP", finds)
	}
}
