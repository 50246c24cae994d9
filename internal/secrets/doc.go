// Package secrets makes all keys and certificates that a cluster needs to be closed to strangers, in one folder for each who
// needs them, and completes what is there: it never replaces a key.
//
//	nodes/     cluster.key, api.keys (hashes), ca.crt, NODE.crt and NODE.key    what a node reads
//	operator/  ops.key, ca.key, ca.crt                                         what stays with the operator
//	apps/      APP.key                                                         what app servers read
//
// Every file is for its owner only and appears whole or not at all, and a key before its hash, so that a run that was cut short is
// completed by the next. It is not safe for concurrent use on one folder.
package secrets
