package softphone_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/sdp"
	"github.com/switchhook/switchhook/internal/call/softphone"
	"github.com/switchhook/switchhook/test/handset"
)

// outside is the address of a router: another of this machine.
var outside = netip.MustParseAddr("127.0.0.2")

// converseOver has two phones in a call whose sound goes over a relay. It is the
// router of the one that is called.
func converseOver(t *testing.T, i softphone.Impairment) (caller, callee *handset.Call, relay *softphone.Relay) {
	t.Helper()
	alice := handset.Start(t, softphone.Config{Strict: true})
	bob := handset.Start(t, softphone.Config{PublicMedia: outside})
	a := alice.Dial(bob.Address())
	b := bob.Rings()
	relay, err := softphone.NewRelay(netip.AddrPortFrom(outside, b.Media().Port()), b.Media(), i)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(relay.Close)
	b.Answer()
	handset.Expect[dialog.Answered](a)
	handset.Expect[dialog.Answered](b)
	return a, b, relay
}

func TestLossAndDelayShowInWhatIsHeard(t *testing.T) {
	t.Parallel()
	a, b, relay := converseOver(t, softphone.Impairment{Seed: 1, Loss: 0.1, Delay: 150 * time.Millisecond})
	heard := b.Hear()
	sound := tone(8000, test1kHz)
	for range 3 {
		if _, err := a.Say(sound); err != nil {
			t.Fatal(err)
		}
		handset.Expect[softphone.Said](a)
	}
	waitFor(t, heard, 3*time.Second)
	a.Hangup()
	ended := handset.Expect[softphone.Ended](b)
	if loss := ended.Received.Loss(); loss < 0.04 || loss > 0.2 {
		t.Errorf("%.2f of the packets were lost: %+v", loss, ended.Received)
	}
	if c := relay.Counts(); c.Lost < ended.Received.Lost || c.Passed < ended.Received.Received {
		t.Errorf("%+v arrived of %+v", ended.Received, c)
	}
	if ended.Remote.Addr() != outside {
		t.Errorf("the sound comes from %v, not from the router", ended.Remote)
	}
	var missing time.Duration
	for _, g := range heard.Gaps() {
		missing += g.Length
	}
	if least := time.Duration(ended.Received.Lost) * 20 * time.Millisecond; missing < least {
		t.Errorf("gaps of %v were heard, and %v lost", missing, least)
	}
	isPure(t, heard)
}

func TestPacketsThatOvertakeAndComeTwiceAreHeardOnce(t *testing.T) {
	t.Parallel()
	a, b, _ := converseOver(t, softphone.Impairment{Seed: 1, Duplicate: 0.2, Reorder: 0.2, Delay: 20 * time.Millisecond})
	heard := b.Hear()
	if _, err := a.Say(tone(8000, test1kHz)); err != nil {
		t.Fatal(err)
	}
	waitFor(t, heard, 1500*time.Millisecond)
	a.Hangup()
	if ended := handset.Expect[softphone.Ended](b); ended.Received.Reordered == 0 || ended.Received.Duplicates == 0 {
		t.Errorf("the figures are %+v", ended.Received)
	}
	isPure(t, heard)
}

func TestRouterThatWasRestartedIsLearnedWithTheNextAgreement(t *testing.T) {
	t.Parallel()
	a, b, relay := converseOver(t, softphone.Impairment{})
	heard := b.Hear()
	waitFor(t, heard, 100*time.Millisecond)
	relay.Restart()
	a.Hold()
	handset.ExpectThat(b, func(e dialog.Agreed) bool { return e.Held })
	handset.ExpectThat(a, func(e dialog.Agreed) bool { return e.Direction == sdp.SendOnly })
	a.Resume()
	handset.ExpectThat(b, func(e dialog.Agreed) bool { return !e.Held })
	handset.ExpectThat(a, func(e dialog.Agreed) bool { return e.Direction == sdp.SendRecv })
	if _, err := a.Say(tone(8000, test1kHz)); err != nil {
		t.Fatal(err)
	}
	handset.Expect[softphone.Said](a)
	waitFor(t, heard, 1100*time.Millisecond)
	a.Hangup()
	isPure(t, heard)
}
