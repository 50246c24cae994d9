// Package demo runs a whole sessnode on one machine for people who meet it: three real node processes in a temporary folder,
// the example login app, and twenty people who log in, click and log out. Show lets a person kill and pause nodes and
// watch; Tour does it without a person and gives a verdict.
//
// The nodes, and what cleans up behind them, are internal/local; the people are internal/people. Whatever ends the demo, nothing is
// left behind.
package demo
