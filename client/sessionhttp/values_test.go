package sessionhttp_test

import (
	"fmt"
	"math"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client/sessionhttp"
)

type cart struct {
	Owner string         `json:"owner"`
	Items map[string]int `json:"items"`
}

var noon = time.Date(2030, 1, 2, 12, 0, 0, 5, time.UTC)

// TestValuesComeBackAsTheirType, in the request that set them and in the next one.
func TestValuesComeBackAsTheirType(t *testing.T) {
	check := func(s *sessionhttp.Session) string {
		got := fmt.Sprintln(s.String("string"), s.Int64("int"), s.Float64("float"), s.Bool("bool"), s.Time("time").Equal(noon), s.Has("string"))
		c, there := sessionhttp.Get[cart](s, "cart")
		null, nullThere := sessionhttp.Get[any](s, "null")
		nullAgain, _ := sessionhttp.Get[any](s, "null")
		raw, _ := s.Value("raw")
		return got + fmt.Sprintln(c.Owner, c.Items["book"], there, null, nullThere, nullAgain, raw.Codec, string(raw.Data))
	}
	a := run(t, sessionhttp.Options{}, routes{
		"/set": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
			s.Set("string", "한국어 <&>")
			s.Set("int", int64(math.MaxInt64))
			s.Set("float", 0.25)
			s.Set("bool", true)
			s.Set("time", noon)
			s.Set("cart", cart{"ada", map[string]int{"book": 2}})
			s.Set("null", nil)
			s.Set("raw", sessnode.Value{Codec: sessnode.Bytes, Data: []byte{'a', 'b'}})
			_, _ = w.Write([]byte(check(s)))
		},
		"/get": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) { _, _ = w.Write([]byte(check(s))) },
	})
	const want = "한국어 <&> 9223372036854775807 0.25 true true true\nada 2 true <nil> true <nil> bytes ab"
	b := a.browser()
	b.want("/set", 200, want)
	b.want("/get", 200, want)
}

func TestWhatIsNotThereOrDoesNotFitIsTheZeroValue(t *testing.T) {
	a := run(t, sessionhttp.Options{}, routes{
		"/set": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
			s.Set("text", "a")
			s.Set("half", 0.5)
			s.Set("half-set", map[string]any{"owner": "eve", "items": 3})
		},
		"/get": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
			c, there := sessionhttp.Get[cart](s, "half-set")
			_, _ = fmt.Fprintln(w, s.Int64("text"), s.Int64("half"), s.String("half"), s.Bool("text"), s.Time("text").IsZero(),
				s.Has("none"), s.String("none") == "", c.Owner == "", there)
		},
	})
	b := a.browser()
	b.get("/set")
	b.want("/get", 200, "0 0  false true false true true false")
	if !strings.Contains(a.log.String(), "attribute of another type") {
		t.Error("a value that does not fit left no word in the log")
	}
}

// TestIncrCountsEveryRequest, whatever order the calls of one request come in.
func TestIncrCountsEveryRequest(t *testing.T) {
	a := run(t, sessionhttp.Options{}, routes{
		"/new": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
			s.Set("b", 10)
			s.Incr("b", 5)
			s.Incr("a", 2)
			s.Incr("a", 1)
			_, _ = fmt.Fprint(w, s.Int64("a"), s.Int64("b"))
		},
		"/more": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
			s.Incr("a", 1)
			s.Set("b", 1)
			s.Incr("b", 1)
			s.Incr("c", 7)
			s.Unset("c")
			s.Incr("c", 1)
			s.Incr("d", 9)
			s.Set("d", 3)
			_, _ = fmt.Fprint(w, s.Int64("a"), s.Int64("b"), s.Int64("c"), s.Int64("d"))
		},
		"/read": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
			_, _ = fmt.Fprint(w, s.Int64("a"), s.Int64("b"), s.Int64("c"), s.Int64("d"))
		},
		"/wrong": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
			s.Set("x", "text")
			s.Incr("x", 1)
		},
		"/too-large": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
			s.Set("x", math.MaxInt64)
			s.Incr("x", 1)
		},
	})
	b := a.browser()
	b.want("/new", 200, "3 15")
	b.want("/more", 200, "4 2 1 3")
	b.want("/read", 200, "4 2 1 3")
	for _, who := range []*browser{b, a.browser()} { // with a session and without one
		for _, path := range []string{"/wrong", "/too-large"} {
			if got := who.get(path); got.status != 500 || got.setsCookie() {
				t.Errorf("GET %s = %d %v, want 500 and the cookie left alone", path, got.status, got.header)
			}
		}
	}
}

