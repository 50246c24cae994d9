package bench

import (
	"fmt"
	"math/rand/v2"
)

// Distribution says how often each session is asked for.
type Distribution uint8

// The distributions.
const (
	Uniform Distribution = iota // all alike
	Zipf                        // few very often: the k-th most wanted in proportion to k^-1.1
)

// zipfExponent is a little above the 0.99 of YCSB: Go's generator needs more than 1.
const zipfExponent = 1.1

// String returns the distribution's name.
func (d Distribution) String() string { return [...]string{Uniform: "uniform", Zipf: "zipf"}[d] }

// ParseDistribution finds a distribution by its name.
func ParseDistribution(name string) (Distribution, error) {
	for _, d := range []Distribution{Uniform, Zipf} {
		if d.String() == name {
			return d, nil
		}
	}
	return 0, fmt.Errorf("no distribution is called %q: there are uniform and zipf", name)
}

// picker returns a function that picks one of n places. It is for one goroutine.
func (d Distribution) picker(rng *rand.Rand, n int) func() int {
	if d == Zipf && n > 1 {
		z := rand.NewZipf(rng, zipfExponent, 1, uint64(n-1))
		return func() int { return int(z.Uint64()) }
	}
	return func() int { return rng.IntN(n) }
}
