package voice

import (
	"cmp"
	"errors"
	"slices"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/media"
	"github.com/switchhook/switchhook/internal/call/sdp"
)

// Opus is passed on between two telephones that both have it. Nothing here makes it or
// hears it, so a call may have it only while it is connected and nothing is played: a
// caller who was answered before keeps another codec, and one who is taken out of a
// connection is offered others before anything is said to them.

// Errors that end a call whose telephone does not go back to another codec.
var (
	errOpusAlone      = errors.New("the caller's telephone takes no other codec than Opus, which is only passed on")
	errOpusAloneThere = errors.New("the telephone that was called takes no other codec than Opus, which is only passed on")
)

// isSpoken reports whether we can say something in a codec, and understand it.
func isSpoken(c sdp.Codec) bool {
	_, ok := media.CodecOf(c)
	return ok
}

// hasOpusAlone reports whether a caller has Opus and nothing that is spoken.
func hasOpusAlone(callers []sdp.Format) bool {
	has := func(is func(sdp.Codec) bool) bool {
		return slices.ContainsFunc(callers, func(f sdp.Format) bool { return is(f.Codec) })
	}
	return has(isOpus) && !has(isSpoken)
}

func isOpus(c sdp.Codec) bool { return c == sdp.Opus }

// beside returns what a call of ours offers, so that sound can pass as it is: first
// what the caller has, in their order. For one who has Opus alone there is nothing
// else.
func beside(callers []sdp.Format) (codecs []sdp.Codec, params map[sdp.Codec]string) {
	params = make(map[sdp.Codec]string)
	for _, f := range callers {
		if (isSpoken(f.Codec) || isOpus(f.Codec)) && !slices.Contains(codecs, f.Codec) {
			codecs = append(codecs, f.Codec)
		}
		if _, known := params[f.Codec]; isOpus(f.Codec) && !known {
			params[f.Codec] = f.Params
		}
	}
	if hasOpusAlone(callers) {
		return codecs, params
	}
	for _, c := range Codecs() {
		if !slices.Contains(codecs, c) {
			codecs = append(codecs, c)
		}
	}
	return codecs, params
}

// like returns our side towards the caller where who is called has a format.
func (l *Line) like(theirs sdp.Format) sdp.Local {
	local := l.config.Local
	local.Prefer = theirs.Codec
	if isOpus(theirs.Codec) {
		local.Codecs = append([]sdp.Codec{sdp.Opus}, local.Codecs...)
		local.Params = map[sdp.Codec]string{sdp.Opus: theirs.Params}
	}
	return local
}

// speak offers a telephone that has Opus what we speak, the given codec first; optional.
// It does so once: such a call does not come back to Opus.
func (l *Line) speak(first sdp.Codec) {
	if l.news.opus && !l.spoken {
		l.spoken = true
		codecs, _ := beside([]sdp.Format{{Codec: first}})
		l.config.Call.ChangeCodecs(codecs)
	}
}

// keepAlike has a side that has Opus leave it where the other has something else: one
// of them has changed its session, or another telephone has answered than the one that
// sound came from before.
func (c *connection) keepAlike() {
	theirs := c.seen.line
	switch {
	case theirs == nil:
	case theirs.news.agreed:
		c.line.speak(codecOf(theirs.news.codec))
	case c.line.news.agreed:
		theirs.speak(codecOf(c.line.news.codec))
	}
}

// hangUpCaller ends the caller's call, or turns them down. One whose Opus was refused
// there, and who has nothing else, is told what they would need: by an answer of ours,
// which no sound before it can have begun.
func (c *connection) hangUpCaller() {
	l := c.line
	if ended := c.seen.ended; !l.asked && ended != nil && ended.Status == statusNotAcceptable && !c.seen.described && hasOpusAlone(l.config.Offered) {
		l.ask()
	}
	l.config.Call.Hangup(cmp.Or(c.machine.cause, engine.Normal)) // does nothing then
}

// statusNotAcceptable says that a side has none of the codecs that it was offered (RFC
// 3261 section 21.4.26).
const statusNotAcceptable = 488
