package eval

import "strconv"

// Suggest gives the candidate nearest to what was written, or "". The distance
// is bounded by a third of the word, and by less than all of it, so that short
// names do not match anything; of equals the first candidate wins, so candidates
// come in a fixed order.
func Suggest(given string, candidates []string) string {
	if len(given) > maxSuggest {
		return ""
	}
	best, bound := "", min(max(1, len(given)/3)+1, len(given))
	for _, c := range candidates {
		if d := distance(given, c, bound); d < bound {
			best, bound = c, d
		}
	}
	return best
}

// maxSuggest bounds the names that are compared, in quadratic time.
const maxSuggest = 64

// DidYouMean is Suggest as the sentence that ends a detail, or "".
func DidYouMean(given string, candidates []string) string {
	if s := Suggest(given, candidates); s != "" {
		return " Did you mean " + strconv.Quote(s) + "?"
	}
	return ""
}

// maxHints bounds the names that one evaluation compares with misspelt ones: a
// hundred misspelt names among ten thousand.
const maxHints = 1 << 20

// DidYouMean is the function of that name for names that a stack declares, of which there may be
// many, and which may be asked for many times. names is called when there is
// something to find.
func (ev *Evaluator) DidYouMean(given string, count int, names func() []string) string {
	if ev.hints < count {
		return ""
	}
	ev.hints -= count
	return DidYouMean(given, names())
}

// distance counts the letters that must be changed, added, left out or swapped
// with their neighbour to make one word of the other (the optimal string
// alignment distance), and gives up at the bound.
func distance(a, b string, bound int) int {
	if max(len(a)-len(b), len(b)-len(a)) >= bound {
		return bound
	}
	var rows [3][2*maxSuggest + 1]int // b is no longer than a and the bound
	before, last, row := rows[0][:len(b)+1], rows[1][:len(b)+1], rows[2][:len(b)+1]
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		least := row[0]
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
			least = min(least, row[j+1])
		}
		if least > bound {
			return bound // a swap may still win one back, and no more
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
