//go:build sabotage

// Package sabotage breaks the store on purpose, so that the tests can show that they would notice. This file is compiled
// only with the tag `sabotage`; the environment variable SESSNODE_SABOTAGE names the one fault that is active.
package sabotage

import "os"

// Built says whether this build can be broken: it was made with the tag `sabotage`.
const Built = true

var active = Fault(os.Getenv("SESSNODE_SABOTAGE"))

// On reports whether the named fault is active.
func On(f Fault) bool { return f == active }
