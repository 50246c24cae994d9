package gorillastore

import (
	"encoding/base64"
	"encoding/gob"
	"errors"
	"strconv"
	"testing"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client/internal/govalue"
)

// TestAStoredNameThatIsNoKeyIsAnErrorAndNoPanic: another client of the app may have written it.
func TestAStoredNameThatIsNoKeyIsAnErrorAndNoPanic(t *testing.T) {
	gob.Register([1]any{})
	list, err := govalue.Encode([1]any{[]int{1}}) // of a type that can be compared, with a value that cannot
	if err != nil {
		t.Fatal(err)
	}
	unhashable := keyPrefix + strconv.Itoa(int(list.Codec)) + base64.RawURLEncoding.EncodeToString(list.Data)
	for _, name := range []string{keyPrefix, keyPrefix + "9", keyPrefix + "0!!", keyPrefix + "2AAAA" + "=", keyPrefix + "0W10", unhashable} {
		if key, err := keyOf(name); !errors.Is(err, sessnode.ErrInvalid) {
			t.Errorf("keyOf(%q) = %#v, %v, want ErrInvalid", name, key, err)
		}
	}
	for _, key := range []any{"a", "", 7, nil, true, "_key.", "a\x00"} {
		name, err := nameOf(key)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := keyOf(name); err != nil || got != key {
			t.Errorf("keyOf(nameOf(%#v)) = %#v, %v", key, got, err)
		}
	}
}
