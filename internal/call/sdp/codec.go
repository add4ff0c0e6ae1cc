package sdp

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Codec is an encoding of sound as a=rtpmap names it: name, clock rate in Hz
// and, where there are several, the number of channels (RFC 8866 section 6.6).
// Names that differ in case alone are one Codec, and "" is one that the other
// side did not name.
type Codec string

// The codecs of calls. The clock rate of G722 is 8000 in SDP and in RTP, by an
// old mistake that was kept, although its sound has 16000 samples a second
// (RFC 3551 section 4.5.2). Opus is only passed through: nothing here encodes it.
const (
	PCMU Codec = "PCMU/8000"
	PCMA Codec = "PCMA/8000"
	G722 Codec = "G722/8000"
	Opus Codec = "opus/48000/2" // RFC 7587 section 7: always these two figures
)

// RTP payload types are numbers of so many bits; those from firstDynamic on mean
// what a=rtpmap says (RFC 3551 section 3).
const (
	payloadBits  = 7
	firstDynamic = 96
)

// anyClock is above every clock rate in use.
const anyClock = 1_000_000

// TelephoneEvent returns the codec of keys pressed whose durations count at a clock
// rate: that of the sound beside them, with which they share their timestamps (RFC
// 4733 section 2.1).
func TelephoneEvent(clockRate int) Codec {
	return Codec(eventName + "/" + strconv.Itoa(clockRate))
}

const eventName = "telephone-event"

// eventsBeside returns the telephone-events that may go with a codec, the best first:
// that of its clock rate. Beside Opus many telephones know that of 8000 Hz alone, whose
// durations count so, although its timestamps are those of Opus.
func eventsBeside(c Codec) []Codec {
	events := []Codec{TelephoneEvent(c.ClockRate())}
	if c == Opus {
		events = append(events, TelephoneEvent(PCMU.ClockRate()))
	}
	return events
}

// ClockRate returns by how much RTP timestamps grow in a second; 0 for "".
func (c Codec) ClockRate() int {
	_, rest, _ := strings.Cut(string(c), "/")
	rate, _, _ := strings.Cut(rest, "/")
	clock, err := strconv.Atoi(rate)
	if err != nil {
		return 0
	}
	return clock
}

// SampleRate returns how many samples of its sound there are in a second. It is
// the clock rate but for G722.
func (c Codec) SampleRate() int {
	if c == G722 {
		return 2 * c.ClockRate()
	}
	return c.ClockRate()
}

func (c Codec) isEvent() bool { return strings.HasPrefix(string(c), eventName+"/") }

// staticCodecs are the payload types of sound that need no a=rtpmap, and mean
// this whatever it says (RFC 3551 section 6). Those that are not ours are here
// for what we say on refusing them.
var staticCodecs = map[uint8]Codec{
	0: PCMU, 3: "GSM/8000", 4: "G723/8000", 5: "DVI4/8000", 6: "DVI4/16000", 7: "LPC/8000", 8: PCMA, 9: G722,
	10: "L16/44100/2", 11: "L16/44100", 12: "QCELP/8000", 13: "CN/8000", 14: "MPA/90000", 15: "G728/8000",
	16: "DVI4/11025", 17: "DVI4/22050", 18: "G729/8000",
}

// known are the names that are written in one way, however the other side does.
var known = []string{"PCMU", "PCMA", "G722", "opus", eventName}

// parseCodec reads the value of an a=rtpmap after its payload type. It takes a
// missing clock rate as 8000, and the two figures of G722 and Opus that some
// phones correct. It returns "" for what is no codec.
func parseCodec(value string) Codec {
	name, rest, _ := strings.Cut(value, "/")
	rate, channels, _ := strings.Cut(rest, "/")
	if rate == "" {
		rate = "8000"
	}
	clock, err := strconv.Atoi(rate)
	if err != nil || clock <= 0 || clock > anyClock || !isToken(name) {
		return ""
	}
	if i := slices.IndexFunc(known, func(k string) bool { return strings.EqualFold(k, name) }); i >= 0 {
		name = known[i]
	}
	codec := Codec(fmt.Sprintf("%s/%d", name, clock))
	switch n, err := strconv.Atoi(channels); {
	case codec == "G722/16000":
		return G722
	case codec == "opus/48000":
		return Opus
	case err == nil && n > 1:
		return codec + Codec("/"+strconv.Itoa(n))
	}
	return codec
}

// isToken reports whether s may stand where RFC 8866 section 9 has a token, and
// is not too long. We say back to the other side nothing else that it named.
func isToken(s string) bool {
	return s != "" && len(s) <= maxToken && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r > '~' || strings.ContainsRune(`"(),/:;<=>?@[\]`, r)
	})
}

// Format is a codec with the number that it has in RTP packets.
type Format struct {
	Payload uint8 // 0 to 127
	Codec   Codec
	Params  string // of a=fmtp (RFC 8866 section 6.15); empty: none
}

// flash is the event of the hook of an old telephone, which RFC 2833 has beside
// the sixteen keys.
const flash = 16

// eventParams returns the events that we take where the other side takes those
// of offered: the keys, and flash if it knows it. Without a list it is the keys
// (RFC 4733 section 2.4.1).
func eventParams(offered string) string {
	for part := range strings.SplitSeq(offered, ",") {
		from, to, isRange := strings.Cut(strings.TrimSpace(part), "-")
		if !isRange {
			to = from
		}
		first, err1 := strconv.Atoi(from)
		last, err2 := strconv.Atoi(to)
		if err1 == nil && err2 == nil && first <= flash && flash <= last {
			return "0-16"
		}
	}
	return "0-15"
}

// usualNumbers are those that most phones have for what we offer.
var usualNumbers = map[Codec]uint8{Opus: 107, TelephoneEvent(8000): 101}

// payloads is what the dynamic payload types of a session have stood for, by
// the number less firstDynamic. One that stood for a codec must not stand for
// another later (RFC 3264 section 8.3.2).
type payloads [1<<payloadBits - firstDynamic]Codec

// note keeps what the numbers of formats stand for now, on either side.
func (p *payloads) note(formats []Format) {
	for _, f := range formats {
		if f.Payload >= firstDynamic {
			p[f.Payload-firstDynamic] = f.Codec
		}
	}
}

// number returns the payload type of a codec for our offer: the one that it had
// in the formats that we sent last or before, the static one, or a free one,
// first the usual one.
func (p *payloads) number(c Codec, last []Format) (payload uint8, ok bool) {
	if i := slices.Index(codecsOf(last), c); i >= 0 {
		return last[i].Payload, true
	}
	for number, static := range staticCodecs {
		if static == c {
			return number, true
		}
	}
	if i := slices.Index(p[:], c); i >= 0 {
		return uint8(firstDynamic + i), true
	}
	i := slices.Index(p[:], "")
	if usual, ok := usualNumbers[c]; ok && p[usual-firstDynamic] == "" {
		i = int(usual - firstDynamic)
	}
	if i < 0 {
		return 0, false // all stand for something: it is not offered
	}
	p[i] = c
	return uint8(firstDynamic + i), true
}
