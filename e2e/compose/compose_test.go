//go:build e2e

package compose

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/sessnode/sessnode/e2e/docs"
	"github.com/sessnode/sessnode/e2e/harness"
)

// TestThreeNodesInContainers tells one story on one cluster, because a cluster takes a while to start; each step begins where the one
// before it ended, and the first that fails ends it.
func TestThreeNodesInContainers(t *testing.T) {
	s := newSite(t)
	for _, step := range []struct {
		name string
		do   func(*site)
	}{
		{"a clean checkout becomes three healthy nodes", (*site).start},
		{"they are as closed as they say", (*site).areClosed},
		{"starting again changes no key", (*site).startAgain},
		{"nobody can read along, and nothing acknowledged is lost", (*site).listenThroughFaults},
		{"the cluster key is rotated while people are signed in", (*site).rotateKey},
		{"a login outlives its app server and a node", (*site).logIn},
		{"what was stored outlives the containers", (*site).stopAndStart},
		{"purge leaves nothing", (*site).purge},
		{"every command of the page was among these", (*site).followedThePage},
	} {
		if !t.Run(step.name, func(t *testing.T) { step.do(s.in(t)) }) {
			t.FailNow()
		}
	}
}

// in returns the site for one step.
func (s *site) in(t *testing.T) *site {
	c := *s
	c.t = t
	return &c
}

func (s *site) start() {
	said := s.script("up", "examples")
	for _, node := range nodeNames() {
		if !strings.Contains(said, s.url(node)) {
			s.t.Errorf("compose.sh up does not say where %s is: %s", node, said)
		}
		if is := s.inspect(node, "{{.State.Health.Status}}"); is != "healthy" {
			s.t.Errorf("after compose.sh up %s is %s, want healthy", node, is)
		}
	}
	if said := s.script("status"); !strings.Contains(said, "n1") {
		s.t.Errorf("compose.sh status says %q", said)
	}
	s.foundAll()
}

// areClosed looks at what the engine made of the file, and at the processes from outside.
func (s *site) areClosed() {
	for _, service := range append(nodeNames(), "app1", "app2", "proxy") {
		got := s.inspect(service, "{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}} {{.HostConfig.SecurityOpt}} {{.HostConfig.Privileged}} {{.Config.User}}")
		if want := "true [ALL] [no-new-privileges:true] false 65532:65532"; got != want {
			s.t.Errorf("%s is %s, want %s", service, got, want)
		}
		status, err := os.ReadFile("/proc/" + s.inspect(service, "{{.State.Pid}}") + "/status")
		if err != nil {
			s.t.Fatal(err)
		}
		for _, want := range []string{"Uid:\t65532\t65532\t65532\t65532", "CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1"} {
			if !strings.Contains(string(status), want) {
				s.t.Errorf("%s's process does not have %q", service, want)
			}
		}
	}
	for _, service := range append(nodeNames(), "proxy") {
		if got := s.inspect(service, "{{range $p, $b := .NetworkSettings.Ports}}{{range $b}}{{.HostIp}} {{end}}{{end}}"); got != "127.0.0.1" {
			s.t.Errorf("%s is published on %q, want 127.0.0.1 alone", service, got)
		}
	}
	for _, shell := range []string{"/bin/sh", "/busybox", "/usr/bin/env"} {
		if out, err := s.try("docker", "exec", s.container("n1"), shell, "-c", "true"); err == nil {
			s.t.Errorf("there is %s in the container: %s", shell, out)
		}
	}
	if got := s.inspect("app1", "{{range .Mounts}}{{.Destination}} {{end}}"); got != "/secrets/apps" {
		s.t.Errorf("the app sees %s, want its key alone", got)
	}
	if got := s.inspect("n1", "{{range .Mounts}}{{.Destination}}={{.RW}} {{end}}"); !strings.Contains(got, "/secrets/nodes=false") || strings.Contains(got, "operator") {
		s.t.Errorf("a node sees %s, want the nodes' secrets, to read", got)
	}
}

// file copies one file out of the container that made the secrets.
func (s *site) secret(path string) string {
	s.t.Helper()
	return s.must("bash", "-o", "pipefail", "-c", `docker cp "$1" - | tar -xO`, "_", s.container("secrets")+":/secrets/"+path)
}

