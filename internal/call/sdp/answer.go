package sdp

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Agreement is what both sides have said they do, from where we stand.
type Agreement struct {
	Codec  Format // what we send, with the other side's number and parameters
	Events Format // the keys that we send; its Codec is "" where they were not agreed on

	// Receive is what may arrive, with our numbers, the keys included.
	Receive []Format

	Ptime     time.Duration  // the sound in each packet that we send: 10 to 60 ms
	Remote    netip.AddrPort // where we send; zero where their packets must tell, and on hold by address
	Direction Direction      // ours: whether we send, whether we receive
	Held      bool           // they want no sound: we are on hold
}

// UnacceptableError says that nothing can be agreed on: an INVITE is answered 488
// with a Warning (RFC 3261 sections 21.4.26 and 20.43), a call whose answer is
// such ends.
type UnacceptableError struct {
	Warning int    // the warn-code
	Reason  string // the warn-text, which needs no escaping within quotation marks
}

// The warn-codes of RFC 3261 section 20.43.
const (
	warnNetwork   = 301 // incompatible network address formats
	warnTransport = 302 // incompatible transport protocol
	warnMedia     = 304 // media type not available
	warnFormat    = 305 // incompatible media format
)

// Error returns the reason.
func (e *UnacceptableError) Error() string { return e.Reason }

// answer returns our answer's lines to an offer, what is agreed on then, and
// which line it is. The first line of sound that we can do is taken, because
// some phones offer secure and plain sound side by side.
func (l *Local) answer(offer *Description) (lines []Media, agreed Agreement, at int, err error) {
	refusal := &UnacceptableError{warnMedia, "no audio was offered"}
	at = -1
	for i := range offer.Media {
		theirs := &offer.Media[i]
		lines = append(lines, theirs.refused())
		if at >= 0 || !theirs.isSound() {
			continue
		}
		m, unfit := l.answerLine(theirs)
		switch {
		case unfit == nil:
			at, lines[i] = i, m
		case refusal.Warning != warnFormat: // which says most of what could be done about it
			refusal = unfit
		}
	}
	if at < 0 {
		return nil, Agreement{}, 0, refusal
	}
	return lines, agree(&lines[at], &offer.Media[at]), at, nil
}

// answerLine returns our answer to a line of sound: one codec, so that the other
// side does not change it in the middle of a call, and its telephone-event, with
// the offer's numbers.
func (l *Local) answerLine(theirs *Media) (Media, *UnacceptableError) {
	if unfit := l.reach(theirs); unfit != nil {
		return Media{}, unfit
	}
	m := Media{
		Kind: theirs.Kind, Port: l.Address.Port(), Protocol: theirs.Protocol, Address: l.Address.Addr().Unmap(),
		Direction: l.Direction.answered(theirs.wanted()), Ptime: theirs.packetTime(), MaxPtime: maxPtime,
	}
	i := l.choose(theirs.Formats)
	if i < 0 {
		return Media{}, &UnacceptableError{warnFormat, fmt.Sprintf("no codec in common: offered were %s, accepted are %s",
			listed(codecsOf(theirs.Formats)), listed(l.Codecs))}
	}
	m.Formats = append(m.Formats, theirs.Formats[i])
	if event, ok := eventBeside(theirs.Formats[i].Codec, theirs.Formats); ok {
		m.Formats = append(m.Formats, event)
	}
	for i, f := range m.Formats {
		m.Formats[i].Params = l.params(f.Codec, f.Params)
	}
	return m, nil
}

// choose returns which of the formats of an offer is taken, or -1.
func (l *Local) choose(formats []Format) int {
	taken := func(f Format) bool { return slices.Contains(l.Codecs, f.Codec) }
	preferred := slices.IndexFunc(formats, func(f Format) bool { return f.Codec == l.Prefer && taken(f) })
	if preferred >= 0 {
		return preferred
	}
	return slices.IndexFunc(formats, taken)
}

// reach returns why no sound can flow between us and a line, or nil. RTP/AVPF is
// RTP/AVP to a side that sends no early feedback (RFC 4585).
func (l *Local) reach(theirs *Media) *UnacceptableError {
	switch strings.ToUpper(theirs.Protocol) {
	case "RTP/AVP", "RTP/AVPF":
	default:
		return &UnacceptableError{warnTransport, "accepted is RTP/AVP, not " + theirs.Protocol}
	}
	if to := theirs.target(); to.IsValid() && to.Addr().Is4() != l.Address.Addr().Unmap().Is4() {
		return &UnacceptableError{warnNetwork, "the address is of another IP version than ours"}
	}
	return nil
}

// eventBeside returns the telephone-event among formats that goes with a codec.
func eventBeside(codec Codec, formats []Format) (event Format, ok bool) {
	for _, want := range eventsBeside(codec) {
		if i := slices.IndexFunc(formats, func(f Format) bool { return f.Codec == want }); i >= 0 {
			return formats[i], true
		}
	}
	return Format{}, false
}

// agree returns what our line and theirs say together; its Codec is "" if they
// have none in common.
func agree(ours, theirs *Media) Agreement {
	a := Agreement{
		Ptime:     theirs.packetTime(),
		Remote:    theirs.target(),
		Direction: ours.Direction.answered(theirs.wanted()),
		Held:      !theirs.wanted().Receives(),
	}
	common := inCommon(theirs.Formats, ours.Formats)
	if i := slices.IndexFunc(common, func(f Format) bool { return !f.Codec.isEvent() }); i >= 0 {
		a.Codec = common[i]
		a.Events, _ = eventBeside(a.Codec.Codec, common)
	}
	a.Receive = inCommon(ours.Formats, theirs.Formats)
	return a
}

// inCommon returns the formats whose codecs are among those of others.
func inCommon(formats, others []Format) []Format {
	codecs := codecsOf(others)
	return slices.DeleteFunc(slices.Clone(formats), func(f Format) bool {
		return f.Codec == "" || !slices.Contains(codecs, f.Codec)
	})
}

func codecsOf(formats []Format) []Codec {
	codecs := make([]Codec, len(formats))
	for i, f := range formats {
		codecs[i] = f.Codec
	}
	return codecs
}

// maxListed is how many codecs a Warning names.
const maxListed = 8

// listed returns the codecs of sound for a sentence.
func listed(codecs []Codec) string {
	var names []string
	for _, c := range codecs {
		if c != "" && !c.isEvent() {
			names = append(names, string(c))
		}
	}
	switch {
	case len(names) == 0:
		return "none by name"
	case len(names) > maxListed:
		names = append(names[:maxListed], "others")
	}
	return strings.Join(names, ", ")
}
