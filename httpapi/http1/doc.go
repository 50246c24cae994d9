// Package http1 reads the heads of plain HTTP/1.1 requests: the common shape, and nothing else.
//
// It never refuses a request. What is not plain beyond any doubt is Odd, and somebody else must read it, from its first byte on:
// net/http does in this program. So the strictness here is no policy, and there is no second opinion about odd requests: whatever
// Parse calls Plain, net/http accepts too and understands in the same way, which a fuzz test holds.
//
// Plain is: GET, POST, PUT, PATCH or DELETE of a path in visible ASCII; HTTP/1.1; lines that end with CR LF; fields whose names are
// tokens and whose values have no control characters; exactly one Host; at most one Content-Length, in plain digits; Connection
// absent or keep-alive. A Transfer-Encoding, Expect, Upgrade or Trailer is odd, as is a field that is folded or has a blank before its colon.
//
// The functions keep nothing and may be called concurrently.
package http1
