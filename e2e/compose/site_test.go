//go:build e2e

package compose

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/e2e/docs"
	"github.com/sessnode/sessnode/e2e/harness"
	"github.com/sessnode/sessnode/internal/ports"
)

// limit bounds what a test waits for: a container, an election.
const limit = time.Minute

// site is a clean checkout and what is made from it in the engine: all under one name that nobody else has.
type site struct {
	t        *testing.T
	checkout string
	project  string
	ports    map[string]string // by service
	env      []string
	composer []string          // docker-compose, or docker compose
	keys     map[string]string // API keys by name
	ran      map[string]bool   // command lines that have succeeded, as people type them
}

// newSite copies the checkout as a fresh clone would be, and sees to it that an engine answers.
func newSite(t *testing.T) *site {
	t.Helper()
	root, err := harness.ModuleRoot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s := &site{t: t, checkout: filepath.Join(dir, "sessnode"), project: fmt.Sprintf("sessnode-e2e-%d", os.Getpid()),
		ports: map[string]string{}, keys: map[string]string{}, ran: map[string]bool{}}
	free, _, err := ports.Take(4)
	if err != nil {
		t.Fatal(err)
	}
	s.env = append(os.Environ(), "COMPOSE_PROJECT_NAME="+s.project, "SESSNODE_TAG="+s.project)
	for i, service := range []string{"n1", "n2", "n3", "proxy"} {
		s.ports[service] = fmt.Sprint(free[i])
		s.env = append(s.env, strings.ToUpper(service)+"_PORT="+s.ports[service])
	}
	if err := docs.Copy(root, s.checkout); err != nil {
		t.Fatal(err)
	}
	s.keep()
	s.composer = []string{"docker", "compose"}
	if _, err := s.try("docker", "compose", "version"); err != nil {
		s.composer = []string{"docker-compose"}
	}
	s.composer = append(s.composer, "-f", composeFile)
	return s
}

// try runs a program in the checkout and returns its standard output; the error holds what it said.
func (s *site) try(program string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 4*limit) // the first build of the images takes a while
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.Env = s.checkout, s.env
	var out, narration strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &narration
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("%s %s: %w\n%s%s", program, strings.Join(args, " "), err, out.String(), narration.String())
	}
	return out.String(), nil
}

// must runs a program that must succeed, and returns its standard output without the last line break.
func (s *site) must(program string, args ...string) string {
	s.t.Helper()
	out, err := s.try(program, args...)
	if err != nil {
		s.t.Fatal(err)
	}
	return strings.TrimSpace(out)
}

// script runs the script of the checkout that people are told to run.
func (s *site) script(args ...string) string {
	s.t.Helper()
	out := s.must("./scripts/compose.sh", args...)
	s.ran["./scripts/compose.sh "+strings.Join(args, " ")] = true
	return out
}

// compose runs docker-compose on the file.
func (s *site) compose(args ...string) string {
	s.t.Helper()
	out := s.must(s.composer[0], append(s.composer[1:len(s.composer):len(s.composer)], args...)...)
	s.ran["docker-compose -f "+composeFile+" "+strings.Join(args, " ")] = true
	return out
}

// container returns the id of a service's container, also of one that has ended.
func (s *site) container(service string) string {
	s.t.Helper()
	id := s.must("docker", "ps", "-aq", "--filter", "label=com.docker.compose.project="+s.project, "--filter", "label=com.docker.compose.service="+service)
	if id == "" || strings.Contains(id, "\n") {
		s.t.Fatalf("%s has the containers %q, want one", service, id)
	}
	return id
}

// inspect asks for one thing about a service's container, by a Go template.
func (s *site) inspect(service, template string) string {
	s.t.Helper()
	return s.must("docker", "inspect", "-f", template, s.container(service))
}

const addressOf = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"

// becomes waits until try has nothing to say.
func (s *site) becomes(what string, try func() error) {
	s.t.Helper()
	if err := harness.Await(s.t.Context(), limit, what, func(context.Context) error { return try() }); err != nil {
		s.t.Fatal(err)
	}
}

// healthy waits until the engine's own checks say so of each service.
func (s *site) healthy(services ...string) {
	s.t.Helper()
	for _, service := range services {
		s.becomes(service+" is healthy", func() error {
			if is := s.inspect(service, "{{.State.Health.Status}}"); is != "healthy" {
				return fmt.Errorf("it is %s", is)
			}
			return nil
		})
	}
}

func (s *site) url(service string) string { return "http://127.0.0.1:" + s.ports[service] }

// key returns an API key, as people get it.
func (s *site) key(name string) string {
	s.t.Helper()
	if s.keys[name] == "" {
		s.keys[name] = s.script("key", name)
	}
	return s.keys[name]
}

// client returns a client of the app "login" at the nodes that are named; at all three where none is.
func (s *site) client(nodes ...string) *client.Client {
	s.t.Helper()
	if len(nodes) == 0 {
		nodes = nodeNames()
	}
	var urls []string
	for _, n := range nodes {
		urls = append(urls, s.url(n))
	}
	c, err := client.New(strings.Join(urls, ","), client.WithApp("login"), client.WithAPIKey(s.key("login")), client.WithTimeout(20*time.Second))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(c.Close)
	return c
}

func nodeNames() []string { return []string{"n1", "n2", "n3"} }

// status asks one node what it believes.
func (s *site) status(node string) (st harness.Status, err error) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 2*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url(node)+"/v1/cluster", nil)
	if err != nil {
		return st, err
	}
	r.Header.Set("Authorization", "Bearer "+s.key("ops"))
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return st, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return st, fmt.Errorf("%s/v1/cluster: %s", s.url(node), res.Status)
	}
	return st, json.NewDecoder(res.Body).Decode(&st)
}

// leader waits until a node leads, and all that are asked say so; not is one that may not be it.
func (s *site) leader(not string, asked ...string) (name string) {
	s.t.Helper()
	s.becomes("a node leads that is not "+not, func() error {
		name = ""
		for _, n := range asked {
			st, err := s.status(n)
			if err != nil {
				return err
			}
			led, _, _ := strings.Cut(st.Leader, "-")
			if led == "" || led == not || name != "" && name != led {
				return fmt.Errorf("%s says %q leads", n, st.Leader)
			}
			name = led
		}
		return nil
	})
	return name
}
