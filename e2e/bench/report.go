package bench

import (
	"bytes"
	"encoding/json"
)

// Schema is the version of the JSON form of a Report.
const Schema = 1

// Report is all that was measured.
type Report struct {
	Schema    int        `json:"schema"`
	Command   string     `json:"command"`
	Machine   Machine    `json:"machine"`
	Settings  Settings   `json:"settings"`
	Systems   []Measured `json:"systems"`
	Cells     []Cell     `json:"cells"`
	Failovers []Failover `json:"failovers"`
	Missing   []Missing  `json:"not_measured"`
	Ended     bool       `json:"complete"` // false: it was cut short
}

// Machine is where it was measured.
type Machine struct {
	OS         string  `json:"os"`
	Arch       string  `json:"arch"`
	Kernel     string  `json:"kernel"`
	CPU        string  `json:"cpu"`
	CPUs       int     `json:"cpus"`
	Memory     int64   `json:"memory_bytes"`
	FileSystem string  `json:"file_system"`
	Go         string  `json:"go"`
	LoadBefore float64 `json:"load_before"` // load average of a minute
	LoadAfter  float64 `json:"load_after"`  // the run's own load is part of it
}

// Settings are what is the same in all cells.
type Settings struct {
	DurationSeconds float64 `json:"duration_seconds"`
	WarmUpSeconds   float64 `json:"warmup_seconds"`
	Repetitions     int     `json:"repetitions"`
	Sessions        int     `json:"sessions"`
	PayloadBytes    int     `json:"payload_bytes"`
}

// Measured is a system, and how it was started in the first visit.
type Measured struct {
	System
	Version  string   `json:"version"`
	Commands []string `json:"commands"`
}

// Cell is one run: a workload of some clients on a system.
type Cell struct {
	System       string   `json:"system"`
	Repetition   int      `json:"repetition"` // from 1 on
	Workload     string   `json:"workload"`
	Distribution string   `json:"distribution"`
	Clients      int      `json:"clients"`
	Route        string   `json:"route"`
	Seconds      float64  `json:"seconds"`
	OK           uint64   `json:"ok"`
	PerSecond    float64  `json:"per_second"`
	Failed       uint64   `json:"failed"` // also those of unknown outcome
	WarmUpFailed uint64   `json:"warmup_failed"`
	P50          float64  `json:"p50_ms"`
	P99          float64  `json:"p99_ms"`
	P999         float64  `json:"p99_9_ms"`
	CPU          float64  `json:"server_cpu_seconds_per_1000"`    // of all servers
	GeneratorCPU float64  `json:"generator_cpu_seconds_per_1000"` // of the program that sends
	Resident     int64    `json:"resident_bytes"`                 // at the end, of the server that has most
	ResidentAll  int64    `json:"resident_bytes_of_all"`          // at the end
	Notes        []string `json:"notes,omitempty"`
}

// Failover is what became of one loss of a leader.
type Failover struct {
	System       string  `json:"system"`
	Repetition   int     `json:"repetition"`
	Clients      int     `json:"clients"`
	First        float64 `json:"first_seconds"` // from the kill to the first acknowledged write that began after it
	All          float64 `json:"all_seconds"`   // until every client had one
	Acknowledged int     `json:"acknowledged"`
	Missing      int     `json:"acknowledged_missing"`
	Unverified   int     `json:"acknowledged_unverified"` // could not be read afterwards
	Note         string  `json:"note,omitempty"`
}

// Missing is what could not be measured, and why.
type Missing struct {
	System string `json:"system"`
	What   string `json:"what"`
	Reason string `json:"reason"`
}

// system finds a measured system.
func (r *Report) system(name string) *Measured {
	for i := range r.Systems {
		if r.Systems[i].Name == name {
			return &r.Systems[i]
		}
	}
	return nil
}

// JSON is the report with one line for each cell, so that two runs can be compared.
func (r Report) JSON() ([]byte, error) {
	whole, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"machine", "settings", "systems", "cells", "failovers", "not_measured", "complete"} {
		whole = bytes.Replace(whole, []byte(`,"`+name+`":`), []byte(",\n\""+name+`":`), 1)
	}
	whole = bytes.ReplaceAll(whole, []byte(`{"system":`), []byte("\n "+`{"system":`))
	whole = bytes.ReplaceAll(whole, []byte(`{"name":`), []byte("\n "+`{"name":`))
	return append(whole, '\n'), nil
}
