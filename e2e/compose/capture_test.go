//go:build e2e

package compose

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/e2e/harness"
	"github.com/sessnode/sessnode/internal/drill/leak"
)

// capture is tcpdump on the bridge that all containers of the project hang on, started by the host: it sees what any of them could.
type capture struct {
	s       *site
	file    string
	log     string
	process *harness.Process
}

// listen starts one and waits until it listens.
func (s *site) listen(name, filter string) *capture {
	s.t.Helper()
	bridge := "br-" + s.must("docker", "network", "inspect", "-f", "{{.Id}}", s.project+"_default")[:12]
	dir := s.t.TempDir()
	c := &capture{s: s, file: filepath.Join(dir, name+".pcap"), log: filepath.Join(dir, name+".log")}
	args := []string{"-i", bridge, "-n", "-U", "-s", "0", "-B", "65536", "-Z", "root", "-w", c.file, filter}
	var err error
	if c.process, err = harness.StartProcess("tcpdump", args, c.log); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = c.process.Kill() })
	s.becomes("tcpdump writes its file", func() error {
		info, err := os.Stat(c.file)
		if err == nil && info.Size() == 0 {
			err = errors.New("it is empty: not even the header of the format is there")
		}
		return err
	})
	return c
}

// dropped is the last line of tcpdump.
var dropped = regexp.MustCompile(`(?m)^(\d+) packets? dropped by kernel$`)

// end stops listening when a node was told something by the host on a port of the capture, and that has been heard: so all that was
// said before is in the file, and the search is known to find it there. It returns the file. A packet that was missed fails the test.
func (c *capture) end(port string) []byte {
	c.s.t.Helper()
	last := []byte("said by " + c.s.t.Name() + " on port " + port)
	c.s.say(net.JoinHostPort(c.s.inspect("n1", addressOf), port), last)
	c.s.becomes("the last word on port "+port+" is heard", func() error {
		raw, err := os.ReadFile(c.file)
		if err == nil && !bytes.Contains(raw, last) {
			err = errors.New("it is not in the file")
		}
		return err
	})
	err := c.process.Terminate(limit)
	said, _ := os.ReadFile(c.log)
	if m := dropped.FindSubmatch(said); err != nil || m == nil || string(m[1]) != "0" {
		c.s.t.Fatalf("tcpdump: %v; packets that it has missed show nothing:\n%s", err, said)
	}
	raw, err := os.ReadFile(c.file)
	if err != nil {
		c.s.t.Fatal(err)
	}
	return raw
}

// packets counts those of a capture that pass a filter.
func (c *capture) packets(filter string) int {
	c.s.t.Helper()
	return strings.Count(c.s.must("tcpdump", "-n", "-r", c.file, filter), "\n") + 1
}

// needle is what is searched for: a name that may be shown, and bytes that may not be heard.
type needle struct {
	name string
	text []byte
}

// needles are the secrets of the cluster and of a session, in every form that something might send them in.
func (s *site) needles(clusterKey string, session sessnode.Token) []needle {
	s.t.Helper()
	all := []needle{
		{"an attribute's name", []byte(attrName)}, {"an attribute's value", []byte(attrValue)}, {"a subject", []byte(personPrefix)},
		{"the app's name", []byte("login")}, {"a name of gossip", []byte("memberlist")}, {"a name of Raft", []byte("Voter")},
	}
	secret := func(name, text string) {
		sum := sha256.Sum256([]byte(text))
		forms := map[string][]byte{"text": []byte(text), "hash": sum[:], "hash in hex": []byte(hex.EncodeToString(sum[:]))}
		if raw, err := hex.DecodeString(text); err == nil {
			forms["bytes"], forms["base64"] = raw, []byte(base64.RawStdEncoding.EncodeToString(raw))
			forms["base64url"] = []byte(base64.RawURLEncoding.EncodeToString(raw))
		}
		for form, text := range forms {
			all = append(all, needle{name + " as " + form, text})
		}
	}
	secret("the cluster key", clusterKey)
	secret("the app's API key", s.key("login"))
	secret("the operator's API key", s.key("ops"))
	secret("a session's key", session.Reveal())
	for form, text := range leak.Forms(session) {
		all = append(all, needle{"a token as " + form, text})
	}
	return all
}

// found returns the names of the needles in a haystack.
func found(haystack []byte, all []needle) (names []string) {
	for _, n := range all {
		if bytes.Contains(haystack, n.text) {
			names = append(names, n.name)
		}
	}
	return names
}

// plant says every needle aloud on the HTTP port of a node, each in a packet of its own.
func (s *site) plant(node string, all []needle) {
	s.t.Helper()
	for _, n := range all {
		s.say("127.0.0.1:"+s.ports[node], append(append([]byte("GET /"), n.text...), " HTTP/1.1\r\n\r\n"...))
	}
}

// say sends what no port of a node understands, and waits until it hangs up: then it was read, so it was on the bridge.
func (s *site) say(addr string, words []byte) {
	s.t.Helper()
	conn, err := (&net.Dialer{Timeout: limit}).DialContext(s.t.Context(), "tcp", addr)
	if err != nil {
		s.t.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(limit))
	_, err = conn.Write(words)
	if err == nil {
		err = conn.(*net.TCPConn).CloseWrite()
	}
	if err == nil {
		_, _ = io.ReadAll(conn) // an end, or a reset
	}
	if err := errors.Join(err, conn.Close()); err != nil {
		s.t.Fatal(err)
	}
}

// known signs somebody in at each node, so that two of the three calls go on to the leader, and returns one token.
func (s *site) known() sessnode.Token {
	s.t.Helper()
	token := sessnode.NewToken()
	for i, node := range nodeNames() {
		c, own := s.client(node), sessnode.NewToken()
		if i == 0 {
			own = token
		}
		_, _, err := c.Create(s.t.Context(), client.Create{Token: own, Subject: personPrefix + "known",
			Attrs: map[string]sessnode.Value{attrName: {Data: []byte(fmt.Sprintf("%q", attrValue+node))}}})
		if err != nil {
			s.t.Fatal(err)
		}
		for _, other := range nodeNames() {
			if _, err := s.client(other).Patch(context.WithoutCancel(s.t.Context()), token, sessnode.Edit{Incr: map[string]int64{attrName + "-seen": 1}}); err != nil {
				s.t.Fatal(err)
			}
		}
	}
	return token
}
