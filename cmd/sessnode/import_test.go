package main

import (
	"fmt"
	"strings"
	"testing"
)

// TestImportShowsNoToken puts a token wherever one can stand in a file, rightly or by mistake, and searches what is printed and sent for it.
func TestImportShowsNoToken(t *testing.T) {
	w := newWorld(t)
	secret := "SECRET-0123456789-abcdefghijklmnopqrs"
	key := fmt.Sprintf(`"key":"%064x","token_chars":37`, 1)
	inFolder(t, map[string]string{"in.jsonl": importHeader + strings.Join([]string{
		`{"token":"` + secret + `"}`,
		`{"token":"` + secret + `","expire":1}`,
		`{"token":"` + secret + ` "}`,
		`{"token":["` + secret + `"]}`,
		`{"key":"` + secret + `","token_chars":37}`,
		`{"` + secret + `":1}`,
		`{` + key + `,"idle":"` + secret + `"}`,
		`{` + key + `,"subject":["` + secret + `"]}`,
		`{` + key + `,"device":{"` + secret + `":1}}`,
		`{"token":"` + secret,
		secret,
	}, "\n") + "\n", "bad.jsonl": `{"format":"` + secret + `"}`})
	for _, line := range []string{"import in.jsonl --dry-run -v", "import in.jsonl -v", "import in.jsonl -v -o json", "import bad.jsonl -v"} {
		out, err, exit := w.run(t, line)
		if strings.Contains(out+err, secret) {
			t.Errorf("sessnode %s shows the token:\n%s%s", line, out, err)
		}
		if bad := strings.Contains(line, "bad"); exit == 0 || !bad && !strings.Contains(err, "curl ") || bad && exit != exitUsage {
			t.Errorf("sessnode %s = %d:\n%s", line, exit, err)
		}
	}
	if out, _, _ := w.run(t, "session list -o jsonl"); strings.Count(out, "\n") != 3 {
		t.Errorf("sessions are\n%swant the one of the file beside ada's and eve's", out)
	}
}
