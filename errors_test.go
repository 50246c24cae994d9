package sessnode_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/sessnode/sessnode"
)

func TestEveryCodeHasOneFormOnEachSurface(t *testing.T) {
	names, sentinels := map[string]bool{}, map[error]bool{}
	for i, row := range sessnode.Codes {
		if row.Code != sessnode.Code(i) {
			t.Errorf("row %d is of code %d: the table is indexed by code", i, row.Code)
		}
		if names[row.Name] || row.Err != nil && sentinels[row.Err] {
			t.Errorf("code %v shares its name or error with another", row.Code)
		}
		names[row.Name], sentinels[row.Err] = true, true
		if got, known := sessnode.ParseCode(row.Name); !known || got != row.Code {
			t.Errorf("ParseCode(%q) = %v, %v", row.Name, got, known)
		}
		if got := sessnode.CodeOf(fmt.Errorf("around: %w", row.Err)); row.Err != nil && got != row.Code {
			t.Errorf("CodeOf(%v) = %v, want %v", row.Err, got, row.Code)
		}
	}
}

func TestWhatIsNotKnownPromisesLeast(t *testing.T) {
	if got := sessnode.CodeOf(errors.New("something else")); got != sessnode.CodeUnknown {
		t.Errorf("CodeOf(a foreign error) = %v, want unknown", got)
	}
	if got := sessnode.Code(200).Info().Err; !errors.Is(got, sessnode.ErrUnknown) {
		t.Errorf("a code of a newer build means %v, want ErrUnknown", got)
	}
	if _, known := sessnode.ParseCode("nonsense"); known {
		t.Error("ParseCode knows nonsense")
	}
}

func TestErrorCarriesItsReason(t *testing.T) {
	var err error = &sessnode.Error{Op: "read", Reason: sessnode.ReasonExpired, Detail: "it ended", Err: sessnode.ErrNotFound}
	if !errors.Is(err, sessnode.ErrNotFound) || sessnode.ReasonOf(fmt.Errorf("around: %w", err)) != "expired" {
		t.Errorf("%v does not say what it is", err)
	}
	if got, want := err.Error(), "read: session not found (expired): it ended"; got != want {
		t.Errorf("Error() = %q, want %q", got, want)
	}
}
