// Package backups keeps files of backups: it writes them whole or not at all, and, by the clock, takes new ones into a folder and drops
// the oldest. What is in them is the business of whoever writes them. It is safe for concurrent use where nothing else is said.
package backups
