package config_test

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sessnode/sessnode/internal/config"
)

// flags is a source as the command line is one.
func flags(set map[string]string) config.Source {
	return func(k config.Key) (string, string, bool) {
		text, ok := set[k.Name]
		return text, "--" + k.Name, ok
	}
}

func env(set map[string]string) config.Source {
	return config.FromEnv(func(name string) (string, bool) {
		text, ok := set[name]
		return text, ok
	})
}

func TestDefaultsNeedOnlyAName(t *testing.T) {
	c, err := config.Load(flags(map[string]string{"name": "n1"}))
	if err != nil {
		t.Fatalf("Load() = %v, want no fault", err)
	}
	if err := c.Validate(); err != nil {
		t.Fatalf("Validate() = %v, want no fault", err)
	}
	want := config.Config{
		Name: "n1", Data: "data",
		LogStore: "auto",
		Listen:   config.Listen{HTTP: "127.0.0.1:7480", Node: "127.0.0.1:7481", Gossip: "127.0.0.1:7482"},
		Cluster:  config.Cluster{Expect: 1, Profile: "default"},
		Limits:   config.Limits{MaxInFlight: 1024, MaxConnections: 8192},
		Backups:  config.Backups{Every: 6 * time.Hour, Keep: 8},
		Log:      config.Log{Format: "text", Level: slog.LevelInfo},
	}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Errorf("Load() differs from the documented defaults (-want +got):\n%s", diff)
	}
}

func TestEveryKeyIsReadFromFlagAndEnvironment(t *testing.T) {
	set := map[string]string{
		"name": "n9", "data": "/d", "log-store": "bolt", "http": "10.0.0.1:1", "node": "10.0.0.1:2", "gossip": "10.0.0.1:3", "advertise-host": "h",
		"strict-apps": "true", "allow-drills": "true", "seeds": "a:1, b:2", "expect": "3", "profile": "fast", "clock-offset": "1h", "cluster-key-file": "k",
		"api-keys-file": "a", "hosts": "sessions.example,*", "open-metrics": "1", "insecure": "true", "max-memory": "2GiB", "max-in-flight": "7", "max-connections": "8", "min-free": "1GiB",
		"log-format": "json", "log-level": "warn", "tls-cert-file": "c", "tls-key-file": "ck", "peer-cert-file": "p", "peer-key-file": "pk", "peer-ca-file": "ca",
		"snapshot-log": "1MiB", "stall-timeout": "3s",
		"backup-dir": "/b", "backup-every": "2h", "backup-keep": "5",
	}
	want := config.Config{
		Name: "n9", Data: "/d", LogStore: "bolt", StrictApps: true, AllowDrills: true,
		Listen:  config.Listen{HTTP: "10.0.0.1:1", Node: "10.0.0.1:2", Gossip: "10.0.0.1:3", AdvertiseHost: "h"},
		Cluster: config.Cluster{Seeds: []string{"a:1", "b:2"}, Expect: 3, Profile: "fast", ClockOffset: time.Hour},
		Security: config.Security{ClusterKeyFile: "k", APIKeysFile: "a", Hosts: []string{"sessions.example", "*"}, OpenMetrics: true, Insecure: true,
			TLS: config.KeyPair{Cert: "c", Key: "ck"}, Peer: config.KeyPair{Cert: "p", Key: "pk"}, PeerCAFile: "ca"},
		Limits:  config.Limits{MaxMemory: 2 << 30, MaxInFlight: 7, MaxConnections: 8, MinFree: 1 << 30, SnapshotLog: 1 << 20, StallTimeout: 3 * time.Second},
		Backups: config.Backups{Dir: "/b", Every: 2 * time.Hour, Keep: 5},
		Log:     config.Log{Format: "json", Level: slog.LevelWarn},
	}
	vars := map[string]string{}
	for _, k := range config.KeysFor(config.ForNode) {
		if k.Name == "config" {
			continue // see TestFileIsNamedByFlagOrVariable
		}
		if set[k.Name] == "" {
			t.Errorf("key %s is in the table but not in this test", k.Name)
		}
		vars[k.Env()] = set[k.Name]
	}
	for name, source := range map[string]config.Source{"flags": flags(set), "environment": env(vars)} {
		got, err := config.Load(source)
		if err != nil {
			t.Fatalf("Load(%s) = %v", name, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Load(%s) (-want +got):\n%s", name, diff)
		}
	}
}

func TestFlagWinsOverEnvironmentOverDefaultKeyByKey(t *testing.T) {
	c, err := config.Load(
		flags(map[string]string{"http": "127.0.0.1:1"}),
		env(map[string]string{"SESSNODE_HTTP": "127.0.0.1:2", "SESSNODE_NODE": "127.0.0.1:3", "SESSNODE_DATA": ""}),
	)
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen.HTTP != "127.0.0.1:1" || c.Listen.Node != "127.0.0.1:3" || c.Listen.Gossip != "127.0.0.1:7482" || c.Data != "data" {
		t.Errorf("Load() = %+v, data %q: want http from the flag, node from the environment, the rest by default", c.Listen, c.Data)
	}
}

func TestLoadReportsAllFaultsAndNamesTheirSource(t *testing.T) {
	_, err := config.Load(
		flags(map[string]string{"expect": "2", "http": "7480", "max-memory": "2 apples", "insecure": "perhaps"}),
		env(map[string]string{"SESSNODE_MAX_IN_FLIGHT": "-1", "SESSNODE_SEEDS": "a:1,0.0.0.0:2", "SESSNODE_CLOCK_OFFSET": "1", "SESSNODE_HOSTS": "http://x"}),
	)
	var got []string
	for _, f := range config.Faults(err) {
		got = append(got, f.Key)
		if f.Cure == "" || !strings.Contains(f.Cure, "--"+f.Key+" ") && !strings.Contains(f.Cure, config.Key{Name: f.Key}.Env()+"=") {
			t.Errorf("fault %q has cure %q, want one that names the flag or the variable", f, f.Cure)
		}
	}
	if diff := cmp.Diff([]string{"http", "seeds", "expect", "clock-offset", "hosts", "insecure", "max-memory", "max-in-flight"}, got); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
	for _, part := range []string{`--expect: "2" is not one of 0, 1, 3, 5`, "SESSNODE_MAX_IN_FLIGHT", `"7480" is not host:port`} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("Load() = %v, want it to contain %q", err, part)
		}
	}
}

