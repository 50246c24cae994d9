// Package power makes disks that can lose power: what was not flushed is then gone, as the kernel and the file system have it, not as a
// model of them does. It needs Linux, root and loop devices; elsewhere New is an error, never a disk that only looks as if.
package power
