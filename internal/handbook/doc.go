// Package handbook writes the pages of docs/reference that say what stands elsewhere already: the HTTP API, from its contract
// httpapi/openapi.yaml, and the errors, from the table in the root package and the comments on its sentinels. So none of them
// can differ from the program for long: a test compares the pages with what would be written now.
//
//	go test ./internal/handbook -update     writes them
//
// It is not part of the binary. Its functions are pure and safe for concurrent use.
package handbook
