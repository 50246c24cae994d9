package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/sessnode/sessnode/internal/bench"
	"github.com/sessnode/sessnode/internal/config"
)

// benchFlags are those of `bench` alone.
type benchFlags struct {
	plan         bench.Plan
	loop         string
	distribution string
	rate         int
	cluster      bool
	shared       int
}

func (f *benchFlags) add(flags *pflag.FlagSet) {
	p := &f.plan
	flags.Var(&numbers{list: &p.Clients}, "clients", "how many clients send at once; several numbers are measured in turn: 1,16,64,256")
	flags.Var(&routes{list: &p.Routes}, "nodes", "through which nodes: all, leader, follower (one), followers, or names with commas between; each time that it is given is measured in turn")
	flags.DurationVar(&p.Duration, "duration", p.Duration, "how long each run is measured, at most 10m")
	flags.DurationVar(&p.WarmUp, "warmup", p.WarmUp, "how long each run has gone on by then")
	flags.IntVar(&p.Repeat, "repeat", p.Repeat, "measure everything so often, in rounds, and show medians")
	flags.IntVar(&p.PayloadBytes, "payload", p.PayloadBytes, "bytes of a session's four attributes together")
	flags.IntVar(&p.Sessions, "sessions", p.Sessions, "how many sessions are made before, for requests about sessions")
	flags.StringVar(&f.distribution, "distribution", bench.Uniform.String(), "which of them are asked for: uniform, or zipf (few very often)")
	flags.StringVar(&f.loop, "loop", "closed", "closed, or open with --rate")
	flags.IntVar(&f.rate, "rate", 0, "requests that are due a second; makes an open loop")
	flags.Uint64Var(&p.Seed, "seed", p.Seed, "decides which requests are sent about which sessions")
	flags.IntVar(&f.shared, "shared", 0, "over how many connections to each node all clients send together, at most 64; 0: each has one of its own")
	flags.BoolVar(&f.cluster, "cluster", false, "start three nodes for this in a temporary folder, and measure those")
	flags.BoolVar(&p.Keep, "keep", false, "leave the sessions in the store")
	flags.BoolVar(&p.Remote, "yes", false, "put load on nodes of other hosts too")
}

// commandLine returns the flags that were typed, without the key of a URL.
func commandLine(flags *pflag.FlagSet) (args []string) {
	flags.Visit(func(f *pflag.Flag) {
		values := []string{f.Value.String()}
		if r, repeated := f.Value.(*routes); repeated {
			values = *r.list
		}
		for _, v := range values {
			args = append(args, "--"+f.Name+"="+config.HideKey(v))
		}
	})
	return args
}

// numbers is a flag of numbers with commas between.
type numbers struct{ list *[]int }

// String returns the numbers as they are typed.
func (n *numbers) String() string {
	if n.list == nil {
		return ""
	}
	texts := make([]string, len(*n.list))
	for i, v := range *n.list {
		texts[i] = strconv.Itoa(v)
	}
	return strings.Join(texts, ",")
}

// Set reads numbers, in place of those that were there.
func (n *numbers) Set(text string) error {
	*n.list = nil
	for part := range strings.SplitSeq(text, ",") {
		v, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil {
			return fmt.Errorf("%q is no number", part)
		}
		*n.list = append(*n.list, v)
	}
	return nil
}

// Type names the value in help.
func (n *numbers) Type() string { return "numbers" }

// routes is a flag that may be given several times; the first time replaces the default.
type routes struct {
	list  *[]string
	given bool
}

// String returns the routes.
func (r *routes) String() string {
	if r.list == nil {
		return ""
	}
	return strings.Join(*r.list, " ")
}

// Set adds a route.
func (r *routes) Set(text string) error {
	if !r.given {
		*r.list = nil
	}
	r.given = true
	*r.list = append(*r.list, text)
	return nil
}

// Type names the value in help.
func (r *routes) Type() string { return "nodes" }