// TestNestedChangesAreSeen: whatever is changed in place after it was read or set is stored.
func TestNestedChangesAreSeen(t *testing.T) {
	a := run(t, sessionhttp.Options{}, routes{
		"/set": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
			items := map[string]int{"book": 1}
			s.Set("map", items)
			items["pen"] = 2
			s.Set("struct", cart{"ada", map[string]int{}})
			s.Set("slice", []string{"a", "b"})
			s.Set("deep", map[string]any{"list": []any{map[string]any{"n": 1}}})
			s.Set("value", cart{Owner: "x"})
		},
		"/change": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
			items, _ := sessionhttp.Get[map[string]int](s, "map")
			delete(items, "book")
			again, _ := sessionhttp.Get[map[string]int](s, "map")
			again["ink"] = 3
			items["cap"] = 4
			if other, there := sessionhttp.Get[map[string]float64](s, "map"); !there || other["cap"] != 4 {
				t.Errorf("the map read as another type = %v, %v", other, there)
			}
			c, _ := sessionhttp.Get[*cart](s, "struct")
			c.Owner = "grace"
			c.Items["cup"] = 1
			list, _ := sessionhttp.Get[[]string](s, "slice")
			list[0] = "z"
			deep, _ := sessionhttp.Get[any](s, "deep")
			deep.(map[string]any)["list"].([]any)[0].(map[string]any)["n"] = 2
			copied, _ := sessionhttp.Get[cart](s, "value")
			copied.Owner = "a copy is no change in place"
			raw, _ := s.Value("map")
			_, _ = w.Write(raw.Data) // other ways to read see it too
		},
	})
	b := a.browser()
	b.get("/set")
	b.want("/change", 200, `{"cap":4,"ink":3,"pen":2}`)
	got := map[string]string{}
	for name, v := range a.stored(b.cookie()).Attrs {
		got[name] = string(v.Data)
	}
	want := map[string]string{
		"map": `{"cap":4,"ink":3,"pen":2}`, "struct": `{"owner":"grace","items":{"cup":1}}`, "slice": `["z","b"]`,
		"deep": `{"list":[{"n":2}]}`, "value": `{"owner":"x","items":null}`,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("stored = %v, want %v", got, want)
	}
}

// TestWhatIsSetOrUnsetAfterwardsWins over a change in place of the value before.
func TestWhatIsSetOrUnsetAfterwardsWins(t *testing.T) {
	a := run(t, sessionhttp.Options{}, routes{
		"/new": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
			for _, name := range []string{"set", "unset"} {
				s.Set(name, map[string]int{"old": 1})
			}
			s.Set("number", 4)
			s.Set("counter", 10)
		},
		"/change": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
			for _, name := range []string{"set", "unset"} {
				m, _ := sessionhttp.Get[map[string]int](s, name)
				m["in place"] = 2
			}
			s.Set("set", "another")
			s.Unset("unset")
			n, _ := sessionhttp.Get[*int64](s, "number")
			*n = 40
			s.Incr("number", 2)
			s.Unset("counter")
			s.Incr("counter", 3)
			_, _ = fmt.Fprint(w, s.String("set"), s.Has("unset"), s.Int64("number"), " ", s.Int64("counter"))
		},
		"/read": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
			_, _ = fmt.Fprint(w, s.String("set"), s.Has("unset"), s.Int64("number"), " ", s.Int64("counter"))
		},
	})
	b := a.browser()
	b.get("/new")
	b.want("/change", 200, "anotherfalse 42 3")
	b.want("/read", 200, "anotherfalse 42 3")
}

