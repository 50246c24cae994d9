// Package frames carries many HTTP/1.1 requests at once over one connection, so that they share the reads and writes of its socket: with
// many small requests those cost more than all else.
//
// The connection begins as HTTP and is turned by "Upgrade: sessnode-frames/1" at /v1/frames. From then on both sides send frames: four bytes
// with the number of bytes that follow the first eight, four bytes with a number that the client chose (both big-endian), and one whole request or
// answer, head and body, exactly as it would stand on a connection of its own. Answers come in any order. A frame with the number 0, empty
// and from the server, says that no more requests should be sent: the client closes the connection when it has its answers.
//
// A Reader belongs to one goroutine; a Writer and a Link are safe for concurrent use.
package frames

// How the connection is asked for.
const (
	Path     = "/v1/frames"
	Protocol = "sessnode-frames/1"
)

const (
	// MaxRequest is how large a request may be that comes in a frame, in bytes. Larger ones go over a connection of their own, where
	// they hold up nobody.
	MaxRequest = 64 << 10

	// MaxUnderWay is how many requests of one connection are worked on at a time. A client has no more of them unanswered: what a server
	// does not read for long, it must not carry out any more.
	MaxUnderWay = 256

	headBytes = 8
)
