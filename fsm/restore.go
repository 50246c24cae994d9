package fsm

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/slab"
)

// Restore reads a whole snapshot, verifies every block, the counts and the state hash, and only then replaces the state. On an error
// the old state stays, and the error says what is wrong with the snapshot.
func (m *Machine) Restore(r io.Reader) error {
	fresh, err := load(bufio.NewReaderSize(r, 1<<20))
	if err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.adopt(fresh)
	return nil
}

// adopt takes over the state of a machine that nobody else knows.
func (m *Machine) adopt(fresh *Machine) {
	stats := m.stats
	m.generation, m.cluster, m.budget, m.now, m.serial = fresh.generation, fresh.cluster, fresh.budget, fresh.now, fresh.serial
	m.life.Store(m.generation)
	m.arena, m.apps, m.sessions, m.tombstones, m.window, m.hash = fresh.arena, fresh.apps, fresh.sessions, fresh.tombstones, fresh.window, fresh.hash
	m.index, m.appByName, m.busy = fresh.index, fresh.appByName, fresh.busy
	m.bytes, m.windowBytes, m.history = fresh.bytes, fresh.windowBytes, fresh.history
	m.events.lose(m.position(), sessnode.ReasonSnapshot)
	m.stats = stats
}

// VerifySnapshot reads a whole snapshot as Restore would, and reports its totals.
func VerifySnapshot(r io.Reader) (Stats, error) {
	fresh, err := load(bufio.NewReaderSize(r, 1<<20))
	if err != nil {
		return Stats{}, fmt.Errorf("snapshot: %w", err)
	}
	return fresh.Stats(), nil
}

// readBlock returns the next block's payload, checked.
func readBlock(r io.Reader) ([]byte, error) {
	var head [8]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, fmt.Errorf("cut off: %w", err)
	}
	size := binary.BigEndian.Uint32(head[:4])
	if size == 0 || size > maxBlockBytes {
		return nil, fmt.Errorf("a block of %d bytes, 1 to %d are possible", size, maxBlockBytes)
	}
	payload := make([]byte, size)
	if _, err := io.ReadFull(r, payload); err != nil {
		return nil, fmt.Errorf("cut off in a block: %w", err)
	}
	if sum := crc32.Checksum(payload, castagnoli); sum != binary.BigEndian.Uint32(head[4:]) {
		return nil, fmt.Errorf("a block is damaged: its checksum is %08x, not %08x", sum, head[4:])
	}
	return payload, nil
}

// counted counts what was read, so that an error can say where it is.
type counted struct {
	*bufio.Reader
	bytes int64
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.bytes += int64(n)
	return n, err
}

// load builds a machine from a snapshot.
func load(in *bufio.Reader) (*Machine, error) {
	r := &counted{Reader: in}
	head := make([]byte, len(snapshotMagic)+1)
	if _, err := io.ReadFull(r, head); err != nil || string(head[:4]) != snapshotMagic {
		return nil, fmt.Errorf("this is no snapshot of sessnode")
	}
	if head[4] != snapshotVersion {
		return nil, fmt.Errorf("version %d, this build knows %d: %s", head[4], snapshotVersion, remedy(uint64(head[4]), snapshotVersion))
	}
	m := New()
	for number := 1; ; number++ {
		begin := r.bytes
		payload, err := readBlock(r)
		if err != nil {
			return nil, fmt.Errorf("block %d, at byte %d: %w", number, begin, err)
		}
		in := newReader(payload[1:])
		if kind(payload[0]) == kindFooter {
			if err := m.footer(in); err != nil {
				return nil, err
			}
			break
		}
		if err := m.loadBlock(kind(payload[0]), in); err != nil {
			return nil, fmt.Errorf("block %d (%q), at byte %d: %w", number, payload[0], begin, err)
		}
	}
	if _, err := r.ReadByte(); err != io.EOF {
		return nil, fmt.Errorf("more data after the end")
	}
	return m, nil
}

