package voice_test

import (
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/sdp"
	"github.com/switchhook/switchhook/test/await"
)

// What two telephones say of their Opus (RFC 7587 section 6.1).
const (
	callersParams = "maxplaybackrate=16000;maxaveragebitrate=20000;useinbandfec=1"
	calledParams  = "stereo=1;sprop-stereo=1;useinbandfec=0;cbr=1"
)

// TestOpusPassesBetweenTwoWhoHaveIt: packet by packet as it was said, and each is told
// what the other says of it.
func TestOpusPassesBetweenTwoWhoHaveIt(t *testing.T) {
	for _, c := range []struct {
		name           string
		caller, called []sdp.Codec
	}{
		{"both like it best", []sdp.Codec{sdp.Opus, sdp.PCMU}, []sdp.Codec{sdp.Opus, sdp.PCMA}},
		{"the caller has nothing else", []sdp.Codec{sdp.Opus}, []sdp.Codec{sdp.PCMU, sdp.Opus}},
		{"who is called has nothing else", []sdp.Codec{sdp.PCMU, sdp.G722, sdp.Opus}, []sdp.Codec{sdp.Opus}},
	} {
		t.Run(c.name, func(t *testing.T) {
			leavesNothing(t)
			alice, bob := newOpusPhone(t, callersParams, c.caller...), newOpusPhone(t, calledParams, c.called...)
			went := make(chan string, 1)
			s := switchboard(t, connects(bob.address(), went), nil)
			call := alice.dial(s.address())
			called := bob.rings()
			called.Ring(180, nil)
			isTold[dialog.Ringing](alice)
			called.Answer(bob.local)
			theirs, ours := isTold[dialog.Agreed](bob), isTold[dialog.Agreed](alice)
			if theirs.Codec.Codec != sdp.Opus || theirs.Codec.Params != callersParams {
				t.Fatalf("who is called has %+v", theirs.Codec)
			}
			if ours.Codec.Codec != sdp.Opus || ours.Codec.Params != calledParams {
				t.Fatalf("the caller has %+v", ours.Codec)
			}
			alice.hearsOpus(50)
			bob.hearsOpus(50)
			for _, one := range []struct{ from, to *opusPhone }{{alice, bob}, {bob, alice}} {
				one.from.press('7')
				if length := one.to.hearsKey('7'); length != 100*time.Millisecond {
					t.Errorf("the key took %v", length)
				}
			}
			alice.hearsOpus(10)
			hangup(call)
			isTold[dialog.Ended](bob)
			if got := await.From(t, "an end of the connection", went); got != "answered talked"+callerHungUp {
				t.Errorf("it went %q", got)
			}
		})
	}
}
