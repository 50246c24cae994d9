// Package offline is what is done to data directories of nodes that do not run: a backup is restored into an empty one, and one that
// survived the loss of a majority is recovered. Both begin a new life (generation) of the cluster with one voter; who was part of an
// earlier life is refused by the generation that every connection, cursor and index names.
//
// Nothing here is safe for concurrent use, and a directory is held by its lock all the while: no node can run on it.
package offline
