// Package bench compares sessnode with what people would otherwise keep sessions in, and with the limits of the machine: the same
// generator, the same sessions, the same disk, in one run, interleaved. scripts/bench-peers.sh runs it, docs/performance/peers.md
// is what it writes.
//
// A System is started in fresh processes and folders for each visit, populated, measured in every cell of the plan, and stopped before
// the next one starts: a system that idles beside another would cost it heartbeats and memory. Every repetition visits all systems, so
// that a machine that grows slower grows slower for all.
//
// A system that cannot be measured here (its program is not installed, or could not be built) is reported as not measured, with the
// reason, never left out.
package bench