func (s *site) startAgain() {
	paths := []string{"nodes/cluster.key", "nodes/api.keys", "nodes/ca.crt", "nodes/n1.key", "nodes/n1.crt", "operator/ops.key", "operator/ca.key", "apps/login.key"}
	before := map[string]string{}
	for _, path := range paths {
		before[path] = s.secret(path)
		if before[path] == "" {
			s.t.Errorf("%s is empty", path)
		}
	}
	s.compose("up", "-d", "--force-recreate", "--no-deps", "secrets")
	s.becomes("the keys were looked at again", func() error {
		if is := s.inspect("secrets", "{{.State.Status}} {{.State.ExitCode}}"); is != "exited 0" {
			return fmt.Errorf("it is %s", is)
		}
		return nil
	})
	if log := s.must("docker", "logs", s.container("secrets")); !strings.Contains(log, "kept") || strings.Contains(log, "made") {
		s.t.Errorf("the second start says\n%s", log)
	}
	for _, path := range paths {
		if s.secret(path) != before[path] {
			s.t.Errorf("the second start changed %s", path)
		}
	}
}

// listenThroughFaults has people at work while nodes are killed, moved and crash, and listens on the bridge all the while, so that
// handshakes, gossip, elections and catching up are among what is heard.
func (s *site) listenThroughFaults() {
	between := s.listen("between", "port 7481 or port 7482")
	plain := s.listen("plain", "tcp port 7480")
	crowd := s.crowd()
	crowd.more(50)
	token := s.known()

	s.killLeader(crowd)
	s.move(crowd)
	s.crash(crowd)

	said := crowd.end()
	for _, node := range nodeNames() {
		s.kept(node, said)
	}
	s.t.Logf("people were told of %d sessions", len(said))

	all := s.needles(s.secret("nodes/cluster.key"), token)
	s.plant("n1", all)
	control, heard := plain.end("7480"), between.end("7481")
	if names := found(control, all); len(names) != len(all) {
		s.t.Errorf("of %d things said aloud on the HTTP port the search finds %d: it would miss them elsewhere", len(all), len(names))
	}
	if names := found(heard, all); len(names) > 0 {
		s.t.Errorf("readable on the ports between nodes: %s", strings.Join(names, ", "))
	}
	s.t.Logf("heard %d bytes between nodes, %d on the HTTP port", len(heard), len(control))
	for _, filter := range []string{"tcp port 7481", "tcp port 7482", "udp port 7482"} {
		if n := between.packets(filter); n < 20 {
			s.t.Errorf("heard %d packets of %s: too few to show anything", n, filter)
		}
	}
}

// whole waits until all voters are there and agree on who leads.
func (s *site) whole() {
	s.t.Helper()
	s.healthy(nodeNames()...)
	s.leader("", nodeNames()...)
}

func others(name string) []string {
	return slices.DeleteFunc(nodeNames(), func(n string) bool { return n == name })
}

func (s *site) killLeader(crowd *people) {
	leader := s.leader("", nodeNames()...)
	s.must("docker", "kill", s.container(leader))
	if is := s.inspect(leader, "{{.State.Running}} {{.State.ExitCode}}"); is != "false 137" {
		s.t.Errorf("after docker kill %s is %s, want false 137", leader, is)
	}
	crowd.more(100)
	s.leader(leader, others(leader)...)
	s.compose("up", "-d", leader)
	s.whole()
	crowd.more(50)
}

// move makes a node's container anew while another one has its address: engines hand out the lowest that is free, or the next.
func (s *site) move(crowd *people) {
	node := others(s.leader("", nodeNames()...))[0]
	before, id := s.inspect(node, addressOf), s.id(node)
	s.compose("rm", "--stop", "--force", node)
	squatter := s.must("docker", "run", "-d", "--label", "sessnode.test="+s.project, "--name", s.project+"-squatter", "--network", s.project+"_default",
		"--entrypoint", "/round-robin", "sessnode-examples:"+s.project, "-addr", "0.0.0.0:9", "nobody:1")
	crowd.more(50)
	s.compose("up", "-d", node)
	s.whole()
	after := s.inspect(node, addressOf)
	if after == before || after == "" {
		s.t.Errorf("%s has the address %q again: nothing has moved", node, after)
	}
	if got := s.id(node); got != id {
		s.t.Errorf("%s is %s now, want %s: it was to be the same node", node, got, id)
	}
	s.must("docker", "rm", "-f", squatter)
	crowd.more(50)
}

