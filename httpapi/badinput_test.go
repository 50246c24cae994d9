package httpapi_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sessnode/sessnode"
)

func nested(depth int) string { return strings.Repeat("[", depth) + strings.Repeat("]", depth) }

// TestBadBodiesAreRefused holds that nothing of a body that two readers could understand differently reaches the store.
func TestBadBodiesAreRefused(t *testing.T) {
	many := make([]string, 5000)
	for i := range many {
		many[i] = fmt.Sprintf(`"k%d":1`, i)
	}
	const mp = "Content-Type: application/msgpack"
	for name, test := range map[string]struct{ body, header, want string }{
		"no object":                       {body: `[]`},
		"text":                            {body: `"set"`},
		"null":                            {body: `null`},
		"only white space":                {body: " \n"},
		"two values":                      {body: `{} {}`},
		"byte order mark":                 {body: "\ufeff{}"},
		"foreign white space":             {body: "\v{}"},
		"cut off":                         {body: `{"set":{"a":`},
		"trailing comma":                  {body: `{"set":{"a":1,}}`},
		"single quotes":                   {body: `{'set':{}}`},
		"comment":                         {body: `{"set":{}/**/}`},
		"NaN":                             {body: `{"set":{"a":NaN}}`},
		"leading zero":                    {body: `{"set":{"a":01}}`},
		"plus":                            {body: `{"set":{"a":+1}}`},
		"bare point":                      {body: `{"set":{"a":1.}}`},
		"bare exponent":                   {body: `{"set":{"a":1e}}`},
		"half a word":                     {body: `{"set":{"a":tru}}`},
		"unknown field":                   {body: `{"sett":{}}`, want: `did you mean \"set\"?`},
		"unknown field far from all":      {body: `{"zzzzzzzzzz":{}}`, want: "known are set, raw"},
		"unknown field of a comparison":   {body: `{"if":{"a":{"equal":1}}}`, want: `did you mean \"equals\"?`},
		"field twice":                     {body: `{"set":{},"set":{}}`, want: "same name twice"},
		"attribute twice":                 {body: `{"set":{"a":1,"a":1}}`},
		"attribute twice, once escaped":   {body: `{"set":{"a":1,"\u0061":1}}`},
		"attribute in set and raw":        {body: `{"set":{"a":1},"raw":{"a":{"codec":"bytes","data":""}}}`},
		"attribute in set and unset":      {body: `{"set":{"a":1},"unset":["a"]}`},
		"attribute in set and incr":       {body: `{"set":{"a":1},"incr":{"a":1}}`},
		"attribute in unset and incr":     {body: `{"unset":["a"],"incr":{"a":1}}`},
		"name twice deep inside":          {body: `{"set":{"a":[{"b":{"c":1,"c":2}}]}}`},
		"name twice deep inside, escaped": {body: `{"set":{"a":{"b":1,"\u0062":1}}}`, want: "same name twice"},
		"name twice among many":           {body: `{"set":{"a":{` + strings.Join(many, ",") + `,"k77":2}}}`},
		"lone high surrogate":             {body: `{"set":{"a":"\ud800"}}`, want: "surrogate"},
		"lone low surrogate":              {body: `{"set":{"a":"\udc00x"}}`},
		"surrogates in wrong order":       {body: `{"set":{"a":"\udc00\ud800"}}`},
		"surrogate as a name":             {body: `{"set":{"\ud800":1}}`},
		"half an escape":                  {body: `{"set":{"a":"\u12"}}`},
		"unknown escape":                  {body: `{"set":{"a":"\x41"}}`},
		"no UTF-8":                        {body: "{\"set\":{\"a\":\"\xff\"}}", want: "UTF-8"},
		"overlong UTF-8":                  {body: "{\"set\":{\"a\":\"\xc0\x80\"}}"},
		"UTF-8 surrogate":                 {body: "{\"set\":{\"a\":\"\xed\xa0\x80\"}}"},
		"control character":               {body: "{\"set\":{\"a\":\"\x01\"}}"},
		"control character in a name":     {body: `{"set":{"a\u0000":1}}`, want: "control character"},
		"control character in unset":      {body: `{"unset":["\n"]}`},
		"control character in incr":       {body: `{"incr":{"\u0085":1}}`},
		"empty name":                      {body: `{"set":{"":1}}`},
		"too deep":                        {body: `{"set":{"a":` + nested(65) + `}}`, want: "64 deep"},
		"much too deep":                   {body: `{"set":{"a":` + nested(100000) + `}}`, want: "nested too deeply"},
		"comparison too deep":             {body: `{"if":{"a":{"equals":` + nested(65) + `}}}`},
		"raw too deep":                    {body: `{"raw":{"a":{"codec":"msgpack","data":"` + strings.Repeat("kZGR", 22) + `wA=="}}}`, want: "64 deep"},
		"set is a list":                   {body: `{"set":[]}`},
		"unset is an object":              {body: `{"unset":{}}`},
		"unset of a number":               {body: `{"unset":[1]}`},
		"incr by a fraction":              {body: `{"incr":{"a":1.0}}`},
		"incr by an exponent":             {body: `{"incr":{"a":1e3}}`},
		"incr by minus nothing":           {body: `{"incr":{"a":-0}}`},
		"incr past 64 bits":               {body: `{"incr":{"a":9223372036854775808}}`},
		"incr by text":                    {body: `{"incr":{"a":"1"}}`},
		"two comparisons":                 {body: `{"if":{"a":{"absent":true,"equals":1}}}`},
		"no comparison":                   {body: `{"if":{"a":{}}}`},
		"absent is false":                 {body: `{"if":{"a":{"absent":false}}}`},
		"raw without codec":               {body: `{"raw":{"a":{"data":""}}}`},
		"raw without data":                {body: `{"raw":{"a":{"codec":"bytes"}}}`},
		"raw of an unknown codec":         {body: `{"raw":{"a":{"codec":"pickle","data":""}}}`},
		"raw that is no base64":           {body: `{"raw":{"a":{"codec":"bytes","data":"/w"}}}`},
		"raw in another base64":           {body: `{"raw":{"a":{"codec":"bytes","data":"_w=="}}}`},
		"raw base64 with loose bits":      {body: `{"raw":{"a":{"codec":"bytes","data":"/x=="}}}`},
		"raw JSON that is none":           {body: `{"raw":{"a":{"codec":"json","data":"e30s"}}}`},
		"raw JSON that is empty":          {body: `{"raw":{"a":{"codec":"json","data":""}}}`},
		"raw msgpack that is none":        {body: `{"raw":{"a":{"codec":"msgpack","data":"kwE="}}}`},
		"negative duration":               {body: `{"idle":-1}`},
		"negative duration as text":       {body: `{"idle":"-1s"}`},
		"duration without unit":           {body: `{"idle":"30"}`},
		"duration with odd days":          {body: `{"idle":"1h1d"}`},
		"endless duration":                {body: `{"idle":1e300}`},
		"endless days":                    {body: `{"idle":"999999999999d"}`},
		"null duration":                   {body: `{"idle":null}`},
		"time without zone":               {body: `{"expires":"2026-01-01T00:00:00"}`},
		"time as a number":                {body: `{"expires":0}`},
		"device of a number":              {body: `{"device":{"ip":1}}`},

		"form":              {body: `{}`, header: "Content-Type: application/x-www-form-urlencoded"},
		"plain text":        {body: `{}`, header: "Content-Type: text/plain"},
		"other charset":     {body: `{}`, header: "Content-Type: application/json; charset=latin1"},
		"compressed":        {body: `{}`, header: "Content-Encoding: gzip"},
		"msgpack list":      {body: "\x90", header: mp},
		"msgpack cut off":   {body: "\x81\xa3set", header: mp},
		"msgpack and more":  {body: "\x80\x80", header: mp},
		"msgpack never":     {body: "\xc1", header: mp},
		"msgpack lies":      {body: "\x81\xa3set\xdf\xff\xff\xff\xff", header: mp},
		"msgpack list lies": {body: "\x81\xa5unset\xdd\x7f\xff\xff\xff", header: mp},
		"msgpack text lies": {body: "\x81\xdb\xff\xff\xff\xff", header: mp},
		"msgpack bin lies":  {body: "\x81\xa3set\x81\xa1a\xc6\xff\xff\xff\xff", header: mp},
		"msgpack ext lies":  {body: "\x81\xa3set\x81\xa1a\xc9\xff\xff\xff\xff\x01", header: mp},
		"msgpack too deep":  {body: "\x81\xa3set\x81\xa1a" + strings.Repeat("\x91", 65) + "\xc0", header: mp},
		"msgpack much too deep": {
			body: "\x81\xa3set\x81\xa1a" + strings.Repeat("\x91", 200000) + "\xc0", header: mp},
		"msgpack name is a number":  {body: "\x81\x01\x80", header: mp},
		"msgpack attribute twice":   {body: "\x81\xa3set\x82\xa1a\x01\xa1a\x02", header: mp},
		"msgpack twice, other head": {body: "\x81\xa3set\x82\xa1a\x01\xd9\x01a\x02", header: mp},
		"msgpack number twice":      {body: "\x81\xa3set\x81\xa1a\x82\x01\x01\xcc\x01\x02", header: mp},
		"msgpack no UTF-8":          {body: "\x81\xa3set\x81\xa1a\xa1\xff", header: mp},
		"msgpack endless idle":      {body: "\x81\xa4idle\xcb\x7f\xf0\x00\x00\x00\x00\x00\x00", header: mp},
		"msgpack idle no number":    {body: "\x81\xa4idle\xcb\x7f\xf8\x00\x00\x00\x00\x00\x01", header: mp},
		"msgpack incr past 64 bits": {body: "\x81\xa4incr\x81\xa1a\xcf\x80\x00\x00\x00\x00\x00\x00\x00", header: mp},
		"msgpack raw data as text":  {body: "\x81\xa3raw\x81\xa1a\x82\xa5codec\xa5bytes\xa4data\xa1x", header: mp},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			var headers []string
			if test.header != "" {
				headers = []string{test.header}
			}
			a := b.withToken("PATCH", "/session", test.body, headers...)
			a.wants(t, badRequest)
			if !strings.Contains(a.Body.String(), test.want) {
				t.Errorf("answer = %s, want it to say %q", a.Body, test.want)
			}
			if len(b.store.changes()) != 0 {
				t.Errorf("the store was asked for %+v", b.store.changes())
			}
		})
	}
}

