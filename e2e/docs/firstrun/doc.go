// Package firstrun follows the first two commands of the README on a machine with nothing but Go: an empty home, empty caches,
// no compiler, no git. It is apart from package docs because it needs the network from which modules come.
//
// It has tests only.
package firstrun
