package check

import (
	"github.com/sessnode/sessnode/internal/drill/history"
)

// Quorums checks that nothing was acknowledged that was asked and answered while a majority of the nodes stood still: neither
// a write, which needs their logs, nor a read, which needs their word.
func Quorums(ops []history.Op, stood []Span) []Violation {
	var out []Violation
	for _, span := range stood {
		acked := 0
		for i := range ops {
			op := &ops[i]
			if !op.OK() || op.Call <= span.Call || op.Return >= span.Return {
				continue
			}
			if acked++; acked == 1 {
				out = append(out, violation(NoQuorum, "at %v, while a majority stood still: %s", op.Call, describe(op)))
			}
		}
	}
	return out
}
