// Package tlsfiles keeps certificates that lie in files: it reads them again when the files change, so that a certificate is
// renewed without a restart, and makes a private authority and node certificates for people who have none.
//
// It starts no goroutine: files are looked at in handshakes, at most once a second. What cannot be read, or does not fit
// together, is logged and leaves what was there before in force: half of a renewal must not cut a node off. A Source is safe
// for concurrent use.
package tlsfiles
