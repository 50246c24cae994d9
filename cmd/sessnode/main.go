// Command sessnode is the session store: one static binary, one file a verb. A verb parses, calls and prints; what it does
// lives in the packages below.
//
// Results go to standard output, narration and logs to standard error. Failures are explained in three lines (what, why,
// what to type next) and end with a stable exit code; see exit.go.
//
// The environment variable SESSNODE_DRILL_SOCKET, set by `sessnode drill` for the nodes that it starts, ties a node to the drill: it may
// then hurt the node's network, disk and clock, and the node exits when the drill is gone. The node warns of it in its log, and refuses it
// where other hosts reach it; see puppet.go.
package main

import (
	"context"
	"os"
)

func main() {
	os.Exit(run(context.Background(), stdio{in: os.Stdin, out: os.Stdout, err: os.Stderr, env: os.LookupEnv}, os.Args[1:]))
}
