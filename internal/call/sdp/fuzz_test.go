package sdp_test

import (
	"errors"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/sdp"
	"github.com/switchhook/switchhook/internal/fault"
)

// FuzzParse reads anything, and answers it in an answer that keeps the rules and
// is no longer than the offer by more than our own line.
func FuzzParse(f *testing.F) {
	for _, offer := range everyOffer {
		f.Add([]byte(offer))
	}
	same := cmp.Comparer(func(a, b netip.Addr) bool { return a == b })
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := sdp.Parse(text)
		if err != nil {
			if fault.CodeOf(err) != fault.Invalid || len(err.Error()) > 200 {
				t.Fatalf("%v is not a short error of what was given", err)
			}
			return
		}
		if len(text) > 32<<10 {
			return // with names for all numbers it may be too long to be read again
		}
		again, err := sdp.Parse(d.Bytes())
		if err != nil {
			t.Fatalf("%v, of\n%s", err, d.Bytes())
		}
		if diff := cmp.Diff(d, again, same); diff != "" {
			t.Fatalf("%s (-read +read again):\n%s", d.Bytes(), diff)
		}
		for _, local := range []sdp.Local{us(sdp.PCMU, sdp.Opus), us6()} {
			session := sdp.NewSession(7)
			answer, _, err := session.Answer(d, local)
			if refused, ok := errors.AsType[*sdp.UnacceptableError](err); ok {
				if len(refused.Reason) > 1000 {
					t.Fatalf("a reason of %d bytes", len(refused.Reason))
				}
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			if broken := breaks(d, answer); broken != "" {
				t.Fatalf("%s, by\n%s\nto\n%s", broken, answer.Bytes(), text)
			}
			if n := len(answer.Bytes()); n > len(text)+500 {
				t.Fatalf("an answer of %d bytes to an offer of %d", n, len(text))
			}
			_ = session.Offer(local).Bytes()
			if _, err := session.Accept(answer); err != nil {
				t.Fatalf("our offer is not answered by what is in it: %v", err)
			}
		}
	})
}
