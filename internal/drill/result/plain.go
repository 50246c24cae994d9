package result

import (
	"encoding/json"
	"reflect"

	"github.com/sessnode/sessnode/internal/term"
)

// Plain returns a deep copy that is safe to show: control characters in its texts, which a terminal would obey and a page may not
// hold, are spelled out. Whoever draws a result begins with it.
func Plain(r Result) Result {
	text, err := json.Marshal(r)
	var copied Result
	if err == nil {
		err = json.Unmarshal(text, &copied)
	}
	if err != nil { // a number that JSON does not know: no drill measures one
		return Result{Schema: Schema, Scenario: term.Clean(r.Scenario), Verdict: Inconclusive, Doubts: []string{"the result cannot be written: " + err.Error()}}
	}
	plain(reflect.ValueOf(&copied).Elem())
	return copied
}

func plain(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(term.Clean(v.String()))
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			plain(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				plain(v.Field(i))
			}
		}
	}
}
