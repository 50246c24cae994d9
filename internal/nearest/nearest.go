// Package nearest finds the name that somebody meant who typed another one.
package nearest

// Name returns the name that was probably meant: the one that differs from what was typed by the fewest letters, or ""
// where all differ by more than a third, or in every letter.
func Name(typed string, names []string) string {
	best, least := "", len(typed)/3+1
	for _, name := range names {
		if d := distance(typed, name); d >= len(typed) {
			continue
		} else if d < least || d == least && best == "" {
			best, least = name, d
		}
	}
	return best
}

// distance counts the letters to insert, remove or replace between a and b (Levenshtein). Long names are far from everything: what
// was typed may be as long as a request's body.
func distance(a, b string) int {
	if len(a) > 2*len(b)+2 {
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
