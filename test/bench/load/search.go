//go:build linux

package main

// search returns the most, to within a tenth, that is well by a trial: twice as much
// each time, then by bisection. 0: the first was not.
func search(first, most int, well func(n int) (bool, error)) (int, error) {
	good, bad := 0, 0
	for next := first; bad == 0 && next <= most; next *= 2 {
		ok, err := well(next)
		if err != nil {
			return 0, err
		}
		if ok {
			good = next
		} else {
			bad = next
		}
	}
	for bad != 0 && good != 0 && bad-good > max(1, good/10) {
		middle := (good + bad) / 2
		ok, err := well(middle)
		if err != nil {
			return 0, err
		}
		if ok {
			good = middle
		} else {
			bad = middle
		}
	}
	return good, nil
}
