package bench

import (
	"runtime"
	"time"
)

// Schema is the version of the JSON form of a Report. It grows only when a field changes or goes.
const Schema = 1

// Report is what a load came to. Its JSON form is stable.
type Report struct {
	Schema      int         `json:"schema"`
	Environment Environment `json:"environment"`
	Nodes       []NodeInfo  `json:"nodes"`
	Settings    Settings    `json:"settings"`
	Runs        []Run       `json:"runs"`
	Left        uint64      `json:"sessions_left"`
	Interrupted bool        `json:"interrupted"`
}

// Environment is where it was measured: the machine of the generator.
type Environment struct {
	Version string    `json:"version"` // of sessnode, as Commit
	Commit  string    `json:"commit"`
	Go      string    `json:"go"`
	OS      string    `json:"os"`
	Arch    string    `json:"arch"`
	CPUs    int       `json:"cpus"`
	Args    []string  `json:"args"` // of the command line, without keys
	Started time.Time `json:"started"`
	Local   bool      `json:"local"` // the nodes run on this machine
}

// NodeInfo is a node as it was before the first run.
type NodeInfo struct {
	Name   string `json:"name"`
	URL    string `json:"url"`
	Leader bool   `json:"leader"`
}

// Settings are those of the plan that are the same in all runs.
type Settings struct {
	DurationSeconds float64 `json:"duration_seconds"`
	WarmUpSeconds   float64 `json:"warmup_seconds"`
	PayloadBytes    int     `json:"payload_bytes"`
	Sessions        int     `json:"sessions"`
	Distribution    string  `json:"distribution"`
	Rate            float64 `json:"rate"` // 0 = closed loop
	Rounds          int     `json:"rounds"`
	Seed            uint64  `json:"seed"`
}

func settingsOf(p Plan) Settings {
	return Settings{DurationSeconds: p.Duration.Seconds(), WarmUpSeconds: p.WarmUp.Seconds(), PayloadBytes: p.PayloadBytes,
		Sessions: p.Sessions, Distribution: p.Distribution.String(), Rate: p.Rate, Rounds: p.Repeat, Seed: p.Seed}
}

// ThisEnvironment describes this process and its machine, at this moment. Version, Commit, Args and Local are the caller's.
func ThisEnvironment() Environment {
	return Environment{Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.NumCPU(), Args: []string{},
		Started: time.Now().UTC().Truncate(time.Second)}
}

// Succeeded counts the operations that did, in all runs.
func (r Report) Succeeded() uint64 {
	sum := uint64(0)
	for _, run := range r.Runs {
		sum += run.Total.OK
	}
	return sum
}
