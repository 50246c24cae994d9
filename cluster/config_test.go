package cluster

import (
	"strings"
	"testing"
	"time"
)

func sound() Config {
	c := DefaultConfig()
	c.Name, c.DataDir, c.Addresses.Node = "a", "data", "127.0.0.1:0"
	return c
}

// TestValidateNamesEveryFault breaks each field by itself, and all at once.
func TestValidateNamesEveryFault(t *testing.T) {
	if err := sound().Validate(); err != nil {
		t.Fatalf("a sound configuration: %v", err)
	}
	faults := map[string]func(*Config){
		"Name":                func(c *Config) { c.Name = "a b" },
		"DataDir":             func(c *Config) { c.DataDir = "" },
		"Addresses.Node":      func(c *Config) { c.Addresses.Node = "" },
		"Expect":              func(c *Config) { c.Expect = 2 },
		"Security.Keys":       func(c *Config) { c.Security.Keys = [][]byte{[]byte("secretsecret")} },
		"Profile.Heartbeat":   func(c *Config) { c.Profile.Heartbeat = time.Millisecond },
		"Profile.Election":    func(c *Config) { c.Profile.Election = time.Hour },
		"Profile.Lease":       func(c *Config) { c.Profile.Lease = 2 * time.Minute },
		"Limits.PendingBytes": func(c *Config) { c.Limits.PendingBytes = 1 },
		"Limits.PendingOps":   func(c *Config) { c.Limits.PendingOps = -1 },
		"Limits.InFlight":     func(c *Config) { c.Limits.InFlight = 3 },
		"Limits.Timeout":      func(c *Config) { c.Limits.Timeout = time.Hour },
		"Limits.StallTimeout": func(c *Config) { c.Limits.StallTimeout = 1 },
	}
	all := sound()
	for name, breakIt := range faults {
		c := sound()
		breakIt(&c)
		breakIt(&all)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("with a wrong %s: %v", name, err)
		}
	}
	err := all.Validate()
	for name := range faults {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("with everything wrong, %s is not named: %v", name, err)
		}
	}
	if strings.Contains(err.Error(), "secretsecret") {
		t.Error("the error shows the key")
	}
}
