package term

import (
	"testing"
	"time"
)

func TestNumbersReadWell(t *testing.T) {
	for got, want := range map[string]string{
		Bytes(0): "0 B", Bytes(1023): "1023 B", Bytes(1024): "1 KiB", Bytes(1_300_000): "1.24 MiB",
		Bytes(15 << 30): "15 GiB", Bytes(1<<64 - 1): "16 EiB", Bytes(300 << 20): "300 MiB",
		Count(0): "0", Count(999): "999", Count(1000): "1,000", Count(12345678): "12,345,678",
		Ago(0): "just now", Ago(3 * time.Minute): "3m ago", Ago(-80 * time.Second): "in 1m", Ago(-1799 * time.Second): "in 30m", Ago(59700 * time.Millisecond): "1m ago", Ago(12 * time.Second): "12s ago",
		Ago(30 * time.Hour): "30h ago", Ago(50 * time.Hour): "2d ago",
		Duration(0): "0 s", Duration(1380 * time.Millisecond): "1.38 s", Duration(12345 * time.Microsecond): "12.3 ms",
		Duration(850 * time.Microsecond): "850 µs", Duration(900): "900 ns", Duration(200 * time.Second): "3m 20s",
		Duration(time.Hour): "1h", Duration(-time.Second): "-1 s", Duration(30*time.Hour + time.Minute): "1d 6h",
		Duration(99960 * time.Microsecond): "100 ms", Duration(9996 * time.Microsecond): "10 ms",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
