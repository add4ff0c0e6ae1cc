package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/switchhook/switchhook/internal/plaintext"
	"github.com/switchhook/switchhook/internal/sms"
)

// Text is what a caller hears: a sentence or a few.
type Text string

// Message is what somebody reads as a text message.
type Message string

const (
	// maxText is the longest text in characters: half a minute of listening.
	maxText = 500

	// maxSegments is the most that a Message comes to. Carriers want the
	// confirmation of an opt-out to be short; letters that GSM does not know
	// take more than one for a sentence or two.
	maxSegments = 3
)

func parseText(text, _ string) (any, error) {
	text = plaintext.Compose(text)
	if utf8.RuneCountInString(text) > maxText {
		return nil, fmt.Errorf("is longer than %d characters", maxText)
	}
	return Text(text), checkWords(text)
}

func parseMessage(text, _ string) (any, error) {
	text = plaintext.Compose(text)
	if n := sms.Count(text).Segments; n > maxSegments {
		return nil, fmt.Errorf("comes to %d segments, more than the %d it may have", n, maxSegments)
	}
	return Message(text), checkWords(text)
}

// checkWords says why words can be neither spoken nor sent.
func checkWords(text string) error {
	switch {
	case strings.ContainsFunc(text, unicode.IsControl):
		return errors.New("holds a line break or another control character")
	case !utf8.ValidString(text):
		return errors.New("is not UTF-8")
	}
	return nil
}

// WhenUncertain says what becomes of a text of which nobody knows whether it
// went out.
type WhenUncertain string

// What can become of it.
const (
	Hold   WhenUncertain = "hold"   // an operator decides
	Resend WhenUncertain = "resend" // it is sent again
)

// Keys says whether provisioning makes keys for entries.
type Keys string

// Whether it does.
const (
	AutoKeys Keys = "auto" // for each without a key of its own
	NoKeys   Keys = "off"
)

// choiceOf returns the kind of a setting that is one of a few words.
func choiceOf[T ~string](choices ...T) kind {
	quoted := make([]string, len(choices))
	for i, choice := range choices {
		quoted[i] = strconv.Quote(string(choice))
	}
	rest, end := quoted[:len(quoted)-1], quoted[len(quoted)-1]
	return kind{takes: strings.Join(rest, ", ") + " or " + end, format: asIs, parse: func(text, _ string) (any, error) {
		for _, choice := range choices {
			if text == string(choice) {
				return choice, nil
			}
		}
		return nil, errOther
	}}
}
