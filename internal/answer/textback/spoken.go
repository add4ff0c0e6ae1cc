package textback

import (
	"net/url"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/responder"
)

// Texts are what callers hear, by reason. The one of Sent is heard where the
// text went out; a reason without a text has that of Failed.
type Texts map[Reason]string

// DefaultTexts are the words of the Flask service, and those for what it did not
// do.
func DefaultTexts() Texts {
	return Texts{
		Sent:        "We've texted you our hours and directions…",
		Queued:      "We will text you shortly.",
		Consent:     "Press {key} to get our hours by text.",
		CoolingDown: "We have already texted you.",
		Failed:      "Sorry, we could not send directions at this time.",
	}
}

// keyPlaceholder stands in the text of Consent for the key to press.
const keyPlaceholder = "{key}"

// consentTimeout is how long a caller who was asked for a key may think.
const consentTimeout = 8 * time.Second

// spokenTexts writes what callers hear.
type spokenTexts struct {
	texts     Texts
	documents map[Reason][]byte // for entries without words of their own, written once
}

// newSpokenTexts lays texts over the default ones. The error says which cannot be
// spoken.
func newSpokenTexts(given Texts) (*spokenTexts, error) {
	s := &spokenTexts{texts: DefaultTexts(), documents: map[Reason][]byte{}}
	for reason, text := range given {
		if text != "" {
			s.texts[reason] = text
		}
	}
	for _, reason := range Reasons() {
		document, err := responder.Encode(sayDocument(s.text(nil, reason), ""))
		if err != nil {
			return nil, err
		}
		s.documents[reason] = document
	}
	return s, nil
}

// text returns the words for a reason: the entry's own, else those of the
// settings; a reason without words has those of Failed.
func (s *spokenTexts) text(e *entry.Entry, reason Reason) string {
	for _, reason := range []Reason{reason, Failed} {
		if e != nil && e.Spoken[string(reason)] != "" {
			return e.Spoken[string(reason)]
		}
		if text := s.texts[reason]; text != "" {
			return text
		}
	}
	return ""
}

// wording returns what is spoken before the consent key.
func (s *spokenTexts) wording(e *entry.Entry) string {
	return strings.ReplaceAll(s.text(e, Consent), keyPlaceholder, e.ConsentKey)
}

// document returns what the phone system is to do for a reason. The entry may
// be nil. Action is where the consent key goes.
func (s *spokenTexts) document(e *entry.Entry, reason Reason, action string) []byte {
	if e == nil || reason != Consent && e.Language == "" && len(e.Spoken) == 0 {
		return s.documents[reason]
	}
	d := sayDocument(s.text(e, reason), e.Language)
	if reason == Consent {
		gather := responder.Gather{
			Prompts:   []responder.Prompt{responder.Say{Text: s.wording(e), Language: e.Language}},
			NumDigits: 1, Timeout: consentTimeout, Action: action,
		}
		if e.ConsentKey == responder.DefaultFinishOnKey { // which would end the input and not be in it
			gather.FinishOnKey = responder.NoFinishKey
		}
		d = responder.Respond(gather)
	}
	encoded, err := responder.Encode(d)
	if err != nil { // an entry's words are checked when it is read: only a defect leads here
		return s.documents[Failed]
	}
	return encoded
}

func sayDocument(text, language string) responder.Document {
	return responder.Respond(responder.Say{Text: text, Language: language}, responder.Hangup{})
}

// stepConsent marks the request that brings the consent key.
const (
	paramStep   = "step"
	stepConsent = "consent"
)

// consentAction returns where the key of a call goes: to the same URL, with
// the entry's id and key, which is all that the webhook wants to know.
func consentAction(webhook *url.URL, given url.Values) string {
	kept := url.Values{paramStep: {stepConsent}}
	for _, name := range []string{paramID, paramKey} {
		if values := given[name]; len(values) > 0 {
			kept[name] = values[:1]
		}
	}
	action := *webhook
	action.RawQuery = kept.Encode()
	return action.String()
}