func (m *Machine) loadBlock(k kind, in *reader) error {
	if k == kindMeta {
		m.index = in.uint()
		in.array(5, 5)
		m.generation, m.cluster, m.budget, m.now, m.serial = in.uint(), in.text(maxText), in.uint(), in.int(), in.uint()
		return in.end()
	}
	for in.err == nil && len(in.rest) > 0 {
		switch k {
		case kindApp:
			m.loadApp(in)
		case kindSession:
			m.loadSession(in)
		case kindTombstone:
			m.loadTombstone(in)
		case kindWindow:
			m.loadRemembered(in)
		default:
			in.fail("of an unknown kind")
		}
		m.arena.Flush()
	}
	return in.end()
}

func (m *Machine) loadApp(in *reader) {
	a := in.app()
	if _, twice := m.appByName[a.name]; twice || int(a.number) != len(m.apps) {
		in.fail("app %d out of order", a.number)
	}
	if in.err != nil {
		return
	}
	a.creation = slab.NewOrder(m.arena)
	m.apps = append(m.apps, a)
	m.appByName[a.name] = a
	m.hash = m.hash.plus(a.sum)
}

func (m *Machine) loadSession(in *reader) {
	raw := in.view(maxOpBytes)
	var r record
	if in.err == nil && (!r.take(raw) || !r.sound()) {
		in.fail("a session that cannot be read")
	}
	if in.err == nil && int(r.app) >= len(m.apps) {
		in.fail("a session of app %d, which is not in the snapshot", r.app)
	}
	if in.err != nil {
		return
	}
	if _, twice := m.sessions.named(&r.id); twice {
		in.fail("a session id occurs twice")
	}
	if _, twice := m.sessions.at(&r.slot); twice {
		in.fail("a token occurs twice")
	}
	if in.err == nil {
		m.store(&r)
	}
}

// sound reports whether the attributes are as the log has them, and their count of bytes right.
func (r *record) sound() bool {
	in := newReader(r.tail)
	in.lazy = true
	in.values()
	if in.end() != nil {
		return false
	}
	var a attributes
	a.adopt(r.tail)
	return a.bytes == r.bytes
}

func (m *Machine) loadTombstone(in *reader) {
	raw := in.view(maxOpBytes)
	var t tombstone
	if in.err == nil && !t.take(raw) {
		in.fail("a tombstone that cannot be read")
	}
	if in.err == nil && int(t.app) >= len(m.apps) {
		in.fail("a tombstone of app %d, which is not in the snapshot", t.app)
	}
	if in.err == nil {
		m.bury(&t)
	}
}

func (m *Machine) loadRemembered(in *reader) {
	var e remembered
	if raw := in.view(maxOpBytes); in.err == nil && !e.take(raw) {
		in.fail("an operation that cannot be read")
	}
	if in.err != nil {
		return
	}
	if _, readable := takeEffect(e.effect, ""); !readable || e.serial <= m.window.loaded {
		in.fail("an operation out of order, or whose effect cannot be read")
	}
	if _, twice := m.window.find(&e.key); twice {
		in.fail("an operation occurs twice")
	}
	if in.err == nil {
		m.window.loaded = e.serial
		m.keep(&e)
	}
}

// footer checks the counts and the state hash, and completes what depends on the whole.
func (m *Machine) footer(in *reader) error {
	want := [4]uint64{in.uint(), in.uint(), in.uint(), in.uint()}
	var sum Hash
	in.fixed(sum[:])
	if err := in.end(); err != nil {
		return fmt.Errorf("footer: %w", err)
	}
	got := [4]uint64{uint64(len(m.apps)), uint64(m.sessions.Len()), uint64(m.tombstones.Len()), uint64(m.window.byKey.Len())}
	if got != want {
		return fmt.Errorf("apps, sessions, tombstones and operations are %d, the footer says %d", got, want)
	}
	if total := m.total(); total != sum {
		return fmt.Errorf("the state hash is %v, the footer says %v", total, sum)
	}
	m.bindAll()
	for _, a := range m.apps {
		m.markBusy(a)
	}
	m.history.add(m.index, sum)
	return nil
}

// bindAll makes the lists of subjects, oldest first: the order of creation leads through all sessions.
func (m *Machine) bindAll() {
	for _, a := range m.apps {
		a.creation.From(0, func(_ uint64, handle uint32) bool {
			if r := m.sessions.stored(handle); !r.anonymous() {
				m.sessions.bind(&r)
			}
			return true
		})
	}
}