// TestGoodBodiesPass is the other half: what is at the edge of what is allowed.
func TestGoodBodiesPass(t *testing.T) {
	for name, body := range map[string]string{
		"as deep as may be":            `{"set":{"a":` + nested(64) + `}}`,
		"comparison as deep as may be": `{"if":{"a":{"equals":` + nested(64) + `}}}`,
		"surrogate pair":               `{"set":{"a":"\ud83d\ude00"}}`,
		"white space":                  " {\t\"set\" : { \"a\" : [ 1 , { } ] } }\r\n",
		"big numbers":                  `{"set":{"a":-1.5e+999999}}`,
		"zero byte in a value":         `{"set":{"a":"\u0000"}}`,
		"control character in a value": `{"set":{"a":{"\n":1}}}`,
		"set and compare":              `{"set":{"a":1},"if":{"a":{"equals":0}}}`,
		"no expiry of its own":         `{"expires":"0001-01-01T00:00:00Z"}`,
	} {
		b := newBench(t)
		if a := b.withToken("PATCH", "/session", body); a.Code != 200 {
			t.Errorf("%s = %d %s, want 200", name, a.Code, a.Body)
		}
	}
}

func TestBadTokens(t *testing.T) {
	b := newBench(t)
	for _, bad := range []string{"", strings.Repeat("x", sessnode.MaxTokenLength+1), "with space", "tab\tinside", "ünicode", "\x7f"} {
		header := "Session-Token: " + bad
		for _, test := range []struct{ method, path, header string }{
			{"GET", "/session", ""}, {"PATCH", "/session", ""}, {"PUT", "/session", "If-Match: *"}, {"POST", "/session/touch", ""}, {"POST", "/session/rotate", ""},
		} {
			b.do(test.method, test.path, "", header, test.header).wants(t, "Not Found not_found")
		}
		if a := b.do("DELETE", "/session", "", header); a.Code != 204 {
			t.Errorf("DELETE with a malformed token = %d, want 204: it has no session for certain", a.Code)
		}
	}
	for _, bad := range []string{`""`, `"` + strings.Repeat("x", 257) + `"`, `"with space"`, `"ü"`, `"\u0000"`, `1`, `null`} {
		b.do("POST", "/sessions", `{"token":`+bad+`}`).wants(t, badRequest)
		b.withToken("POST", "/session/rotate", `{"token":`+bad+`}`).wants(t, badRequest)
	}
	if len(b.store.asked) != 0 {
		t.Errorf("the store was asked %v", b.store.asked)
	}
}

