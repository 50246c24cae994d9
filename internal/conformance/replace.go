package conformance

import (
	"sync"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
)

var replacing = []claim{
	{"ReplaceDropsWhatIsNotNamed", func(e *env) {
		token, _ := e.begin(client.Create{Subject: "ada", Attrs: attrs("a", "1", "b", "1")})
		if _, err := e.on().Replace(e.Context(), token, attrs("b", "2", "c", "2"), sessnode.TimeoutChange{}); err != nil {
			e.Fatal(err)
		}
		s := e.read(token)
		if len(s.Attrs) != 2 || s.Subject != "ada" || s.Version != 2 {
			e.Errorf("Read = %+v, want two attributes, the same subject, version 2", s)
		}
		e.attr(s, "b", "2")
	}},
	{"ReplaceOfAnotherVersionIsRefused", func(e *env) {
		token, _ := e.begin(client.Create{Attrs: attrs("a", "1")})
		old := e.read(token).ETag
		e.patch(token, set("b", "1"))
		_, err := e.on().Replace(e.Context(), token, attrs("a", "2"), sessnode.TimeoutChange{}, client.IfMatch(old))
		e.is("Replace of an old version", err, sessnode.ErrPrecondition, "")
		s := e.read(token)
		e.attr(s, "b", "1")
		_, err = e.on().Replace(e.Context(), token, nil, sessnode.TimeoutChange{}, client.IfMatch(s.ETag))
		e.ok("Replace of the version that was read", err)
		if s := e.read(token); len(s.Attrs) != 0 {
			e.Errorf("attributes after a replace by none = %v", s.Attrs)
		}
	}},
	{"ReplaceNeverCreates", func(e *env) {
		e.declare(unchanged)
		token := sessnode.NewToken()
		_, err := e.on().Replace(e.Context(), token, attrs("a", "1"), sessnode.TimeoutChange{})
		e.is("Replace of nothing", err, sessnode.ErrNotFound, "")
		e.gone(token, "")
	}},
}

var popping = []claim{
	{"PopTakesOutWhatIsThere", func(e *env) {
		e.declare(unchanged)
		in := attrs("flash", `["saved"]`, "keep", "1")
		in["raw"] = sessnode.Value{Codec: sessnode.Bytes, Data: []byte{0, 255}}
		token, _ := e.create(client.Create{Attrs: in})
		s, err := e.on().Pop(e.Context(), token, []string{"flash", "raw", "absent"})
		if err != nil || len(s.Values) != 2 || string(s.Values["flash"].Data) != `["saved"]` || s.Values["raw"].Codec != sessnode.Bytes {
			e.Errorf("Pop = %+v, %v, want the two that are there", s, err)
		}
		left := e.read(token)
		if len(left.Attrs) != 1 {
			e.Errorf("attributes after the pop = %v, want one", left.Attrs)
		}
		s, err = e.on().Pop(e.Context(), token, []string{"flash"})
		if err != nil || len(s.Values) != 0 || e.read(token).Version != left.Version {
			e.Errorf("Pop of nothing = %+v, %v, want no values and no change", s, err)
		}
	}},
	{"OneOfManyPopsGetsTheValue", func(e *env) {
		token, _ := e.begin(client.Create{Attrs: attrs("code", "42")})
		var mu sync.Mutex
		got := 0
		together(e, 24, func(_ int, c *client.Client) error {
			s, err := c.Pop(e.Context(), token, []string{"code"})
			if err == nil && len(s.Values) > 0 {
				mu.Lock()
				got++
				mu.Unlock()
			}
			return err
		})
		if got != 1 {
			e.Errorf("pops that got the one-time code = %d, want 1", got)
		}
	}},
	{"PopOfNoSessionIsNotFound", func(e *env) {
		e.declare(unchanged)
		_, err := e.on().Pop(e.Context(), sessnode.NewToken(), []string{"a"})
		e.is("Pop of nothing", err, sessnode.ErrNotFound, "")
	}},
}
