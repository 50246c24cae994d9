// Package keyring keeps the cluster keys that lie in a file: it parses and writes the file, names keys by fingerprints that
// give nothing away, and follows the file while a node runs, so that a key is rotated without a restart.
//
// The file has a key a line: the first is the one that the node speaks with, and all are accepted from others. A rotation is
// three changes of the file, each on every node before the next on any: the new key is added behind the old one, then moved to the
// front, then the old one is removed. A running node refuses a change that skips a step: the others would refuse it. Keys are
// never part of an error or a log line.
package keyring
