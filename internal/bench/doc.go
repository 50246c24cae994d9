// Package bench puts load on a store and says what came of it: operations a second, latencies and errors. It gives no
// verdict.
//
// A Plan names workloads, numbers of clients and nodes; Load carries it out, one run after the other, and returns a Report
// that Table and JSON show. Everything it writes are sessions of one app under subjects of its own, which it revokes in the
// end. It always ends by itself: each run has a duration, and a bound on the sessions that it makes.
//
// In a closed loop each client sends its next request when the last one is answered: what the store can do at most. In an
// open loop requests are due at a rate, answered or not, and a latency counts from the moment at which the request was due,
// so that a store that stalls shows in every request that had to wait (no coordinated omission).
//
// The generator runs on somebody's processors too. Where those are the store's, as in every figure that comes from a single
// machine, its share is part of the result; docs/performance/throughput.md says how large it is.
package bench
