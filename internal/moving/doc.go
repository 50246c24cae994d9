// Package moving carries sessions of other stores into a cluster: it reads the lines of one documented format
// (docs/reference/import-format.md), judges each by the app's policy, and imports them by key, many at once. It knows nothing of
// the stores that the sessions come from, and never decodes a value: what is pickled stays bytes.
//
// A token that a line brings is hashed when the line is read. No text of this package, errors included, quotes a value of a line,
// because any of them may be a token that stands in the wrong place.
package moving
