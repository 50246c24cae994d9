// Package demo runs a whole sessnode on one machine for people who meet it: three real node processes in a temporary folder,
// the example login app, and twenty people who log in, click and log out. Show lets a person kill and pause nodes and
// watch; Tour does it without a person and gives a verdict.
//
// It drives the product from outside, by its command line, its HTTP API and the app's pages, and knows nothing of its inside.
// Each type says how it may be used concurrently.
//
// Whatever ends the demo, nothing is left behind. Every process and the folder are entered in a ledger inside the folder
// (Folder). A keeper process in a session of its own waits for the demo to end; where the demo did not clean up, the keeper does
// (Keep). On Linux the nodes also die with the demo. Should demo and keeper be killed together, the next demo removes the
// folder (Sweep).
package demo
