package eval

import (
	"strconv"

	"github.com/agext/levenshtein"
)

// Suggest gives the candidate nearest to what was written, or "". The distance
// is bounded by a third of the word, so that short names do not match anything;
// of equals the first candidate wins, so candidates come in a fixed order.
func Suggest(given string, candidates []string) string {
	best, bestDist := "", max(1, len(given)/3)+1
	for _, c := range candidates {
		if abs(len(c)-len(given)) >= bestDist {
			continue
		}
		if d := levenshtein.Distance(given, c, nil); d < bestDist {
			best, bestDist = c, d
		}
	}
	return best
}

// DidYouMean is Suggest as the sentence that ends a detail, or "".
func DidYouMean(given string, candidates []string) string {
	if s := Suggest(given, candidates); s != "" {
		return " Did you mean " + strconv.Quote(s) + "?"
	}
	return ""
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}
