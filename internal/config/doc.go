// Package config is what a node can be told: one table of keys, from which come the command line's flags, the names of the
// environment variables, the reference page and the Config that `serve` acts on.
//
// A key is set by its flag, else by its environment variable, else by its default, each key on its own. Load reports every
// fault at once, each with what is wrong, why it matters and how to cure it. The package reads the key files and asks the
// system for its memory; it opens no port, starts no goroutine and writes nothing. Its values are plain data: safe to
// share between goroutines as long as nobody writes to them.
package config
