package config_test

import (
	"testing"
	"testing/fstest"

	"github.com/sessnode/sessnode/internal/config"
)

func TestParseSize(t *testing.T) {
	for text, want := range map[string]uint64{
		"0": 0, "1024": 1024, "64MiB": 64 << 20, "2 GiB": 2 << 30, "1TiB": 1 << 40, "4194304TiB": 1 << 62,
	} {
		if got, err := config.ParseSize(text); err != nil || got != want {
			t.Errorf("ParseSize(%q) = %d, %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "-1", "1.5GiB", "GiB", "2GB", "99999999TiB", "18446744073709551616"} {
		if got, err := config.ParseSize(text); err == nil {
			t.Errorf("ParseSize(%q) = %d, want a fault", text, got)
		}
	}
}

func TestFormatSize(t *testing.T) {
	for n, want := range map[uint64]string{0: "0 B", 1000: "1000 B", 1024: "1 KiB", 1536 << 20: "1.5 GiB", 3 << 40: "3 TiB"} {
		if got := config.FormatSize(n); got != want {
			t.Errorf("FormatSize(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestMemoryIsTheSmallestLimit(t *testing.T) {
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	const info = "MemFree: 1 kB\nMemTotal:       2048 kB\n"
	for _, test := range []struct {
		name string
		root fstest.MapFS
		want uint64
	}{
		{"nothing known", fstest.MapFS{}, 1 << 30},
		{"machine", fstest.MapFS{"proc/meminfo": file(info)}, 2 << 20},
		{"group without limit", fstest.MapFS{"proc/meminfo": file(info), "sys/fs/cgroup/memory.max": file("max\n")}, 2 << 20},
		{"group", fstest.MapFS{"proc/meminfo": file(info), "sys/fs/cgroup/memory.max": file("1048576\n")}, 1 << 20},
		{"old group, larger than the machine", fstest.MapFS{"proc/meminfo": file(info), "sys/fs/cgroup/memory/memory.limit_in_bytes": file("9223372036854771712")}, 2 << 20},
	} {
		if got := config.Memory(test.root); got != test.want {
			t.Errorf("Memory(%s) = %d, want %d", test.name, got, test.want)
		}
	}
}