func TestValidate(t *testing.T) {
	keys := map[string]string{"cluster-key-file": "k", "api-keys-file": "a"}
	for _, test := range []struct {
		name string
		set  map[string]string
		keys bool
		want []string // keys at fault
	}{
		{"loopback without keys", nil, false, nil},
		{"loopback by name", map[string]string{"http": "localhost:1", "node": "[::1]:2"}, false, nil},
		{"any free HTTP port", map[string]string{"http": "127.0.0.1:0"}, false, nil},
		{"any free node port", map[string]string{"node": "127.0.0.1:0"}, false, []string{"node"}},
		{"beyond the host without keys", map[string]string{"http": "10.0.0.1:7480"}, false, []string{"insecure"}},
		{"beyond the host, node port only", map[string]string{"node": "10.0.0.1:7481"}, false, []string{"insecure"}},
		{"a name that is not localhost may be reached", map[string]string{"http": "db1:7480"}, false, []string{"insecure"}},
		{"beyond the host with keys", map[string]string{"http": "10.0.0.1:7480"}, true, nil},
		{"beyond the host, insecure", map[string]string{"http": "10.0.0.1:7480", "insecure": "true"}, false, nil},
		{"all interfaces", map[string]string{"node": "0.0.0.0:7481"}, true, []string{"advertise-host"}},
		{"all interfaces, short form", map[string]string{"http": ":7480"}, true, []string{"advertise-host"}},
		{"all interfaces, IPv6", map[string]string{"gossip": "[::]:7482"}, true, []string{"advertise-host"}},
		{"all interfaces, advertised", map[string]string{"node": "0.0.0.0:7481", "advertise-host": "10.0.0.1"}, true, nil},
		{"advertising all interfaces", map[string]string{"node": "0.0.0.0:7481", "advertise-host": "0.0.0.0"}, true, []string{"advertise-host"}},
		{"advertising a port", map[string]string{"advertise-host": "10.0.0.1:7481"}, true, []string{"advertise-host"}},
		{"alone, with its own seed", map[string]string{"seeds": "127.0.0.1:7482"}, false, nil},
		{"alone, yet with seeds", map[string]string{"seeds": "127.0.0.1:7482,127.0.0.1:7492"}, false, []string{"expect"}},
		{"three with seeds", map[string]string{"seeds": "127.0.0.1:7482,127.0.0.1:7492", "expect": "3"}, false, nil},
		{"joining", map[string]string{"seeds": "127.0.0.1:7492", "expect": "0"}, false, nil},
		{"joining nobody", map[string]string{"expect": "0"}, false, []string{"seeds"}},
		{"TLS for HTTP", map[string]string{"tls-cert-file": "c", "tls-key-file": "k"}, false, nil},
		{"a certificate without its key", map[string]string{"tls-cert-file": "c"}, false, []string{"tls-key-file"}},
		{"a key without its certificate", map[string]string{"tls-key-file": "k"}, false, []string{"tls-cert-file"}},
		{"TLS between nodes", map[string]string{"peer-cert-file": "c", "peer-key-file": "k", "peer-ca-file": "a"}, false, nil},
		{"TLS between nodes without authority", map[string]string{"peer-cert-file": "c", "peer-key-file": "k"}, false, []string{"peer-ca-file"}},
		{"an authority alone", map[string]string{"peer-ca-file": "a"}, false, []string{"peer-cert-file", "peer-key-file"}},
		{"two faults at once", map[string]string{"name": "-", "node": "127.0.0.1:7480"}, true, []string{"name", "node"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			source := []config.Source{flags(test.set), flags(map[string]string{"name": "n1"})}
			if test.keys {
				source = append(source, flags(keys))
			}
			c, err := config.Load(source...)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range config.Faults(c.Validate()) {
				got = append(got, f.Key)
				if f.What == "" || f.Why == "" || f.Cure == "" {
					t.Errorf("fault %+v misses one of its three lines", f)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("Validate() faults (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAdvertisedKeepsThePort(t *testing.T) {
	for _, test := range []struct{ host, listening, want string }{
		{"", "127.0.0.1:7481", "127.0.0.1:7481"},
		{"10.0.0.11", "0.0.0.0:7481", "10.0.0.11:7481"},
		{"n1.example", ":7481", "n1.example:7481"},
		{"2001:db8::1", "[::]:7481", "[2001:db8::1]:7481"},
		{"[2001:db8::1]", "[::]:7481", "[2001:db8::1]:7481"},
	} {
		got := config.Listen{AdvertiseHost: test.host}.Advertised(test.listening)
		if got != test.want {
			t.Errorf("Listen{AdvertiseHost: %q}.Advertised(%q) = %q, want %q", test.host, test.listening, got, test.want)
		}
	}
}

func TestFaultsPassesOtherErrorsOver(t *testing.T) {
	f := &config.Fault{Key: "name", What: "a", Why: "b"}
	got := config.Faults(errors.Join(errors.New("other"), errors.Join(f)))
	if len(got) != 1 || got[0] != f {
		t.Errorf("Faults() = %v, want the one fault inside", got)
	}
}
