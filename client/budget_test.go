package client_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sessnode/sessnode"
)

// TestAnOverloadedClusterIsNotAskedSeveralTimes: calls that fail for overload bring few further tries, and no node is left alone for it.
func TestAnOverloadedClusterIsNotAskedSeveralTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		full := refuses(503, "unavailable", "overload", "Retry-After", "1")
		c, f := connect(t, []script{full, full, full})
		const calls = 200
		for range calls {
			_, err := c.Read(t.Context(), token)
			if !errors.Is(err, sessnode.ErrUnavailable) || sessnode.ReasonOf(err) != sessnode.ReasonOverload || errors.Is(err, sessnode.ErrNotFound) {
				t.Fatalf("Read = %v, want unavailable for overload", err)
			}
		}
		if tries := len(f.seen()); tries > calls+calls/10+10 {
			t.Errorf("%d calls made %d tries, want at most a tenth more, and ten", calls, tries)
		}
		for _, host := range []string{"n1:1", "n2:1", "n3:1"} {
			f.set(host, alive("1"))
		}
		began, before := time.Now(), len(f.seen())
		for range 30 {
			if _, err := c.Read(t.Context(), token); err != nil {
				t.Fatalf("Read after the overload = %v", err)
			}
		}
		if tries := len(f.seen()) - before; time.Since(began) != 0 || tries != 30 {
			t.Errorf("30 reads after the overload took %v and %d tries: some node is left alone", time.Since(began), tries)
		}
	})
}

// TestALogoutIsTriedAgainAllTheSame.
func TestALogoutIsTriedAgainAllTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		full := refuses(503, "unavailable", "overload")
		c, f := connect(t, []script{full})
		for range 50 { // until nothing is left to spend
			_, _ = c.Read(t.Context(), token)
		}
		f.set("n1:1", inTurn(full, full, full, alive("1")))
		if err := c.Revoke(t.Context(), token); err != nil {
			t.Errorf("Revoke = %v, want it tried until it is done", err)
		}
	})
}
