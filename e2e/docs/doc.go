// Package docs runs what the documentation tells people to run. A page is read as a person reads it, from top to bottom: its
// sh blocks go to one shell and must not fail, its console blocks must print what the page says, its Go blocks must compile
// and work, its Python must be run as a file or stand in a test. Nothing is left out in silence: a block that cannot run carries a marker with the reason, and is counted.
//
// The pages run in a network of their own, so the ports that they name are always free, and nothing may be left running when a
// page ends. Markers are HTML comments on the line before a block; see Marker.
//
// Functions here are safe for concurrent use; a Shell belongs to one page.
package docs