func TestBadImports(t *testing.T) {
	b := newBench(t)
	good := strings.Repeat("0f", 32)
	for _, body := range []string{``, `{}`, `{"key":"` + good + `"}`, `{"token_chars":32}`, `{"key":"` + good[2:] + `","token_chars":32}`, `{"key":"` + good[2:] + `zz","token_chars":32}`,
		`{"key":"` + strings.Repeat("00", 32) + `","token_chars":32}`, `{"key":1,"token_chars":32}`, `{"key":"` + good + `","token_chars":0}`, `{"key":"` + good + `","token_chars":257}`,
		`{"key":"` + good + `","token_chars":32.5}`, `{"key":"` + good + `","token_chars":"32"}`, `{"key":"` + good + `","token_chars":1e300}`, `{"key":"` + good + `","token_chars":32,"token":"x"}`} {
		b.do("POST", "/import", body).wants(t, badRequest)
	}
	if len(b.store.asked) != 0 {
		t.Errorf("the store was asked %v", b.store.asked)
	}
}

// TestLostTokenHeaderIsNoAnonymousRequest: a proxy that drops the header must not sign anybody out.
func TestLostTokenHeaderIsNoAnonymousRequest(t *testing.T) {
	b := newBench(t)
	for _, method := range []string{"GET", "PATCH", "DELETE"} {
		b.do(method, "/session", "").wants(t, badRequest)
		b.do(method, "/session", "", "Session-Token: "+token.Reveal(), "Session-Token: other").wants(t, badRequest)
	}
}
