// Package sdp agrees on the sound of a call: offers and answers by RFC 3264, in
// the session descriptions of RFC 8866. It does no I/O and reads no clock.
//
// Parse reads what the other side wrote, leniently; a Session says what we
// answer or offer, and what has been agreed on.
package sdp

import (
	"net/netip"
	"slices"
	"strings"
	"time"
)

// ContentType is the type of a session description.
const ContentType = "application/sdp"

// Description is what one side says about a call: RFC 8866 without the lines
// that a call does not need. Nothing in it changes once it was parsed or made.
type Description struct {
	Origin Origin
	Media  []Media // one for each m= line, in their order
}

// Origin is the o= line (RFC 8866 section 5.2).
type Origin struct {
	ID      uint64 // of the session; the same in each description of a side
	Version uint64 // grows with each change
	Address string // of its host
}

// Media is an m= line with what belongs to it (RFC 8866 section 5.14). Only what
// may be agreed on is read whole: sound over RTP whose port is not 0. Of others
// there are the first four fields.
type Media struct {
	Kind     string   // "audio", "video", "image"
	Port     uint16   // where its side receives; 0: refused, or over
	Protocol string   // "RTP/AVP"
	Others   []string // formats as they were written, where they are not read into Formats

	Formats   []Format   // by preference
	Address   netip.Addr // where its side receives; unspecified: nowhere, on hold; invalid: a host name
	Direction Direction
	Ptime     time.Duration // that its side wants to receive; 0: it does not say
	MaxPtime  time.Duration // that it takes; 0: it does not say
}

// isSound reports whether m may be agreed on, by its first three fields.
func (m *Media) isSound() bool {
	return strings.EqualFold(m.Kind, "audio") && strings.Contains(strings.ToUpper(m.Protocol), "RTP/") && m.Port != 0
}

// Sound returns the formats of the first line of sound, in its order, those left out
// that have no name here, and keys.
func (d *Description) Sound() []Format {
	i := slices.IndexFunc(d.Media, func(m Media) bool { return m.isSound() })
	if i < 0 {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(d.Media[i].Formats), func(f Format) bool { return f.Codec == "" || f.Codec.isEvent() })
}
