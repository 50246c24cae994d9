package httpapi_test

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/sessnode/sessnode"
)

// TestTokensAreAnsweredToNobody sends a token wherever one can stand, rightly or by mistake, and searches answers, headers, log and
// metrics for it. Only what the client asked to be stored comes back.
func TestTokensAreAnsweredToNobody(t *testing.T) {
	const secret = "SECRET-0123456789-abcdefghijklmnopqrs"
	secrets := []string{secret, base64.StdEncoding.EncodeToString([]byte(secret)), hex.EncodeToString([]byte(secret))}
	header := "Session-Token: " + secret
	for _, failure := range []error{nil, sessnode.Errorf(sessnode.CodeConflict, "", "why"), errors.New("store fails on " + secret)} {
		for _, r := range []struct{ method, path, body, header string }{
			{"POST", "/sessions", `{"token":"` + secret + `"}`, ""},
			{"POST", "/sessions", `{"token":"` + secret + ` "}`, ""},
			{"POST", "/sessions", `{"` + secret + `":1}`, ""},
			{"POST", "/sessions", `{"tokens":"` + secret + `"}`, ""},
			{"POST", "/sessions", `{"token":["` + secret + `"]}`, ""},
			{"POST", "/sessions", `{"token":"` + secret, ""},
			{"POST", "/sessions", "\x81\xa5token\xd9\x40" + secret, "Content-Type: application/msgpack"},
			{"POST", "/import", `{"key":"` + secret + `","token_chars":37}`, ""},
			{"POST", "/session/rotate", `{"token":"` + secret + `"}`, header},
			{"POST", "/session/pop", `{"names":["` + secret + `\u0000"]}`, header},
			{"GET", "/session", "", header}, {"PATCH", "/session", "", header}, {"DELETE", "/session", "", header}, {"GET", "/session", "", header + " x"},
			{"GET", "/session?token=" + secret, "", header}, {"GET", "/session?touch=" + secret, "", header}, {"GET", "//v1/" + secret, "", ""},
			{"GET", "/sessions/" + secret, "", ""}, {"DELETE", "/subjects/ada/sessions?except=" + secret, "", ""}, {"GET", "/why?id=" + secret, "", ""},
			{"GET", "//v1/apps/" + secret + "/session", "", header}, {"GET", "/session", "", "Session-Min-Index: " + secret}, {"GET", "/session", "", "Session-Consistency: " + secret},
			{"PATCH", "/session", "", "If-Match: " + secret}, {"PATCH", "/session", "", "Idempotency-Key: " + secret + "\x80"}, {"PATCH", "/session", "", "Content-Type: " + secret},
			{"GET", "/session", "", "Session-Timeout: " + secret}, {"GET", "/session", "", "Authorization: Bearer " + secret}, {"GET", "/session", "", "Origin: " + secret},
			{secret, "/session", "", ""},
		} {
			b := newBench(t, withKeys)
			b.store.err = failure
			a := b.do(r.method, r.path, r.body, r.header, "Authorization: Bearer key-of-ops")
			everything := a.Body.String() + b.log.String() + b.do("GET", "//metrics", "", "Authorization: Bearer key-of-ops").Body.String()
			for name, values := range a.Header() {
				everything += name + strings.Join(values, " ")
			}
			for _, s := range secrets {
				if strings.Contains(everything, s) {
					t.Errorf("%s %s %s: the token came back in %s", r.method, r.path, r.body, everything)
				}
			}
		}
	}
}
