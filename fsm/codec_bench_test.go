package fsm_test

import (
	"testing"

	"github.com/sessnode/sessnode/fsm"
)

// BenchmarkEncodeOp and BenchmarkDecodeOp measure what the node that takes a change in does with it, and the leader.
func BenchmarkEncodeOp(b *testing.B) {
	op := fsm.Op{Mutation: filler("s", "ada")}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := fsm.EncodeOp(op); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeOp(b *testing.B) {
	encoded, err := fsm.EncodeOp(fsm.Op{Mutation: filler("s", "ada")})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := fsm.DecodeOp(encoded); err != nil {
			b.Fatal(err)
		}
	}
}
