package raftlog

import (
	"fmt"
	"testing"

	"github.com/hashicorp/raft"
)

// BenchmarkStoreLogs is one write of one entry, a batch of so many bytes, through all layers, and what it takes of the disk.
//
//	go test ./cluster/raftlog -run '^$' -bench StoreLogs -count 6 -benchmem
func BenchmarkStoreLogs(b *testing.B) {
	for _, size := range []int{1 << 10, 32 << 10} {
		for _, kind := range []Kind{Bolt, WAL} {
			b.Run(fmt.Sprintf("kib=%d/%s", size>>10, kind), func(b *testing.B) {
				d, err := OpenDirAs(b.TempDir(), "a", kind)
				if err != nil {
					b.Fatal(err)
				}
				defer d.Close()
				s, err := OpenLog(d, Options{})
				if err != nil {
					b.Fatal(err)
				}
				defer s.Close()
				data := make([]byte, size)
				for i := range data {
					data[i] = byte(i*i>>8 + 1)
				}
				next := uint64(0)
				before := s.Syncs()
				b.SetBytes(int64(size))
				b.ReportAllocs()
				for b.Loop() {
					next++
					if err := s.StoreLogs([]*raft.Log{{Index: next, Term: 1, Data: data}}); err != nil {
						b.Fatal(err)
					}
					if next%4096 == 0 { // as compaction does
						if err := s.DeleteRange(next-4095, next-512); err != nil {
							b.Fatal(err)
						}
					}
				}
				b.ReportMetric(float64(s.Syncs()-before)/float64(b.N), "syncs/op")
			})
		}
	}
}
