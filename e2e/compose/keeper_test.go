//go:build e2e

package compose

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// endLimit is how long the keeper may take to take everything away.
const endLimit = time.Minute

// keep starts the keeper, and with it an engine where none answers. The test ends when the keeper has taken everything away, and fails
// where anything stays.
func (s *site) keep() {
	s.t.Helper()
	var folder []string
	if s.engineAnswers() != nil {
		if _, err := exec.LookPath("dockerd"); err != nil {
			s.t.Fatalf("no Docker engine answers, and there is none to start (./scripts/test.sh setup installs it): %v", err)
		}
		dir, err := os.MkdirTemp("", "sessnode-docker-") // short: a socket's path has at most 107 characters
		if err != nil {
			s.t.Fatal(err)
		}
		folder = []string{dir}
		s.env = append(s.env, "DOCKER_HOST=unix://"+filepath.Join(dir, "docker.sock"))
	}
	keeper, err := filepath.Abs(filepath.Join("testdata", "keeper.sh"))
	if err != nil {
		s.t.Fatal(err)
	}
	cmd := exec.Command(keeper, folder...)
	cmd.Env, cmd.Stderr = s.env, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // Ctrl-C is for the test; the keeper sees it end
	alive, err := cmd.StdinPipe()                        // closed by the kernel when the test is killed
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		_, err := io.WriteString(alive, "done")
		err = errors.Join(err, alive.Close())
		stuck := time.AfterFunc(endLimit, func() { _ = cmd.Process.Kill() })
		defer stuck.Stop()
		if err = errors.Join(err, cmd.Wait()); err == nil && folder == nil { // an engine of its own is gone with all that it had
			err = s.nothingLeft()
		}
		if err != nil {
			s.t.Error(err)
		}
	})
	s.becomes("a Docker engine answers", func() error {
		err := s.engineAnswers()
		if err != nil && folder != nil {
			log, _ := os.ReadFile(filepath.Join(folder[0], "log"))
			err = fmt.Errorf("%w\n%s", err, log)
		}
		return err
	})
}

func (s *site) engineAnswers() error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "docker", "version", "--format", "{{.Server.Version}}")
	cmd.Env = s.env
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("docker version: %w\n%s", err, out)
	}
	return nil
}

// nothingLeft looks for what the engine still has of this test.
func (s *site) nothingLeft() error {
	var left []string
	var faults []error
	for _, list := range s.lists() {
		out, err := s.try("docker", list...)
		left, faults = append(left, strings.Fields(out)...), append(faults, err)
	}
	if len(left) > 0 {
		faults = append(faults, fmt.Errorf("left behind: %v", left))
	}
	return errors.Join(faults...)
}

// lists are the questions for everything that bears the project's name.
func (s *site) lists() [][]string {
	return [][]string{
		{"ps", "-aq", "--filter", "name=" + s.project}, {"volume", "ls", "-q", "--filter", "name=" + s.project},
		{"network", "ls", "-q", "--filter", "name=" + s.project}, {"images", "-q", "--filter", "reference=sessnode*:" + s.project},
	}
}

// foundAll fails the test where the questions find nothing while everything is there: then they would find nothing left, too.
func (s *site) foundAll() {
	s.t.Helper()
	for _, list := range s.lists() {
		if out := s.must("docker", list...); len(strings.Fields(out)) == 0 {
			s.t.Errorf("docker %v finds nothing while all runs: it would find nothing left behind either", list)
		}
	}
}
