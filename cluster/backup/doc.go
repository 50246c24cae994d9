// Package backup is the file that an operator keeps: a state of the cluster at one position of its log. It writes, reads and verifies
// files, and knows nothing of nodes. Everything here may be used concurrently, each stream by one goroutine.
//
// A file is the magic "SSNB", a version byte, a header, a snapshot as package fsm writes it, and the SHA-256 of all bytes before. The header
// is its length and CRC-32C (4 bytes each, big endian) and JSON, in which unknown fields are passed over. There is no token in it: the
// state machine has only hashes.
package backup
