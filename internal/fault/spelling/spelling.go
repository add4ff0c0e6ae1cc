// Package spelling finds the name that somebody meant when they mistyped it.
package spelling

import "strings"

// Nearest returns the candidate that a mistyped name was most likely meant to
// be, within a few typos. Empty: there is none.
func Nearest(name string, candidates []string) string {
	best, fewest := "", allowedSlips(name)+1
	for _, c := range candidates {
		if n := slips(name, c, fewest); n < fewest {
			best, fewest = c, n
		}
	}
	return best
}

// asNamesGo writes a name as field names are written.
var asNamesGo = strings.NewReplacer(" ", "_", "-", "_", "[]", "")

// Loosely is Nearest for names that people copy into forms and files: it ignores
// letter case, spaces and hyphens.
func Loosely(name string, candidates []string) string {
	return Nearest(asNamesGo.Replace(strings.ToLower(strings.TrimSpace(name))), candidates)
}

// allowedSlips is how many letters may be wrong in a name before it counts as
// another name: one in four, so that short names are not confused.
func allowedSlips(name string) int { return min(max(len(name)/4, 1), 3) }

// slips counts the letters that are missing, too many, wrong or swapped with
// their neighbour between two names, or returns limit where there are as many.
func slips(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	before, above, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range above {
		above[j] = j
	}
	leastAbove := 0
	for i := 1; i <= len(a); i++ {
		row[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			wrong := 1
			if a[i-1] == b[j-1] {
				wrong = 0
			}
			row[j] = min(above[j]+1, row[j-1]+1, above[j-1]+wrong)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
			least = min(least, row[j])
		}
		if least >= limit && leastAbove >= limit { // what comes is counted from these two rows
			return limit
		}
		leastAbove = least
		before, above, row = above, row, before
	}
	return min(above[len(b)], limit)
}
