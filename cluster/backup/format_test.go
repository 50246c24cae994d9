package backup_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/cluster/backup"
	"github.com/sessnode/sessnode/fsm"
)

// small is a backup of one session and one tombstone.
func small(t testing.TB) []byte {
	t.Helper()
	m := fsm.New()
	apply := func(index uint64, changes ...sessnode.Change) {
		var ops [][]byte
		for _, c := range changes {
			op, err := fsm.EncodeOp(fsm.Op{Mutation: sessnode.Mutation{App: "web", Actor: "test", Change: c}})
			if err != nil {
				t.Fatal(err)
			}
			ops = append(ops, op)
		}
		if _, _, err := m.Apply(index, fsm.EncodeBatch(fsm.Header{Generation: 7, Stamp: time.Hour.Nanoseconds()}, ops)); err != nil {
			t.Fatal(err)
		}
	}
	apply(1, sessnode.Found{Generation: 7, Cluster: "c"})
	apply(2, sessnode.Create{Key: sessnode.Key{1}, ID: sessnode.ID{1}, TokenChars: 43, Subject: "ada", Attrs: map[string]sessnode.Value{"a": {Data: []byte("1")}}},
		sessnode.Create{Key: sessnode.Key{2}, ID: sessnode.ID{2}, TokenChars: 43}, sessnode.Revoke{Key: sessnode.Key{2}})
	s := m.Snapshot()
	defer s.Release()
	var file bytes.Buffer
	if err := backup.Write(&file, s, "n1", "v"); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func verify(file []byte) (backup.Contents, error) {
	return backup.Verify(bytes.NewReader(file), int64(len(file)))
}

func TestABackupSaysWhatIsInIt(t *testing.T) {
	c, err := verify(small(t))
	if err != nil {
		t.Fatal(err)
	}
	if c.Position() != (sessnode.Position{Generation: 7, Index: 2}) || c.Sessions != 1 || c.Tombstones != 1 || c.Cluster != "c" || c.Node != "n1" || c.Now.UnixNano() != time.Hour.Nanoseconds() {
		t.Errorf("Verify = %+v", c.Header)
	}
	if census := c.Machine.Census(0); len(census) != 1 || census[0] != (fsm.Census{App: "web", Live: 1, Subjects: 1}) {
		t.Errorf("Census = %+v", census)
	}
	late := c.Now.Add(1000 * time.Hour).UnixNano()
	if census := c.Machine.Census(late); census[0] != (fsm.Census{App: "web", Expired: 1}) {
		t.Errorf("Census(much later) = %+v", census)
	}
}

func TestEveryFlippedBitIsNoticed(t *testing.T) {
	file := small(t)
	for i := range file {
		for bit := range 8 {
			broken := bytes.Clone(file)
			broken[i] ^= 1 << bit
			if _, err := verify(broken); !errors.Is(err, backup.ErrDamaged) {
				t.Fatalf("bit %d of byte %d of %d flipped: Verify = %v", bit, i, len(file), err)
			}
		}
	}
}

func TestEveryCutAndEveryExtraByteIsNoticed(t *testing.T) {
	file := small(t)
	for n := range file {
		if _, err := verify(file[:n]); !errors.Is(err, backup.ErrDamaged) {
			t.Fatalf("the first %d of %d bytes: Verify = %v", n, len(file), err)
		}
		if _, err := verify(file[n+1:]); !errors.Is(err, backup.ErrDamaged) {
			t.Fatalf("without the first %d bytes: Verify = %v", n+1, err)
		}
	}
	if _, err := verify(append(bytes.Clone(file), 0)); !errors.Is(err, backup.ErrDamaged) {
		t.Errorf("a byte more: Verify = %v", err)
	}
	if _, err := backup.Verify(bytes.NewReader(file[:len(file)-5]), int64(len(file))); !errors.Is(err, backup.ErrDamaged) {
		t.Errorf("shorter than it was said to be: Verify = %v", err)
	}
}

// TestDamageUnderARightChecksumIsNoticed: the blocks have their own, and the header must agree with the state.
func TestDamageUnderARightChecksumIsNoticed(t *testing.T) {
	file := small(t)
	for i := range len(file) - sha256.Size {
		broken := bytes.Clone(file[:len(file)-sha256.Size])
		broken[i] ^= 0x10
		sum := sha256.Sum256(broken)
		if _, err := verify(append(broken, sum[:]...)); !errors.Is(err, backup.ErrDamaged) {
			t.Fatalf("byte %d changed and summed again: Verify = %v", i, err)
		}
	}
}

func TestDamageIsNamedWithItsPlace(t *testing.T) {
	file := small(t)
	broken := bytes.Clone(file)
	broken[len(file)-sha256.Size-10] ^= 1
	if _, err := verify(broken); err == nil || !strings.Contains(err.Error(), "block 5, at byte") {
		t.Errorf("a damaged footer: Verify = %v, want its block and byte", err)
	}
	broken = bytes.Clone(file)
	broken[len(file)-1] ^= 1
	if _, err := verify(broken); err == nil || !strings.Contains(err.Error(), "SHA-256") {
		t.Errorf("a damaged checksum: Verify = %v, want that it is the checksum", err)
	}
}

func FuzzVerify(f *testing.F) {
	file := small(f)
	f.Add(file)
	f.Add(file[:40])
	f.Fuzz(func(t *testing.T, raw []byte) {
		if c, err := verify(raw); err == nil && c.Machine == nil {
			t.Error("a backup without a state")
		}
	})
}
