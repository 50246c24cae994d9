// Package talk speaks the protocols of the stores that sessnode is compared with, as leanly as package wire speaks sessnode's
// own: one connection, one request at a time, no goroutine, no allocation where one can be helped. The generator shares its
// processors with the servers, and what a client costs would otherwise count as the server's slowness: an official gRPC
// client alone takes several times what the rest of the generator does.
//
// RESP is Redis's protocol, GRPC is gRPC over HTTP/2 without TLS, NATS that of NATS servers, PG version 3 of PostgreSQL's. They know
// what a benchmark on loopback needs, and no more: no TLS, no passwords.
package talk
