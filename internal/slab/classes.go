package slab

// Sizes up to fineBytes come in steps of a unit, larger ones in sixteen steps a doubling: at most 15 bytes or 6 % of a piece are lost.
const (
	unit      = 16
	fineBytes = 2 << 10
	largest   = 16 << 10 // above it a piece is of the Go heap, as bytes that the collector does not walk
	fine      = fineBytes / unit
	steps     = 16
	classes   = fine + 3*steps // 2 to 4, 4 to 8, 8 to 16 KiB
)

// classOf returns the smallest class that holds n bytes.
func classOf(n int) int {
	if n <= fineBytes {
		return max((n+unit-1)/unit, 1) - 1
	}
	base, class := fineBytes, fine
	for n > 2*base {
		base, class = 2*base, class+steps
	}
	step := base / steps
	return class + (n-base+step-1)/step - 1
}

// sizeOf is what a piece of a class holds.
func sizeOf(class int) int {
	if class < fine {
		return (class + 1) * unit
	}
	doublings, step := (class-fine)/steps, (class-fine)%steps+1
	base := fineBytes << doublings
	return base + step*base/steps
}

// fit returns the size of the piece that n bytes would get.
func fit(n int) int {
	if n > largest {
		return n
	}
	return sizeOf(classOf(n))
}
