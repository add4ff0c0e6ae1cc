package dialog

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/call/rtp"
)

// infoTypes is the Accept of a 415: the bodies of an INFO that we read. No RFC
// has them; they are as Cisco's gateways began to send them.
const infoTypes = typeRelay + ", " + typeDTMF

const (
	typeRelay = "application/dtmf-relay"
	typeDTMF  = "application/dtmf"
)

// Bounds of what one INFO may say.
const (
	maxInfoBody = 1024 // bytes that are read of a body
	maxInfoKeys = 32
	maxKeyTime  = time.Minute
)

// sentKey is how long our keys are said to be pressed, as gateways write it.
const sentKey = 160 * time.Millisecond

// InfoOf returns what an INFO of ours has that says a key was pressed, for Call.Info.
func InfoOf(key byte) (mediaType string, body []byte) {
	return typeRelay, fmt.Appendf(nil, "Signal=%c\r\nDuration=%d\r\n", key, sentKey.Milliseconds())
}

// infoKey is a key that an INFO says was pressed.
type infoKey struct {
	key    byte          // one of 0123456789*#ABCD
	length time.Duration // 0: it does not say
}

// readInfo returns the status that answers an INFO, and the keys in it, given its
// Content-Type, Info-Package and body. An INFO without a body only asks whether
// the call is up (RFC 2976 section 2.2). A 415 needs an Accept of infoTypes, a 469
// an empty Recv-Info (RFC 6086 section 4.2.2).
//
// What is of a known type gets 200, even if there is no key in it, such as a
// flash: there are phones that hang up if it is refused.
func readInfo(contentType, infoPackage string, body []byte) (keys []infoKey, status int) {
	switch pack := parseField(infoPackage).value; strings.ToLower(pack) {
	case "", "dtmf": // the second is nobody's standard, but sent with a body of ours
	default:
		return nil, 469
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, 200
	}
	switch strings.ToLower(parseField(contentType).value) {
	case typeRelay, typeDTMF:
		return keysOf(string(body[:min(len(body), maxInfoBody)])), 200
	}
	return nil, 415
}

// keysOf reads a body of either type, since phones send one under the name of
// the other: lines of Signal=5 and Duration=160, or keys alone.
func keysOf(body string) []infoKey {
	if !strings.Contains(body, "=") {
		return plainKeys(body)
	}
	var keys []infoKey
	pressed := false // the last Signal was a key, of which a Duration may tell
	for line := range strings.FieldsFuncSeq(body, isLineEnd) {
		name, value, _ := strings.Cut(line, "=")
		value = strings.TrimSpace(value)
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "signal":
			var key byte
			if key, pressed = signalKey(value); pressed && len(keys) < maxInfoKeys {
				keys = append(keys, infoKey{key: key})
			}
		case "duration":
			if ms, err := strconv.ParseUint(value, 10, 32); err == nil && pressed {
				keys[len(keys)-1].length = min(time.Duration(ms)*time.Millisecond, maxKeyTime)
			}
		}
	}
	return keys
}

func isLineEnd(r rune) bool { return r == '\r' || r == '\n' }

// plainKeys reads keys that stand alone: one, by its name or number, or several
// by name. That makes 11 the key #, as Asterisk and FreeSWITCH have it.
func plainKeys(body string) []infoKey {
	body = strings.TrimSpace(body)
	if key, ok := signalKey(body); ok {
		return []infoKey{{key: key}}
	}
	if isFlash(body) {
		return nil
	}
	var keys []infoKey
	for i := 0; i < len(body) && len(keys) < maxInfoKeys; i++ {
		if key, ok := signalKey(body[i : i+1]); ok {
			keys = append(keys, infoKey{key: key})
		}
	}
	return keys
}

func isFlash(signal string) bool { return signal == "16" }

// signalKey returns the key that a signal says, by its name or by the number of
// its event (RFC 4733 section 3.2), which has two digits at most.
func signalKey(signal string) (key byte, ok bool) {
	switch len(signal) {
	case 1:
		code, ok := rtp.CodeOf(signal[0])
		if !ok {
			return 0, false
		}
		return rtp.Event{Code: code}.Key()
	case 2:
		code, err := strconv.ParseUint(signal, 10, 8)
		if err != nil {
			return 0, false
		}
		return rtp.Event{Code: uint8(code)}.Key()
	}
	return 0, false
}
