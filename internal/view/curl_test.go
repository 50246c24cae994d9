package view

import (
	"net/http"
	"os/exec"
	"strings"
	"testing"
)

func TestCurlHidesSecrets(t *testing.T) {
	const token, key = "SECRETSECRETSECRETSECRETSECRETSECRETSECRETS", "KEYKEYKEY"
	body := `{"attrs":{"it's":"'quoted' $HOME","t":"` + token + `"},"token":"` + token + `"}`
	r, err := http.NewRequest(http.MethodPost, "http://n1:7480/v1/apps/web/sessions?x=a&y=b", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Session-Token", token)
	r.Header.Set("Authorization", "Bearer "+key)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "x")
	got := Curl(r)
	if strings.Contains(got, token) || strings.Contains(got, key) || strings.Contains(got, "User-Agent") {
		t.Errorf("Curl() = %s", got)
	}
	// A shell must see the very arguments of the request.
	out, err := exec.Command("sh", "-c", "TOKEN=theToken NEW_TOKEN=newToken SESSNODE_KEY=theKey; curl() { for a; do echo \"$a\"; done; }; "+got).Output()
	if err != nil {
		t.Fatal(err)
	}
	want := "-X\nPOST\nhttp://n1:7480/v1/apps/web/sessions?x=a&y=b\n-H\nAuthorization: Bearer theKey\n-H\nSession-Token: theToken\n" +
		"-H\nContent-Type: application/json\n-d\n" + strings.ReplaceAll(body, token, "newToken") + "\n"
	if string(out) != want {
		t.Errorf("a shell sees\n%s\nwant\n%s", out, want)
	}
}

func TestCurlOfAReadIsShort(t *testing.T) {
	r, _ := http.NewRequest(http.MethodGet, "http://127.0.0.1:7480/v1/cluster", http.NoBody)
	if got := Curl(r); got != "curl http://127.0.0.1:7480/v1/cluster" {
		t.Errorf("Curl() = %s", got)
	}
	r, _ = http.NewRequest(http.MethodPost, "http://n1/x", strings.NewReader("\xff no JSON"))
	if got := Curl(r); got != "curl -X POST http://n1/x -d @body" {
		t.Errorf("Curl() = %s, want nothing of a body that is no JSON", got)
	}
}
