// Package archtest holds the house: its tests fail when an import points up, when an exported name or a package has no
// comment, when a file outgrows its one idea, or when a machine's own paths and hosts get into the tree. It has no code of
// its own and nothing imports it.
package archtest