// TestWhatWasCommittedIsNotSentAgain: a later commit of the same request leaves what others wrote since.
func TestWhatWasCommittedIsNotSentAgain(t *testing.T) {
	var a *app
	a = run(t, sessionhttp.Options{}, routes{
		"/new": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
			s.Set("map", map[string]int{})
			s.Set("n", 1)
		},
		"/": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
			m, _ := sessionhttp.Get[map[string]int](s, "map")
			m["mine"] = 1
			s.Incr("n", 1)
			theirs := sessnode.Edit{Incr: map[string]int64{"n": 5}}
			if _, err := a.sessions.Patch(r.Context(), cookieToken(r), theirs); err != nil {
				t.Error(err)
			}
			if err := s.Commit(); err != nil {
				t.Error(err)
			}
			_, _ = fmt.Fprint(w, s.Int64("n"))
			if _, err := a.sessions.Patch(r.Context(), cookieToken(r), set("map", sessnode.Value{Data: []byte(`"theirs"`)})); err != nil {
				t.Error(err)
			}
			s.Set("other", 1)
		},
	})
	b := a.browser()
	b.get("/new")
	b.want("/", 200, "7")
	if got := a.stored(b.cookie()).Attrs; string(got["map"].Data) != `"theirs"` || string(got["other"].Data) != "1" {
		t.Errorf("attributes = %v, want theirs and the other", got)
	}
}

// TestReadingAMapIsNoChange, not even where the stored text is spaced or ordered in another way than ours.
func TestReadingAMapIsNoChange(t *testing.T) {
	a := run(t, sessionhttp.Options{}, routes{
		"/set": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
			s.Set("map", sessnode.Value{Data: []byte(`{"z": 1.0, "a" :[ ] , "unknown":true}`)})
		},
		"/read": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
			_, _ = sessionhttp.Get[map[string]any](s, "map")
			_, _ = sessionhttp.Get[*cart](s, "map")
			_, _ = sessionhttp.Get[any](s, "map")
		},
	})
	b := a.browser()
	b.get("/set")
	b.get("/read")
	at := a.store.Position()
	b.get("/read")
	if a.store.Position() != at {
		t.Error("reading a map wrote to the store")
	}
}

func TestWhatCannotBeStoredIsAnswered500(t *testing.T) {
	a := run(t, sessionhttp.Options{}, routes{
		"/good": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) { s.Set("map", map[string]any{}) },
		"/chan": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) { s.Set("a", make(chan int)) },
		"/nan":  func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) { s.Set("a", math.NaN()) },
		"/later": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
			m := map[string]any{}
			s.Set("a", m)
			m["f"] = func() {}
		},
		"/in-place": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
			m, _ := sessionhttp.Get[map[string]any](s, "map")
			m["f"] = func() {}
		},
		"/large": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
			s.Set("a", strings.Repeat("x", 300<<10))
		},
		"/nobody": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) { s.Login("") },
		"/name": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
			s.Set(strings.Repeat("n", 200), 1)
		},
	})
	b := a.browser()
	b.get("/good")
	token := b.cookie()
	for _, path := range []string{"/chan", "/nan", "/later", "/in-place", "/large", "/nobody", "/name"} {
		if got := b.get(path); got.status != 500 || got.setsCookie() || got.header.Get("Retry-After") != "" {
			t.Errorf("GET %s = %d %v, want 500, no retry and the cookie left alone", path, got.status, got.header)
		}
	}
	if got := a.stored(token).Attrs; len(got) != 1 || string(got["map"].Data) != "{}" {
		t.Errorf("attributes = %v, want them as they were", got)
	}
}