// id asks a node for its id, and fails the test unless it is a voter of three.
func (s *site) id(node string) string {
	s.t.Helper()
	st, err := s.status(node)
	if err != nil {
		s.t.Fatal(err)
	}
	voters := len(slices.DeleteFunc(st.Members, func(m harness.Member) bool { return !m.Voter }))
	if voters != 3 || !strings.HasPrefix(st.Node, node+"-") {
		s.t.Errorf("%s is %s among %d voters, want three", node, st.Node, voters)
	}
	return st.Node
}

// crash kills a node's process from outside, so that the engine has to see to it by itself.
func (s *site) crash(crowd *people) {
	node := s.leader("", nodeNames()...)
	pid, err := strconv.Atoi(s.inspect(node, "{{.State.Pid}}"))
	if err != nil {
		s.t.Fatal(err)
	}
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil || string(line) != "/sessnode\x00serve\x00" { // the engine may be another host's
		s.t.Fatalf("process %d is %q, %v, want a node", pid, line, err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		s.t.Fatal(err)
	}
	s.becomes(node+" was started again by the engine", func() error {
		if is := s.inspect(node, "{{.RestartCount}} {{.State.Running}}"); is != "1 true" {
			return fmt.Errorf("it is %s", is)
		}
		return nil
	})
	s.whole()
	crowd.more(50)
}

// rotateKey takes the three steps of a rotation; each is refused until all nodes are ready for it.
func (s *site) rotateKey() {
	crowd, before := s.crowd(), s.secret("nodes/cluster.key")
	for _, step := range [][]string{{"add"}, {"use"}, {"remove", "--yes"}} {
		crowd.more(30)
		args := append([]string{"run", "key"}, step...)
		s.becomes("key "+step[0], func() error {
			_, err := s.try("./scripts/compose.sh", args...)
			return err
		})
		s.ran["./scripts/compose.sh "+strings.Join(args, " ")] = true
	}
	s.becomes("all nodes have the new key alone", func() error {
		_, err := s.try("./scripts/compose.sh", "run", "key", "status")
		return err
	})
	if after := s.secret("nodes/cluster.key"); after == "" || strings.Contains(after, before) {
		s.t.Error("the old key is still in the file, or there is none")
	}
	crowd.more(100)
	s.kept("n1", crowd.end())
}

func (s *site) stopAndStart() {
	crowd := s.crowd()
	crowd.more(300)
	said := crowd.end()
	s.script("down")
	if left := s.must("docker", "ps", "-aq", "--filter", "label=com.docker.compose.project="+s.project); left != "" {
		s.t.Errorf("after compose.sh down there are the containers %s", left)
	}
	s.script("up")
	for _, node := range nodeNames() {
		s.kept(node, said)
	}
}

func (s *site) purge() {
	s.script("down", "--purge")
	for _, list := range s.lists()[:3] {
		if left := s.must("docker", list...); left != "" {
			s.t.Errorf("docker %v finds %s after compose.sh down --purge", list, left)
		}
	}
}

// page is what people read; its commands cannot run where the other pages' do.
const page = "docs/how-to/run-with-compose.md"

// followedThePage holds this test to what the page says about its blocks: that they are run here.
func (s *site) followedThePage() {
	text, err := os.ReadFile(filepath.Join(s.checkout, page))
	if err != nil {
		s.t.Fatal(err)
	}
	p, err := docs.Parse(page, string(text))
	if err != nil {
		s.t.Fatal(err)
	}
	commands := 0
	for _, b := range p.Blocks {
		if !strings.Contains(b.Marker.Arg, "e2e/compose runs it") {
			continue
		}
		for line := range strings.Lines(b.Text) {
			command, _, _ := strings.Cut(line, "#")
			if command = strings.TrimSpace(command); command == "" {
				continue
			}
			if commands++; !s.ran[command] {
				s.t.Errorf("%s: %q was not run", b.At(), command)
			}
		}
	}
	if commands < 8 {
		s.t.Errorf("found %d commands on the page: the search itself is broken", commands)
	}
}
