package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/sessnode/sessnode/e2e/harness"
	"github.com/sessnode/sessnode/internal/ports"
)

// redis is a server of Debian's package on loopback, without persistence: only its memory is asked about.
type redis struct {
	process *harness.Process
	conn    net.Conn
	in      *bufio.Reader
	out     *bufio.Writer
	waiting int // answers that were not read
}

func startRedis(ctx context.Context, dir string) (*redis, error) {
	binary, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, fmt.Errorf("redis-server is needed for the comparison (Debian: apt install redis-server): %w", err)
	}
	free, _, err := ports.Take(1)
	if err != nil {
		return nil, err
	}
	port := strconv.Itoa(free[0])
	p, err := harness.StartProcess(binary, []string{"--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", dir}, filepath.Join(dir, "redis.log"))
	if err != nil {
		return nil, err
	}
	r := &redis{process: p}
	err = await(ctx, 10*time.Second, "redis", func(context.Context) (err error) {
		r.conn, err = net.Dial("tcp", "127.0.0.1:"+port)
		return err
	})
	if err != nil {
		return r, err
	}
	r.in, r.out = bufio.NewReaderSize(r.conn, 64<<10), bufio.NewWriterSize(r.conn, 256<<10)
	return r, nil
}

func (r *redis) close() error {
	if r.conn != nil {
		_ = r.conn.Close()
	}
	return r.process.Kill()
}

// pipelined is how many commands are under way at once.
const pipelined = 500

// do sends a command and reads its answer later.
func (r *redis) do(words ...string) error {
	fmt.Fprintf(r.out, "*%d\r\n", len(words))
	for _, w := range words {
		fmt.Fprintf(r.out, "$%d\r\n", len(w))
		_, _ = r.out.WriteString(w)
		_, _ = r.out.WriteString("\r\n")
	}
	if r.waiting++; r.waiting < pipelined {
		return nil
	}
	return r.drain()
}

// drain reads all answers: of commands that answer with one line.
func (r *redis) drain() error {
	if err := r.out.Flush(); err != nil {
		return err
	}
	for ; r.waiting > 0; r.waiting-- {
		line, err := r.in.ReadString('\n')
		if err != nil {
			return err
		}
		if line[0] == '-' {
			return fmt.Errorf("redis: %s", strings.TrimSpace(line))
		}
	}
	return nil
}

// info asks for a number that INFO has.
func (r *redis) info(name string) (float64, error) {
	if err := r.drain(); err != nil {
		return 0, err
	}
	fmt.Fprintf(r.out, "*1\r\n$4\r\nINFO\r\n")
	if err := r.out.Flush(); err != nil {
		return 0, err
	}
	head, err := r.in.ReadString('\n')
	if err != nil {
		return 0, err
	}
	size, err := strconv.Atoi(strings.TrimSpace(head[1:]))
	if err != nil {
		return 0, err
	}
	text := make([]byte, size+2)
	if _, err := io.ReadFull(r.in, text); err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(line), name+":"); ok {
			return strconv.ParseFloat(rest, 64)
		}
	}
	return 0, fmt.Errorf("INFO has no %s", name)
}

// letters writes n characters that are not the same twice.
func letters(rng *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('a' + rng.IntN(26))
	}
	return string(b)
}

// store keeps sessions as a framework's session store on Redis does: one string a session under its token, which expires; and, where
// somebody must be able to end all sessions of a person, a set of tokens for each subject.
func (r *redis) store(p *people, i uint64, generation uint32, value string, sets bool) error {
	key := "session:" + string(p.token(i, generation).Reveal())
	if err := r.do("SET", key, value, "EX", "720000"); err != nil || !sets {
		return err
	}
	if err := r.do("SADD", "subject:"+subjectOf(i), key); err != nil {
		return err
	}
	return r.do("EXPIRE", "subject:"+subjectOf(i), "720000")
}

func (r *redis) drop(p *people, i uint64, sets bool) error {
	err := r.do("DEL", "session:"+string(p.token(i, 0).Reveal()))
	if err == nil && sets {
		err = r.do("DEL", "subject:"+subjectOf(i))
	}
	return err
}

// measureRedis fills a server, reads memory, churns as the node is churned and reads again.
func measureRedis(ctx context.Context, dir string, sessions int, sets bool, churned bool) (before, after Memory, err error) {
	r, err := startRedis(ctx, dir)
	if err != nil {
		return before, after, err
	}
	defer func() { _ = r.close() }()
	p, rng := newPeople(), rand.New(rand.NewPCG(1, 2))
	look := func() (m Memory, err error) {
		m.Heap, err = r.info("used_memory")
		m.Resident = float64(resident(r.process.Pid()))
		return m, err
	}
	for i := range uint64(sessions) {
		if err := r.store(p, i, 0, letters(rng, sessionBytes), sets); err != nil {
			return before, after, err
		}
		if ctx.Err() != nil {
			return before, after, ctx.Err()
		}
	}
	if before, err = look(); err != nil || !churned {
		return before, after, err
	}
	every := stride(sessions)
	for range patches {
		for i := uint64(0); i < uint64(sessions); i += every {
			grown := sessionBytes - sessionBytes/4 + valueBytes(rng)
			if err := r.store(p, i, 0, letters(rng, grown), false); err != nil {
				return before, after, err
			}
			if ctx.Err() != nil {
				return before, after, ctx.Err()
			}
		}
	}
	for i := uint64(0); i < uint64(sessions); i += 3 * every {
		err := r.drop(p, i, sets)
		if err == nil {
			err = r.store(p, mostFilled+i, 0, letters(rng, sessionBytes), sets)
		}
		if err != nil {
			return before, after, err
		}
	}
	after, err = look()
	return before, after, err
}
