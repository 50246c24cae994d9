// Package compose runs docker-compose.cluster.yml on a real engine: from a clean checkout to three healthy nodes, which are then killed,
// moved and listened to while people are signed in. The engine is the one that answers, or one that the test starts and stops.
//
// What the tests made is taken away by a process of its own (testdata/keeper.sh), also when they are killed. A machine without an
// engine fails the tests; nothing is skipped.
package compose
