// Package config is what a node and a client verb can be told: one table of keys, from which come the command line's flags,
// the names of the environment variables, the keys of the configuration file, the reference page, and the Config and Client
// that verbs act on.
//
// A key is set by its flag, else by its environment variable, else by the configuration file, else by its default, each key
// on its own. Load and LoadClient report every fault at once, each with what is wrong, why it matters and how to cure it. The
// package reads the configuration file and the key files and asks the system for its memory; it opens no port, starts no
// goroutine and writes nothing. Its values are plain data: safe to share between goroutines as long as nobody writes to them.
package config
