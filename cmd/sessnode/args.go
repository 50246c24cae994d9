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
	for i, arg := range args {
		_, err := sessnode.ParseID(arg)
		if err == nil && strings.HasPrefix(arg, "-") && (i == 0 || args[i-1] != "--except") {
			ids = append(ids, arg)
		} else {
			rest = append(rest, arg)
		}
	}
	if len(ids) == 0 {
		return args
	}
	return slices.Concat(rest, []string{"--"}, ids)
}
