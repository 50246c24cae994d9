// Package doctor finds the usual mistakes around one node, before and after it starts, and names the cure of each.
//
// It looks at what the node was told (its configuration, with key files and certificates), at the host (ports, disk, data directory, memory,
// limits, clock) and at the other nodes, as the node itself would meet them: it runs the challenge of the node port with the node's
// own keys. It changes nothing but a file of a few KiB in the data directory's place, to measure the disk, which it removes. No
// finding holds a secret. Each file has the checks of one subject; Examine runs them side by side, within a few seconds.
package doctor
