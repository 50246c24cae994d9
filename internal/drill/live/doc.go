// Package live shows a drill while it is played: on a terminal a block that is redrawn in place, in a pipe a line for each thing that
// happens, for a program an object on a line.
//
// It draws what it is told, from a State; it neither asks nor judges. Lines is a pure function.
package live
