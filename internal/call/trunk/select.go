package trunk

import (
	"cmp"
	"slices"

	"github.com/switchhook/switchhook/internal/call/dialog"
)

// maxServers is how many servers of a carrier are tried for one call, or asked
// whether they are there. Real ones have two to four.
const maxServers = 8

// servers are a carrier's: what the records of its name in the DNS stand for, or
// one record for its only name or address.
type servers []record

// record is a SRV record (RFC 2782) with the addresses of its target.
type record struct {
	priority, weight uint16
	hops             []dialog.Hop
}

// order returns servers in the order in which they are to be tried (RFC 2782,
// "Usage rules"): by priority, and within one at random, in proportion to their
// weight. Each call draws again, which spreads them. Draw returns a number
// from 0 to n-1.
func (s servers) order(draw func(n int) int) []dialog.Hop {
	left := slices.Clone(s)
	slices.SortStableFunc(left, func(a, b record) int {
		return cmp.Or(cmp.Compare(a.priority, b.priority), cmp.Compare(min(a.weight, 1), min(b.weight, 1))) // those of weight 0 first
	})
	var hops []dialog.Hop
	for len(left) > 0 {
		same := len(left)
		if end := slices.IndexFunc(left, func(r record) bool { return r.priority != left[0].priority }); end > 0 {
			same = end
		}
		i := pick(left[:same], draw)
		for _, hop := range left[i].hops {
			if !slices.Contains(hops, hop) {
				hops = append(hops, hop)
			}
		}
		left = slices.Delete(left, i, i+1)
	}
	return hops[:min(len(hops), maxServers)]
}

// pick draws one of records of one priority, those of weight 0 first among them:
// they are drawn rarely, but they are.
func pick(same []record, draw func(n int) int) int {
	total := 0
	for _, r := range same {
		total += int(r.weight)
	}
	drawn, sum := draw(total+1), 0
	for i, r := range same {
		if sum += int(r.weight); sum >= drawn {
			return i
		}
	}
	return len(same) - 1
}
