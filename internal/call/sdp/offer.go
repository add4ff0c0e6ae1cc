package sdp

import (
	"net/netip"
	"slices"
)

// Local is our side of a call's sound.
type Local struct {
	Address netip.AddrPort // where we receive RTP, as the other side reaches it

	// Codecs are those that we take, keys pressed left out. Their order is that
	// of our offers; an answer goes by the order of the offer (RFC 3264 section
	// 6.1).
	Codecs []Codec

	// Prefer is the codec that an answer takes wherever it stands in the offer: that
	// of the other leg, whose sound then passes as it is. Optional.
	Prefer Codec

	// Params is what we say of a codec in a=fmtp; optional. For Opus, which is
	// passed through, it is what the other leg said.
	Params map[Codec]string

	// Direction is what we want: SendRecv, or what the other leg on hold leaves.
	Direction Direction
}

// offer returns the line of sound of an offer after one of ours with the formats
// of last.
func (l *Local) offer(numbers *payloads, last []Format) Media {
	m := Media{
		Kind: "audio", Port: l.Address.Port(), Protocol: "RTP/AVP",
		Address: l.Address.Addr().Unmap(), Direction: l.Direction, Ptime: usualPtime, MaxPtime: maxPtime,
	}
	for _, codec := range l.withEvents() {
		if number, ok := numbers.number(codec, last); ok {
			m.Formats = append(m.Formats, Format{Payload: number, Codec: codec, Params: l.params(codec, "0-16")})
		}
	}
	return m
}

// withEvents returns the codecs, and behind them the telephone-events that may go with
// each of them.
func (l *Local) withEvents() []Codec {
	codecs := slices.Clone(l.Codecs)
	for _, c := range l.Codecs {
		for _, event := range eventsBeside(c) {
			if !slices.Contains(codecs, event) {
				codecs = append(codecs, event)
			}
		}
	}
	return codecs
}

// after returns our side once a codec was agreed on. A call keeps Opus for as long as
// the other side has it, and does not begin it later: its other leg would have to.
func (l Local) after(agreed Codec) Local {
	switch {
	case agreed == Opus && slices.Contains(l.Codecs, Opus):
		l.Prefer = Opus
	case agreed != "" && agreed != Opus:
		others := slices.DeleteFunc(slices.Clone(l.Codecs), func(c Codec) bool { return c == Opus })
		if len(others) > 0 {
			l.Codecs = others
		}
	}
	return l
}

// params returns what we say of a codec to a side that said theirs of it.
func (l *Local) params(codec Codec, theirs string) string {
	if codec.isEvent() {
		return eventParams(theirs)
	}
	return l.Params[codec]
}

// refused returns the line that refuses m, or says that it is over (RFC 3264
// sections 6 and 8.2).
func (m *Media) refused() Media {
	return Media{Kind: m.Kind, Protocol: m.Protocol, Others: m.tokens()}
}
