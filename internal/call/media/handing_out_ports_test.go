package media_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/switchhook/switchhook/internal/call/media"
	"github.com/switchhook/switchhook/internal/fault"
)

const ms = time.Millisecond

func TestPortsAreThePairsOfARange(t *testing.T) {
	for _, c := range []struct {
		name        string
		first, last uint16
		want        []uint16 // none: the range is refused
	}{
		{"whole pairs", 4000, 4005, []uint16{4000, 4002, 4004}},
		{"without the last one's neighbour", 4000, 4004, []uint16{4000, 4002}},
		{"from an odd one", 4001, 4005, []uint16{4002, 4004}},
		{"the smallest", 4000, 4001, []uint16{4000}},
		{"the highest", 65533, 65535, []uint16{65534}},
		{"no pair", 4001, 4002, nil},
		{"one port", 4000, 4000, nil},
		{"the wrong way round", 4010, 4000, nil},
		{"port 0, which is any", 0, 100, nil},
		{"the last one alone", 65535, 65535, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			ports, err := media.NewPorts(c.first, c.last)
			if c.want == nil {
				if fault.CodeOf(err) != fault.Invalid {
					t.Errorf("error %v, want one of the code %s", err, fault.Invalid)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []uint16
			for range ports.Len() {
				port, err := ports.Take(0)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, port)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("ports (-want +got):\n%s", diff)
			}
			if _, err := ports.Take(time.Hour); fault.CodeOf(err) != fault.Unavailable {
				t.Errorf("one more: %v, want one of the code %s", err, fault.Unavailable)
			}
		})
	}
}

// TestPortsRestFiveSecondsAfterACall: in any order of calls, and none is in use
// twice. A port is there when any has rested.
func TestPortsRestFiveSecondsAfterACall(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const pairs = 3
		ports, err := media.NewPorts(4000, 4000+2*pairs-1)
		if err != nil {
			t.Fatal(err)
		}
		now := time.Duration(0)
		var used []uint16
		rested := map[uint16]time.Duration{}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now += time.Duration(rapid.IntRange(0, 3000).Draw(t, "pause")) * ms
			if len(used) > 0 && rapid.Bool().Draw(t, "return") {
				i := rapid.IntRange(0, len(used)-1).Draw(t, "which")
				ports.Return(used[i], now)
				rested[used[i]] = now + 5*time.Second
				used = slices.Delete(used, i, i+1)
				continue
			}
			fit := 0
			for port := uint16(4000); port < 4000+2*pairs; port += 2 {
				if !slices.Contains(used, port) && rested[port] <= now {
					fit++
				}
			}
			port, err := ports.Take(now)
			switch {
			case err != nil && fit > 0:
				t.Fatalf("%v, although %d ports have rested", err, fit)
			case err != nil:
				continue
			case port%2 != 0 || slices.Contains(used, port) || rested[port] > now:
				t.Fatalf("%d was taken at %v; in use %v, resting %v", port, now, used, rested)
			}
			used = append(used, port)
		}
	})
}

func TestPortsAreTakenByManyAtOnce(t *testing.T) {
	ports, err := media.NewPorts(4000, 4099)
	if err != nil {
		t.Fatal(err)
	}
	taken := make([]uint16, ports.Len())
	var all sync.WaitGroup
	for i := range taken {
		all.Go(func() {
			port, err := ports.Take(0)
			if err != nil {
				t.Error(err)
			}
			taken[i] = port
		})
	}
	all.Wait()
	slices.Sort(taken)
	if unique := slices.Compact(slices.Clone(taken)); len(unique) != len(taken) {
		t.Errorf("taken twice: %v", taken)
	}
	if n := ports.InUse(); n != len(taken) {
		t.Errorf("%d are in use, want all %d", n, len(taken))
	}
	for _, port := range taken {
		ports.Return(port, 0)
	}
	if n := ports.InUse(); n != 0 {
		t.Errorf("%d are in use, want none", n)
	}
}

func TestPortThatIsFreeCannotBeReturned(t *testing.T) {
	ports, err := media.NewPorts(4000, 4001)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if recover() == nil {
			t.Error("it was taken back")
		}
	}()
	ports.Return(4000, 0)
}
