package nodeport

import (
	"context"
	"net"
	"testing"
)

func BenchmarkCall(b *testing.B) {
	ln1, _ := net.Listen("tcp", "127.0.0.1:0")
	ln2, _ := net.Listen("tcp", "127.0.0.1:0")
	one, two := New(ln1, Config{Keys: [][]byte{keyA}, Identity: as("a")}), New(ln2, Config{Keys: [][]byte{keyA}, Identity: as("b")})
	two.Handle(echo, func(_ context.Context, _ string, body []byte) ([]byte, error) { return body, nil })
	go func() { _ = two.Serve() }()
	defer one.Close()
	defer two.Close()
	body := make([]byte, 200)
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := one.Call(context.Background(), two.where(), echo, body); err != nil {
				b.Error(err)
			}
		}
	})
}
