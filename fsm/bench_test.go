package fsm_test

import (
	"bytes"
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/fsm"
)

// The benchmarks apply entries of benchOps operations on benchSessions sessions of 512 bytes; a time is of one operation. With
// SESSNODE_BENCH_SESSIONS=1000000 most of what they touch is in no cache, as in a large store. q1-ns/op and median-ns/op are of the
// processor time of the working thread, entry by entry: other work on the machine changes them least.
const benchOps = 256

var benchSessions = cmp.Or(atoi(os.Getenv("SESSNODE_BENCH_SESSIONS")), 20_000)

func atoi(s string) int { n, _ := strconv.Atoi(s); return n }

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
	runtime.LockOSThread() // for cpu
	defer runtime.UnlockOSThread()
	var took spread
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
		start := cpu(b)
		b.StartTimer()
		if _, _, err := bench.m.Apply(bench.index, entry); err != nil {
			b.Fatal(err)
		}
		took = append(took, cpu(b)-start)
	}
	took.report(b)
}

// spread is how long entries of benchOps operations took.
type spread []time.Duration

func (s spread) at(q float64) time.Duration { return s[int(q*float64(len(s)-1))] }

func (s spread) report(b *testing.B) {
	if len(s) < 4 {
		return // the last entry may have fewer operations
	}
	slices.Sort(s)
	b.ReportMetric(float64(s.at(0.25))/benchOps, "q1-ns/op")
	b.ReportMetric(float64(s.at(0.5))/benchOps, "median-ns/op")
}

func BenchmarkApplyCreate(b *testing.B) {
	entries(b, filled(b, benchSessions), func(i int) sessnode.Mutation { return filler(fmt.Sprint("new", i), "ada") })
}

// BenchmarkApplyLogin is a create as clients send it, with an operation id, of a subject that has no other session.
func BenchmarkApplyLogin(b *testing.B) {
	entries(b, filled(b, benchSessions), login)
}

func login(i int) sessnode.Mutation {
	m := filler(fmt.Sprint("new", i), fmt.Sprint("user", i))
	m.OpID, m.Actor, m.Node = sessnode.OpIDOf(fmt.Sprint(i)), "key:app", "node-1"
	return m
}

// BenchmarkApplyLoginWithin is the same while the window forgets as many operations as come.
func BenchmarkApplyLoginWithin(b *testing.B) {
	bench := filled(b, benchSessions)
	for i := 0; i < benchSessions; {
		var ops []fsm.Op
		for range benchOps {
			i++
			ops = append(ops, fsm.Op{Mutation: sessnode.Mutation{App: "web", OpID: sessnode.OpIDOf(fmt.Sprint("old", i)), Actor: "key:app", Node: "node-1",
				Change: sessnode.TouchOne{Key: key(fmt.Sprint("s", i%benchSessions))}}})
		}
		bench.now = bench.now.Add(time.Millisecond)
		bench.apply(ops...)
	}
	bench.now = bench.now.Add(sessnode.OpWindow - time.Duration(benchSessions/benchOps)*time.Millisecond)
	entries(b, bench, login)
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
	runtime.LockOSThread() // for cpu
	defer runtime.UnlockOSThread()
	bench := filled(b, benchSessions)
	var took spread
	b.ReportAllocs()
	b.ResetTimer()
	for done := 0; done < b.N; done += benchOps {
		b.StopTimer()
		bench.now = bench.now.Add(time.Millisecond)
		bench.index++
		entry := encode(b, bench.now, touches(bench.now, benchSessions))
		start := cpu(b)
		b.StartTimer()
		if _, _, err := bench.m.Apply(bench.index, entry); err != nil {
			b.Fatal(err)
		}
		took = append(took, cpu(b)-start)
	}
	took.report(b)
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
		keys[i] = key(fmt.Sprint("s", i*7919%benchSessions)) // not in the order in which they lie
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		if _, err := bench.m.Lookup("web", keys[i%benchSessions]); err != nil {
			b.Fatal(err)
		}
	}
}
