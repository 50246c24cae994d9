package bench

import (
	"runtime"
	"time"
)

// Schema is the version of the JSON form of a Report. It grows only when a field changes or goes.
const Schema = 1

// Report is what a load came to. Its JSON form is stable.
type Report struct {
	Schema      int         `json:"schema" doc:"version of this form; it grows when a field changes or goes"`
	Environment Environment `json:"environment" doc:"where it was measured"`
	Nodes       []NodeInfo  `json:"nodes" doc:"name, url and whether it led, before the first run"`
	Settings    Settings    `json:"settings" doc:"what is the same in all runs"`
	Runs        []Run       `json:"runs" doc:"each run; see below"`
	Left        uint64      `json:"sessions_left" doc:"how many sessions could not be revoked, or were to be kept"`
	Interrupted bool        `json:"interrupted" doc:"a signal ended it early"`
}

// Environment is where it was measured: the machine of the generator.
type Environment struct {
	Version string    `json:"version" doc:"of sessnode"`
	Commit  string    `json:"commit" doc:"of sessnode"`
	Go      string    `json:"go" doc:"version of Go"`
	OS      string    `json:"os" doc:"of the machine that sent"`
	Arch    string    `json:"arch" doc:"its architecture"`
	CPUs    int       `json:"cpus" doc:"its processors"`
	Args    []string  `json:"args" doc:"the command line, without keys"`
	Started time.Time `json:"started" doc:"when"`
	Local   bool      `json:"local" doc:"all nodes run on that machine"`

	// Of nodes that were started for the load: the time of a flushed write of 4 KiB where they keep their data.
	FlushSeconds float64 `json:"flush_seconds,omitempty" doc:"with --cluster: the time of a flushed write of 4 KiB where the nodes keep their data"`
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
