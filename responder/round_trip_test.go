package responder_test

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/switchhook/switchhook/responder"
)

// documents generates documents as Parse returns them: text and addresses are
// trimmed, time-outs are whole milliseconds, nothing is missing.
func documents() *rapid.Generator[responder.Document] {
	verb := rapid.OneOf(
		asVerb(says()), asVerb(plays()), asVerb(gathers()), asVerb(records()),
		rapid.Custom(func(t *rapid.T) responder.Verb {
			return responder.Forward{To: required(t, "to"), ByCaller: rapid.Bool().Draw(t, "byCaller")}
		}),
		rapid.Custom(func(t *rapid.T) responder.Verb {
			return responder.Echo{Timeout: max(times().Draw(t, "timeout"), 0)}
		}),
		rapid.Just[responder.Verb](responder.Hangup{}),
		rapid.Custom(func(t *rapid.T) responder.Verb {
			return responder.Connect{Stream: streams("", responder.TrackInbound).Draw(t, "stream"), Action: optional(t, "action")}
		}),
		rapid.Custom(func(t *rapid.T) responder.Verb {
			return responder.Start{Stream: streams("", responder.TrackInbound, responder.TrackOutbound, responder.TrackBoth).Draw(t, "stream")}
		}),
	)
	return rapid.Custom(func(t *rapid.T) responder.Document {
		if rapid.Bool().Draw(t, "bare") {
			return responder.Bare(verb.Draw(t, "verb"))
		}
		return responder.Document{Verbs: several(t, verb, "verbs"), Action: optional(t, "action")}
	})
}

func asVerb[T responder.Verb](g *rapid.Generator[T]) *rapid.Generator[responder.Verb] {
	return rapid.Map(g, func(v T) responder.Verb { return v })
}

func asPrompt[T responder.Prompt](g *rapid.Generator[T]) *rapid.Generator[responder.Prompt] {
	return rapid.Map(g, func(v T) responder.Prompt { return v })
}

// several returns nil rather than an empty slice, as Parse does.
func several[T any](t *rapid.T, g *rapid.Generator[T], label string) []T {
	drawn := rapid.SliceOfN(g, 0, 4).Draw(t, label)
	if len(drawn) == 0 {
		return nil
	}
	return drawn
}

// words are pieces that an encoder or a reader could trip over.
var words = rapid.OneOf(
	rapid.SampledFrom(append([]string{"hello", "1", " ", "\n", "\t", "\r\n"}, hostileStrings...)),
	rapid.StringOf(rapid.RuneFrom(nil, unicode.L, unicode.N, unicode.P, unicode.S, unicode.Z)),
)

func raw(t *rapid.T, label string) string {
	return strings.ToValidUTF8(strings.Join(rapid.SliceOfN(words, 0, 4).Draw(t, label), ""), "")
}

func optional(t *rapid.T, label string) string { return strings.TrimSpace(raw(t, label)) }

func required(t *rapid.T, label string) string { return strings.TrimSpace("a" + raw(t, label)) }

func times() *rapid.Generator[time.Duration] {
	return rapid.OneOf(
		rapid.SampledFrom([]time.Duration{0, responder.Immediately, time.Millisecond, time.Second, 24 * time.Hour}),
		rapid.Map(rapid.IntRange(1, 24*60*60*1000), func(ms int) time.Duration { return time.Duration(ms) * time.Millisecond }),
	)
}

func finishKeys() *rapid.Generator[string] {
	return rapid.OneOf(rapid.SampledFrom([]string{"", "#", "*#", responder.NoFinishKey}), rapid.StringMatching(`[0-9*#A-D]{1,16}`))
}

func says() *rapid.Generator[responder.Say] {
	return rapid.Custom(func(t *rapid.T) responder.Say {
		return responder.Say{
			Text:  strings.Join(strings.Fields(raw(t, "text")), " "),
			Voice: optional(t, "voice"), Language: optional(t, "language"), Action: optional(t, "action"),
		}
	})
}

func plays() *rapid.Generator[responder.Play] {
	return rapid.Custom(func(t *rapid.T) responder.Play {
		return responder.Play{URL: required(t, "url"), Action: optional(t, "action")}
	})
}

func gathers() *rapid.Generator[responder.Gather] {
	return rapid.Custom(func(t *rapid.T) responder.Gather {
		return responder.Gather{
			Prompts:          several(t, rapid.OneOf(asPrompt(says()), asPrompt(plays())), "prompts"),
			Input:            rapid.SampledFrom([]responder.Input{"", responder.InputDTMF, responder.InputSpeech, responder.InputBoth}).Draw(t, "input"),
			NumDigits:        rapid.IntRange(0, 255).Draw(t, "numDigits"),
			Timeout:          times().Draw(t, "timeout"),
			FinishOnKey:      finishKeys().Draw(t, "finishOnKey"),
			DigitEndTimeout:  times().Draw(t, "digitEndTimeout"),
			ExecutionTimeout: times().Draw(t, "executionTimeout"),
			SpeechTimeout:    times().Draw(t, "speechTimeout"),
			Language:         optional(t, "language"),
			Hints:            optional(t, "hints"),
			Action:           optional(t, "action"),
			Method:           rapid.SampledFrom([]string{"", "GET", "POST"}).Draw(t, "method"),
		}
	})
}

func records() *rapid.Generator[responder.Record] {
	return rapid.Custom(func(t *rapid.T) responder.Record {
		return responder.Record{
			Action:      optional(t, "action"),
			MaxLength:   max(times().Draw(t, "maxLength"), 0),
			Timeout:     times().Draw(t, "timeout"),
			FinishOnKey: finishKeys().Draw(t, "finishOnKey"),
			PlayBeep:    rapid.Bool().Draw(t, "playBeep"),
		}
	})
}

func streams(tracks ...responder.Track) *rapid.Generator[responder.Stream] {
	return rapid.Custom(func(t *rapid.T) responder.Stream {
		return responder.Stream{
			URL:   strings.TrimSpace("wss://" + raw(t, "url")),
			Track: rapid.SampledFrom(tracks).Draw(t, "track"),
			Parameters: several(t, rapid.Custom(func(t *rapid.T) responder.Parameter {
				return responder.Parameter{Name: "a" + raw(t, "name"), Value: raw(t, "value")}
			}), "parameters"),
		}
	})
}

func TestEveryDocumentComesBackAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		document := documents().Draw(t, "document")
		xml, err := responder.Encode(document)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := responder.Parse(xml)
		if err != nil {
			t.Fatalf("%s: %v", xml, err)
		}
		if diff := cmp.Diff(document, parsed.Document); diff != "" {
			t.Fatalf("%s (-want +got):\n%s", xml, diff)
		}
		for _, p := range parsed.Problems {
			if p.Severity == responder.Error || p.Code < responder.CodeNestedAction {
				t.Fatalf("%s: %v", xml, p)
			}
		}
		again, err := responder.Encode(parsed.Document)
		if err != nil || !bytes.Equal(xml, again) {
			t.Fatalf("the same document, other bytes:\n%s\n%s\n%v", xml, again, err)
		}
	})
}
