package main

import "time"

const (
	redisRate = 60000.0  // commands a second over one connection, pipelined, on a slow processor
	stateRate = 100000.0 // sessions a second that are written to a snapshot at half speed, or read from one
)

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// forecastMemory says about how long a measurement of memory takes from when the first few sessions are there, which says how fast they are made.
func forecastMemory(o options, rate float64) time.Duration {
	n := float64(o.sessions)
	churned := n / float64(stride(o.sessions))
	changes := (patches + 2.0/3) * churned
	return 2*o.rest + min(steadyFor, 2*o.span) + seconds((n+changes)/rate+n/stateRate+2*(n+changes)/redisRate)
}

// forecastFlat says about how long a run takes from when the first few sessions are there.
func forecastFlat(o options, rate float64) time.Duration {
	n := float64(o.sessions)
	events := 6 * (2*o.span + o.settle)
	return o.calibrate + 2*(2*o.settle+2*o.span) + events + o.storm + o.lead + seconds((n+1.3*float64(o.stormSize)+float64(o.subject))/rate+4*n*float64(max(o.nodes, 1))/stateRate)
}
