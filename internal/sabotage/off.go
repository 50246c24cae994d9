//go:build !sabotage

// Package sabotage breaks the store on purpose, so that the tests can show that they would notice. In a build without the
// tag `sabotage` every fault is a constant false and disappears; such a build cannot be broken by any setting.
package sabotage

// On reports whether the named fault is active: never, in this build.
func On(Fault) bool { return false }

// Built says whether this build can be broken: it was made with the tag `sabotage`.
const Built = false
