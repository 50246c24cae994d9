package fsm_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/fsm"
)

// The benchmarks apply entries of benchOps operations on benchSessions sessions of 512 bytes; a time is of one operation.
const (
	benchOps      = 256
	benchSessions = 20_000
)

// filler is a session as a web application keeps it: 512 bytes in four attributes.
func filler(name, subject string) sessnode.Mutation {
	attrs := map[string]sessnode.Value{}
	for i := range 4 {
		attrs[fmt.Sprint("attr", i)] = sessnode.Value{Codec: sessnode.JSON, Data: bytes.Repeat([]byte{'1'}, 123)}
	}
	device := sessnode.Device{IP: "192.0.2.1", UserAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
	if os.Getenv("SESSNODE_BENCH_PLAIN") != "" {
		device = sessnode.Device{}
	}
	return sessnode.Mutation{App: "web", Change: sessnode.Create{Key: key(name), ID: id(name), TokenChars: 43, Subject: subject, Attrs: attrs, Device: device}}
}

func filled(t testing.TB, sessions int) *bench {
	b := newBench(t)
	b.must(sessnode.Mutation{Change: sessnode.Found{Generation: generation, Cluster: "c"}})
	for made := 0; made < sessions; {
		var ops []fsm.Op
		for ; made < sessions && len(ops) < benchOps; made++ {
			ops = append(ops, fsm.Op{Mutation: filler(fmt.Sprint("s", made), fmt.Sprint("u", made/2))})
		}
		b.now = b.now.Add(time.Millisecond)
		b.apply(ops...)
	}
	return b
}

// entries measures applying entries that next builds, without building them.
func entries(b *testing.B, bench *bench, next func(i int) sessnode.Mutation) {
	b.ReportAllocs()
	b.ResetTimer()
	for done := 0; done < b.N; {
		b.StopTimer()
		var ops []fsm.Op
		for ; done < b.N && len(ops) < benchOps; done++ {
			ops = append(ops, fsm.Op{Mutation: next(done)})
		}
		bench.now = bench.now.Add(time.Millisecond)
		bench.index++
		entry := encode(b, bench.now, ops...)
		b.StartTimer()
		if _, _, err := bench.m.Apply(bench.index, entry); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkApplyCreate(b *testing.B) {
	entries(b, filled(b, benchSessions), func(i int) sessnode.Mutation { return filler(fmt.Sprint("new", i), "ada") })
}

func BenchmarkApplyPatch(b *testing.B) {
	n := text("12345")
	entries(b, filled(b, benchSessions), func(i int) sessnode.Mutation {
		return sessnode.Mutation{App: "web", OpID: sessnode.OpIDOf(fmt.Sprint(i)), Change: sessnode.Patch{Key: key(fmt.Sprint("s", i%benchSessions)),
			Edit: sessnode.Edit{Set: map[string]sessnode.Value{"attr0": n}}}}
	})
}

// BenchmarkApplyTouch measures one touch of the many that a node sends in one operation.
func BenchmarkApplyTouch(b *testing.B) {
	bench := filled(b, benchSessions)
	b.ReportAllocs()
	b.ResetTimer()
	for done := 0; done < b.N; done += benchOps {
		b.StopTimer()
		bench.now = bench.now.Add(time.Millisecond)
		bench.index++
		entry := encode(b, bench.now, touches(bench.now, benchSessions))
		b.StartTimer()
		if _, _, err := bench.m.Apply(bench.index, entry); err != nil {
			b.Fatal(err)
		}
	}
}

// touches is one operation that touches benchOps of n sessions.
func touches(now time.Time, n int) fsm.Op {
	var c sessnode.Touch
	for range benchOps {
		c.Touches = append(c.Touches, sessnode.TouchAt{App: "web", Key: key(fmt.Sprint("s", rand.IntN(n))), At: now})
	}
	return fsm.Op{Mutation: sessnode.Mutation{Change: c}}
}

func BenchmarkLookup(b *testing.B) {
	bench := filled(b, benchSessions)
	keys := make([]sessnode.Key, benchSessions)
	for i := range keys {
		keys[i] = key(fmt.Sprint("s", i))
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		if _, err := bench.m.Lookup("web", keys[i%benchSessions]); err != nil {
			b.Fatal(err)
		}
	}
}
