package client_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sessnode/sessnode"
)

func gone(generation string) script {
	return refuses(404, "not_found", "", "Session-Generation", generation)
}

// TestOtherGenerationIsUnavailableNeverNotFound: a node that was restored from an old backup says of everyone's session
// that it does not exist.
func TestOtherGenerationIsUnavailableNeverNotFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, f := connect(t, []script{alive("1")})
		if _, err := c.Read(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		for name, node := range map[string]script{"found": alive("2"), "not found": gone("2"), "none": gone("")} {
			f.set("n1:1", node)
			_, err := c.Read(t.Context(), token)
			if !onlyIs(err, sessnode.ErrUnavailable) || sessnode.ReasonOf(err) != sessnode.ReasonGeneration {
				t.Errorf("Read answered %s by another generation = %v, want ErrUnavailable because of the generation", name, err)
			}
			time.Sleep(time.Minute)
			f.set("n1:1", alive("1"))
			if _, err := c.Read(t.Context(), token); err != nil {
				t.Errorf("Read of the known generation = %v", err)
			}
		}
		f.set("n1:1", gone("2"))
		if _, err := c.Patch(t.Context(), token, sessnode.Edit{}); !onlyIs(err, sessnode.ErrUnavailable) {
			t.Errorf("Patch not found by another generation = %v, want ErrUnavailable", err)
		}
	})
}

func TestNodeOfAnotherClusterIsPassedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, f := connect(t, []script{alive("1"), alive("1")})
		if _, err := c.Read(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		f.set("n2:1", gone("2"))
		for range 100 {
			if _, err := c.Read(t.Context(), token); err != nil {
				t.Errorf("Read = %v, want the other node's answer", err)
			}
			time.Sleep(time.Second)
		}
	})
}

func TestRestoredClusterIsBelievedOnceItSettled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, f := connect(t, []script{alive("1")})
		if _, err := c.Read(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		f.set("n1:1", gone("2"))
		began := time.Now()
		for {
			_, err := c.Read(t.Context(), token)
			if errors.Is(err, sessnode.ErrNotFound) {
				break
			}
			if !errors.Is(err, sessnode.ErrUnavailable) || time.Since(began) > time.Hour {
				t.Fatalf("Read %v after the restore = %v, want ErrUnavailable and then ErrNotFound", time.Since(began), err)
			}
			time.Sleep(time.Second)
		}
		if took := time.Since(began); took < 30*time.Second || took > time.Minute {
			t.Errorf("the new generation was believed after %v, want 30s or a little more", took)
		}
	})
}
