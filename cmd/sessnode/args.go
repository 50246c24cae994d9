package main

import (
	"slices"
	"strings"

	"github.com/sessnode/sessnode"
)

// idsLast moves ids that begin with a dash behind "--", so that they are not taken for flags: one id in 64 begins so. The
// value of --except stays where it is.
func idsLast(args []string) []string {
	if slices.Contains(args, "--") {
		return args
	}
	var rest, ids []string
	dashed := false
	for i, arg := range args {
		_, err := sessnode.ParseID(arg)
		dash := strings.HasPrefix(arg, "-")
		behindID := i > 0 && len(ids) > 0 && args[i-1] == ids[len(ids)-1]
		value := i > 0 && !behindID && (args[i-1] == "--except" || !dash && strings.HasPrefix(args[i-1], "-")) // may be a flag's
		if err != nil || value {
			rest = append(rest, arg)
			continue
		}
		ids = append(ids, arg) // also those that need not move: their order is that in which results are printed
		dashed = dashed || dash
	}
	if !dashed {
		return args
	}
	return slices.Concat(rest, []string{"--"}, ids)
}
