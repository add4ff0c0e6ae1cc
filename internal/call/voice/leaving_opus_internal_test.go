package voice

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/sdp"
)

// changed is a call that is asked for other codecs.
type changed struct {
	Signalling
	to []sdp.Codec
}

func (c *changed) ChangeCodecs(codecs []sdp.Codec) { c.to = append(c.to, codecs...) }

// TestASideWithOpusLeavesItWhereTheOtherHasNot: whichever it is, whatever brought it
// about, and once.
func TestASideWithOpusLeavesItWhereTheOtherHasNot(t *testing.T) {
	const none = sdp.Codec("")
	for _, c := range []struct {
		caller, called     sdp.Codec
		toCaller, toCalled []sdp.Codec
	}{
		{sdp.Opus, sdp.Opus, nil, nil},
		{sdp.PCMU, sdp.G722, nil, nil},
		{none, sdp.Opus, nil, nil},
		{sdp.Opus, none, nil, nil},
		{sdp.Opus, sdp.PCMA, []sdp.Codec{sdp.PCMA, sdp.G722, sdp.PCMU}, nil},
		{sdp.PCMU, sdp.Opus, nil, []sdp.Codec{sdp.PCMU, sdp.G722, sdp.PCMA}},
	} {
		var calls [2]changed
		var lines [2]*Line
		for i, codec := range []sdp.Codec{c.caller, c.called} {
			lines[i] = &Line{config: Config{Call: &calls[i]}}
			if codec != none {
				lines[i].agree(dialog.Agreed{Agreement: sdp.Agreement{Codec: sdp.Format{Codec: codec}}})
				lines[i].news = lines[i].latest
			}
		}
		both := &connection{line: lines[0], seen: outgoingNews{line: lines[1]}}
		both.keepAlike()
		both.keepAlike()
		if diff := cmp.Diff([][]sdp.Codec{c.toCaller, c.toCalled}, [][]sdp.Codec{calls[0].to, calls[1].to}); diff != "" {
			t.Errorf("%q and %q (-want +got):\n%s", c.caller, c.called, diff)
		}
	}
}

// TestWhatIsOfferedBesideACaller: what they have first, Opus with what they say of it,
// and nothing else to one who has Opus alone.
func TestWhatIsOfferedBesideACaller(t *testing.T) {
	opus := sdp.Format{Payload: 96, Codec: sdp.Opus, Params: "stereo=1"}
	for _, c := range []struct {
		callers []sdp.Format
		want    []sdp.Codec
		params  string
	}{
		{nil, []sdp.Codec{sdp.G722, sdp.PCMU, sdp.PCMA}, ""},
		{[]sdp.Format{{Codec: sdp.PCMA}, {Codec: "G729/8000"}}, []sdp.Codec{sdp.PCMA, sdp.G722, sdp.PCMU}, ""},
		{[]sdp.Format{{Codec: "G729/8000"}}, []sdp.Codec{sdp.G722, sdp.PCMU, sdp.PCMA}, ""},
		{[]sdp.Format{opus, {Codec: sdp.PCMU}}, []sdp.Codec{sdp.Opus, sdp.PCMU, sdp.G722, sdp.PCMA}, "stereo=1"},
		{[]sdp.Format{{Codec: sdp.PCMU}, opus, {Codec: sdp.Opus, Params: "another"}, {Codec: sdp.PCMU}}, []sdp.Codec{sdp.PCMU, sdp.Opus, sdp.G722, sdp.PCMA}, "stereo=1"},
		{[]sdp.Format{{Codec: "G729/8000"}, opus}, []sdp.Codec{sdp.Opus}, "stereo=1"},
	} {
		codecs, params := beside(c.callers)
		if diff := cmp.Diff(c.want, codecs); diff != "" || params[sdp.Opus] != c.params {
			t.Errorf("%v: with the parameters %q, offered (-want +got):\n%s", c.callers, params[sdp.Opus], diff)
		}
	}
}
