package dialog

import (
	"slices"
	"testing"
)

// A reliable 183 waits for its PRACK while another is sent that is not reliable:
// what goes out again is the first.
func TestReliableResponseIsRepeatedAsItWas(t *testing.T) {
	bob := startStation(t, UDP)
	p := reach(t, bob.Stack, 0)
	p.send(message("INVITE", slices.Concat(with("Supported: 100rel"), body("application/sdp", offer))...))
	b := bob.next()
	local := ours(5000)
	b.Ring(183, &local)
	b.Ring(183, nil)
	plain := false
	for {
		res := p.answer()
		switch reliable := res.GetHeader("RSeq") != nil; {
		case res.StatusCode == 183 && !reliable && plain:
			t.Fatal("the response without RSeq came again")
		case res.StatusCode == 183 && reliable && plain:
			return
		case res.StatusCode == 183 && !reliable:
			plain = true
		}
	}
}
