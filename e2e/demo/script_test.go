//go:build e2e

package demo

import (
	"net"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestAScriptPlaysTheDemoInAPipe: the leader is killed and restarted, in plain lines, and nobody is signed out.
func TestAScriptPlaysTheDemoInAPipe(t *testing.T) {
	p := newPlace(t, ordinary)
	r := p.demo(t, "--script", "k,wait:3s,r,wait:3s,q")
	code := r.exit(t)
	out, stderr := r.text()
	if code != 0 || stderr != "" {
		t.Errorf("exit %d, %s", code, stderr)
	}
	for _, want := range []string{
		`(?m)^00:\d\d\.\d  n[123] killed \(SIGKILL, pid \d+\), it led term \d+$`,
		`(?m)^00:\d\d\.\d  n[123] leads term \d+$`,
		`(?m)^00:\d\d\.\d  longest gap \d+\.\d\d s seen by people · signed out by a fault 0$`,
		`(?m)^00:\d\d\.\d  n[123] restarted$`,
		`(?m)^00:\d\d\.\d  n[123] has caught up, after \d+\.\d\d s$`,
		`(?m)^  in all   20 people · \d+ requests`,
		`✓ signed out by a fault 0 · old cookies let in 0`,
		`the folder is removed`,
		`sessnode serve --name n1 --data /var/lib/sessnode --expect 3`,
	} {
		if !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("no line matches %s", want)
		}
	}
	if strings.Contains(out, "\x1b") {
		t.Error("a pipe gets sequences of a terminal")
	}
	if t.Failed() {
		t.Log(out)
	}
	p.nothingLeft(t)
}

func TestAPausedLeaderGoesOnAndSignsNobodyOut(t *testing.T) {
	p := newPlace(t, ordinary)
	r := p.demo(t, "--script", "p,wait:2s,p,wait:2s,q")
	code := r.exit(t)
	out, _ := r.text()
	for _, want := range []string{"paused (SIGSTOP)", "goes on", "leads term", "✓ signed out by a fault 0"} {
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("exit %d, %q is missing in:\n%s", code, want, out)
		}
	}
	p.nothingLeft(t)
}

// TestWithoutAMajorityPeopleWaitAndStaySignedIn: two of three nodes are killed, then both come back.
func TestWithoutAMajorityPeopleWaitAndStaySignedIn(t *testing.T) {
	p := newPlace(t, ordinary)
	r := p.demo(t, "--script", "k,wait:1s,k,wait:5s,r,wait:3s,q")
	code := r.exit(t)
	out, _ := r.text()
	for _, want := range []string{"2 of 3 nodes are down", "✓ signed out by a fault 0"} {
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("exit %d, %q is missing in:\n%s", code, want, out)
		}
	}
	if !regexp.MustCompile(`in all .* [1-9]\d* got 503`).MatchString(out) {
		t.Errorf("nobody was told 503, so the fault was none:\n%s", out)
	}
	p.nothingLeft(t)
}

func TestTakenPortsArePassedOver(t *testing.T) {
	p := newPlace(t, ordinary)
	flags := ports()
	first, _ := strconv.Atoi(flags[1])
	app, _ := strconv.Atoi(flags[3])
	for _, port := range []int{first + 11, app} { // the second node's node port
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
	}
	r := p.start(t, p.binary, append([]string{"demo", "--script", "q"}, flags...)...)
	code := r.exit(t)
	out, stderr := r.text()
	for _, want := range []string{"some ports were taken", "http://127.0.0.1:" + flags[1] + " ", "http://127.0.0.1:" + strconv.Itoa(first+30) + " ",
		"http://127.0.0.1:" + strconv.Itoa(app+1) + " "} {
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("exit %d, %q is missing in:\n%s%s", code, want, out, stderr)
		}
	}
	p.nothingLeft(t)
}

func TestTwoDemosRunSideBySide(t *testing.T) {
	p := newPlace(t, ordinary)
	flags := append([]string{"demo", "--script", "wait:2s,k,wait:2s,q"}, ports()...)
	a, b := p.start(t, p.binary, flags...), p.start(t, p.binary, flags...)
	for _, r := range []*run{a, b} {
		code := r.exit(t)
		if out, stderr := r.text(); code != 0 || !strings.Contains(out, "✓ signed out by a fault 0") {
			t.Errorf("exit %d\n%s%s", code, out, stderr)
		}
	}
	p.nothingLeft(t)
}
