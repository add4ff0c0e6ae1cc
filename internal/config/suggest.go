package config

import "strings"

// nearest returns the candidate that a mistyped name was most likely meant to
// be, or "": the one within a few slips of the hand, else the one that has the
// same last part and only stands elsewhere.
func nearest(name string, candidates []string) string {
	best, fewest := "", allowedSlips(name)+1
	for _, c := range candidates {
		if n := slips(name, c, fewest); n < fewest {
			best, fewest = c, n
		}
	}
	if best != "" {
		return best
	}
	for _, c := range candidates {
		if last(c) == last(name) {
			return c
		}
	}
	return ""
}

func last(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }

// allowedSlips is how many letters may be wrong in a name before it is another
// name: one in four, so that short names are not taken for each other.
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
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			wrong := 1
			if a[i-1] == b[j-1] {
				wrong = 0
			}
			row[j] = min(above[j]+1, row[j-1]+1, above[j-1]+wrong)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, above, row = above, row, before
	}
	return min(above[len(b)], limit)
}
