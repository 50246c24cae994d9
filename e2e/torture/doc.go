// Package torture asks a web application, from outside and over HTTP, what becomes of its sessions when requests overlap, when
// people sign in and out meanwhile, and when the store dies. It knows nothing of what the application is made of: any program
// with the five routes that README.md describes can be judged, ours and others alike.
//
// Races are made, not waited for: a request that asks for it is held by its own handler between loading the session and
// returning, at a gate that this package keeps, until the trial lets it go. So a defect shows every time, and its absence means
// something.
//
// A trial that could not be played to its end is inconclusive, and never counts as kept.
package torture
