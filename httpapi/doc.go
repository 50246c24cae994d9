// Package httpapi is the HTTP API of a node: it reads requests strictly, turns the token into its key and forgets it, asks a
// Store that it declares itself, and answers with JSON, msgpack or problem+json.
//
// One table (routes.go) lists every route with its method, pattern, role and operation. An operation is a function from a
// decoded request to a reply; it knows nothing of net/http, so that another server can be put under it: [API.Do] is the
// whole API, [API.ServeHTTP] and [Server] carry it over net/http. The contract is openapi.yaml, which is served too.
//
// What it is not: it stores nothing, decides nothing about sessions, and imports neither the node nor the state machine. No
// token reaches a log line, a metric, an error's text or an answer other than the one that made it.
//
// An API is safe for concurrent use and starts no goroutine.
package httpapi
