package nearest_test

import (
	"testing"

	"github.com/sessnode/sessnode/internal/nearest"
)

func TestNameIsTheOneThatWasMeant(t *testing.T) {
	names := []string{"serve", "status", "session"}
	for typed, want := range map[string]string{"serv": "serve", "sesion": "session", "statsu": "status", "zzz": "", "": "", "x": ""} {
		if got := nearest.Name(typed, names); got != want {
			t.Errorf("Name(%q) = %q, want %q", typed, got, want)
		}
	}
}
