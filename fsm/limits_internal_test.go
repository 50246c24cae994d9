package fsm

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
)

// everyChange has one of each kind, by verb.
var everyChange = map[verb]sessnode.Change{
	verbCreate: sessnode.Create{}, verbPatch: sessnode.Patch{}, verbReplace: sessnode.Replace{}, verbPop: sessnode.Pop{}, verbTouch: sessnode.Touch{},
	verbTouchOne: sessnode.TouchOne{}, verbRotate: sessnode.Rotate{}, verbRevoke: sessnode.Revoke{}, verbRevokeID: sessnode.RevokeID{},
	verbRevokeSubject: sessnode.RevokeSubject{}, verbRevokeApp: sessnode.RevokeApp{}, verbPutPolicy: sessnode.PutPolicy{},
	verbDropApp: sessnode.DropApp{}, verbSetBudget: sessnode.SetBudget{}, verbFound: sessnode.Found{},
}

// extremes are the lengths, counts and numbers around which any reader's limit lies.
var extremes = []int{0, 1, 2, 3, 64, 65, 256, 257, maxNameBytes, maxNameBytes + 1, maxText, maxText + 1, maxNames, maxNames + 1, maxTouches, maxTouches + 1}

// TestWriterRefusesWhatTheReaderDoes takes each field of each change to every extreme, alone: an operation that is written without an
// error can be read, and one that can be read is written without one.
func TestWriterRefusesWhatTheReaderDoes(t *testing.T) {
	for v := verbCreate; v <= verbFound; v++ {
		refused, fields := 0, 0
		for field := 0; ; field++ {
			found := false
			for _, to := range extremes {
				op := Op{Mutation: sessnode.Mutation{Change: everyChange[v]}}
				at := field
				found = set(reflect.ValueOf(&op.Mutation).Elem(), &at, to)
				name := fmt.Sprintf("field %d of %T at %d", field, op.Change, to)
				w := new(writer)
				if w.op(&op); w.err != nil {
					refused++
				}
				_, err := decodeOp(w.buf, false)
				if _, peeked := decodeOp(w.buf, true); (peeked == nil) != (err == nil) {
					t.Fatalf("%s: PeekOp = %v, DecodeOp = %v", name, peeked, err)
				}
				if (w.err == nil) != (err == nil) {
					t.Errorf("%s: written with %v, read with %v", name, w.err, err)
				}
			}
			if !found {
				break
			}
			fields++
		}
		if fields < 3 || refused == 0 { // app, actor and node
			t.Errorf("%T: %d fields were tried, %d operations refused", everyChange[v], fields, refused)
		}
	}
}

// set fills v with something in every field, and the at'th leaf of it with that many bytes, items or just the number. It reports
// whether there is such a leaf.
func set(v reflect.Value, at *int, to int) (found bool) {
	hit := func() bool { *at--; return *at == -1 }
	switch v.Kind() {
	case reflect.Interface: // a change
		c := reflect.New(v.Elem().Type()).Elem()
		found = set(c, at, to)
		v.Set(c)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Unix(1, 0)))
			return false
		}
		for i := range v.NumField() {
			found = set(v.Field(i), at, to) || found
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		found = set(v.Elem(), at, to)
	case reflect.Map, reflect.Slice:
		found = setMany(v, at, to)
	case reflect.String:
		if found = hit(); !found {
			to = 1
		}
		v.SetString(strings.Repeat("x", to))
	case reflect.Uint8:
		if found = hit(); found && to < 256 {
			v.SetUint(uint64(to))
		}
	case reflect.Int, reflect.Int64:
		if found = hit(); found {
			v.SetInt(int64(to))
		}
	case reflect.Uint64:
		if found = hit(); found {
			v.SetUint(uint64(to))
		}
	}
	return found
}

// setMany is set for a map or a list: one item, whose leaves come first, or as many as it says.
func setMany(v reflect.Value, at *int, to int) (found bool) {
	item := reflect.New(v.Type().Elem()).Elem()
	name := reflect.New(reflect.TypeFor[string]()).Elem()
	found = v.Kind() == reflect.Map && set(name, at, to)
	found = set(item, at, to) || found
	n := 1
	if *at--; *at == -1 {
		n, found = to, true
	}
	if v.Kind() == reflect.Slice {
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			v.Index(i).Set(item)
		}
		return found
	}
	v.Set(reflect.MakeMap(v.Type()))
	for i := range n {
		if i > 0 {
			name = reflect.ValueOf(fmt.Sprint("x", i))
		}
		v.SetMapIndex(name, item)
	}
	return found
}
