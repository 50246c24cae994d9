// Package clock is the cluster clock: it makes the stamps that the leader writes into the log, which are the only time the
// state machine knows.
//
// A stamp is the stamp before it plus what the monotonic clock says has passed, bent by at most 5 % towards the median of
// the voters' wall clocks. It never goes back and never stands still. It jumps only forward, and only to that median, when
// it has fallen far behind (all nodes were down for two hours). So one broken wall clock can neither expire everyone's
// session nor keep anyone's alive.
//
// The package does no I/O: the node feeds it what its peers' clocks read. A Stamper and an Estimate are safe for
// concurrent use.
package clock
