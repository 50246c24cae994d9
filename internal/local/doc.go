// Package local runs a cluster of real sessnode processes on this machine that leaves nothing behind: what the demo, the load of bench
// and drills stand on.
//
// It drives the product from outside, by its command line and its HTTP API, and knows nothing of its inside. Each type says how it may
// be used concurrently.
//
// A cluster that runs elsewhere can be asked and told in the same way (Attach), but not started, stopped or looked into.
//
// Whatever ends the program that uses it, no process and no folder is left. Every process and the folder are entered in a ledger inside
// the folder (Folder). A keeper process in a session of its own waits for the program to end; where that did not clean up, the keeper
// does (Keep). On Linux the nodes also die with the program. Should program and keeper be killed together, the next one removes the
// folder (Sweep).
package local
