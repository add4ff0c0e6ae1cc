package trunk

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/switchhook/switchhook/internal/call/dialog"
)

// hopAt returns the server whose address ends with a number.
func hopAt(n byte) dialog.Hop {
	return dialog.Hop{Network: dialog.UDP, Address: netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, n}), 5060)}
}

// ends returns servers by the numbers that their addresses end with.
func ends(hops []dialog.Hop) string {
	var all []string
	for _, h := range hops {
		all = append(all, fmt.Sprint(h.Address.Addr().As4()[3]))
	}
	return strings.Join(all, " ")
}

func at(priority, weight uint16, hops ...byte) record {
	r := record{priority: priority, weight: weight}
	for _, n := range hops {
		r.hops = append(r.hops, hopAt(n))
	}
	return r
}

func TestServersAreTriedByPriorityAndWeight(t *testing.T) {
	lowest := func(int) int { return 0 }
	highest := func(n int) int { return n - 1 }
	for _, c := range []struct {
		name    string
		servers servers
		draw    func(int) int
		want    string
	}{
		{"none", nil, lowest, ""},
		{"one", servers{at(0, 0, 1)}, lowest, "1"},
		{"the lower number comes first", servers{at(20, 0, 1), at(10, 0, 2), at(30, 0, 3)}, lowest, "2 1 3"},
		{"weight does not outdo priority", servers{at(20, 100, 1), at(10, 0, 2)}, highest, "2 1"},
		{"weight 0 is drawn by 0", servers{at(0, 5, 1), at(0, 0, 2), at(0, 5, 3)}, lowest, "2 1 3"},
		{"and else last", servers{at(0, 5, 1), at(0, 0, 2), at(0, 5, 3)}, highest, "3 1 2"},
		{"all of weight 0 stay as they came", servers{at(0, 0, 3), at(0, 0, 1), at(0, 0, 2)}, lowest, "3 1 2"},
		{"a target with several addresses", servers{at(10, 0, 1, 2), at(20, 0, 3)}, lowest, "1 2 3"},
		{"one address of two targets", servers{at(10, 0, 1, 2), at(20, 0, 2, 3)}, lowest, "1 2 3"},
		{"too many", servers{at(1, 0, 1, 2, 3, 4, 5), at(2, 0, 6, 7, 8, 9)}, lowest, "1 2 3 4 5 6 7 8"},
	} {
		before := fmt.Sprint(c.servers)
		if got := ends(c.servers.order(c.draw)); got != c.want {
			t.Errorf("%s: %q, not %q", c.name, got, c.want)
		}
		if fmt.Sprint(c.servers) != before {
			t.Errorf("%s: the records were changed", c.name)
		}
	}
}

// Of weights 3, 1 and 0 the first gets three calls of four, and the last hardly any,
// but it does.
func TestCallsAreSpreadByWeight(t *testing.T) {
	s := servers{at(0, 300, 1), at(0, 100, 2), at(0, 0, 3)}
	random := rand.New(rand.NewPCG(1, 2))
	first := map[string]int{}
	const calls = 100_000
	for range calls {
		first[ends(s.order(random.IntN)[:1])]++
	}
	for end, want := range map[string]float64{"1": 0.75, "2": 0.25, "3": 1. / 401} {
		if share := float64(first[end]) / calls; share < 0.9*want || share > 1.1*want {
			t.Errorf("%s gets %.4f of the calls, not %.4f", end, share, want)
		}
	}
}

func TestEachServerIsTriedOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s servers
		for i := range rapid.IntRange(0, maxServers).Draw(t, "servers") {
			s = append(s, at(uint16(rapid.IntRange(0, 3).Draw(t, "priority")), uint16(rapid.SampledFrom([]int{0, 0, 1, 10, 65535}).Draw(t, "weight")), byte(i)))
		}
		hops := s.order(func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "drawn") })
		if len(hops) != len(s) {
			t.Fatalf("%d of %d servers", len(hops), len(s))
		}
		var priorities []uint16
		for _, h := range hops {
			i := slices.IndexFunc(s, func(r record) bool { return r.hops[0] == h })
			priorities = append(priorities, s[i].priority)
		}
		if !slices.IsSorted(priorities) {
			t.Fatalf("the priorities are %v", priorities)
		}
	})
}

func TestSuspectsAreTriedLast(t *testing.T) {
	hops := []dialog.Hop{hopAt(1), hopAt(2), hopAt(3)}
	s := make(suspects)
	var got []string
	for _, step := range []func(){
		func() {},
		func() { s.note(hopAt(1), 0, clock(0)) },
		func() { s.note(hopAt(2), 0, clock(60)) }, // all but the third: the one that was suspected first is tried first
		func() { s.note(hopAt(3), 30e9, clock(60)) },
		func() { s.clear(hopAt(2)) },
	} {
		step()
		got = append(got, ends(s.last(hops, clock(61))))
	}
	got = append(got, ends(s.last(hops, clock(91))), ends(s.last(hops, clock(300))))
	if diff := cmp.Diff([]string{"1 2 3", "2 3 1", "3 1 2", "3 1 2", "2 3 1", "2 3 1", "1 2 3"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	s.note(hopAt(1), 24*3600e9, clock(0))
	if got := ends(s.last(hops, clock(3601))); got != "1 2 3" {
		t.Errorf("a server that asks not to be used for a day is tried after an hour: %s", got)
	}
	s.note(hopAt(3), 0, clock(7200))
	if len(s) != 1 {
		t.Errorf("what is over is remembered: %v", s)
	}
}
