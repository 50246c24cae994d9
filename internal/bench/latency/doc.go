// Package latency counts how long operations took: in buckets whose width grows with the time, so that recording costs a
// few nanoseconds and no memory, and every quantile is right within RelativeError. It knows nothing of what is measured.
//
// A Histogram has no lock: give each worker one of its own and merge them in the end.
package latency
