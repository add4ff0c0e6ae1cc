package telephone_test

import (
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/tool/telephone"
)

func TestWhatCannotBeShownIsMadeVisibleOrLeftOut(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"plain", "Press 1 & wait.", "Press 1 & wait."},
		{"letters of the world", "Grüße, 你好, שלום, สวัสดี, e\u0301", "Grüße, 你好, שלום, สวัสดี, e\u0301"},
		{"an emoji", "📞", "📞"},
		{"line ends", "one\r\ntwo\nthree\rfour\u2028five\u0085six\tseven", "one two three four five six seven"},
		{"an escape sequence", "\x1b[2J\x1b]0;title\x07", "␛[2J␛]0;title␇"},
		{"an escape sequence of one byte", "\u009b31m", "�31m"},
		{"delete", "a\x7fb", "a␡b"},
		{"the order of reading", "\u202eabc\u202c\u2066\u2069\u200f", "�abc����"},
		{"marks without a width", "a\u200bb\u200dc\ufeffd\u00ade\U000e0041f", "abcdef"},
		{"not UTF-8", "a\xffb\xc3", "a�b�"},
		{"what nobody has assigned", "\ue000\U000f0000\uffff", "���"},
		{"a very long text", strings.Repeat("x", 10_000), strings.Repeat("x", 8192) + "…"},
		{"the end of a paragraph of Arabic", "\u0600\u06dd", "\u0600\u06dd"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, telephone.Clean(c.text)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// styling is the only escape sequence of ours: colours and the like.
var styling = regexp.MustCompile("\x1b\\[[0-9;]*m")

// harmless returns what is wrong with a row: something in it that a terminal
// would obey, or a width past the screen's.
func harmless(row string, columns int) string {
	text := styling.ReplaceAllString(row, "")
	if !utf8.ValidString(text) {
		return "not UTF-8"
	}
	for _, r := range text {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' {
			return "holds " + string(r)
		}
	}
	if width(row) > columns {
		return "too wide"
	}
	return ""
}

func FuzzNothingOfAResponderMovesTheTerminal(f *testing.F) {
	for _, text := range []string{
		"Welcome.", "\x1b[2J\x1b[31mred", "\u009b31m", "\u202egnp", "a\nb\r\nc\td", "\xff\xfe", strings.Repeat("long ", 100), strings.Repeat("x", 500), "<Response><Say>" + strings.Repeat("<a>", 50),
		"👩‍👩‍👧", "e" + strings.Repeat("\u0301", 50), "你好你好你好你好你好", "<?xml version='1.0'?><Response action=\"/a?b=c&d=e\"><!-- > --><Say>a<b/>c</Say ></Response>", "&lt;\x00\x07\b",
	} {
		f.Add(text, text, uint8(80), uint8(24))
		f.Add(text, "NmsAni=%1b%5b2J&x=%zz", uint8(120), uint8(40))
	}
	f.Fuzz(func(t *testing.T, text, other string, columns, rows uint8) {
		const most = 4 << 10 // longer texts make slow screens and no new ones
		if len(text)+len(other) > most {
			t.Skip()
		}
		width, height := int(columns)+1, int(rows)%64+1
		at := time.Second
		stamp := func(e trace.Event) trace.Stamped { return trace.Stamped{At: at, Event: e} }
		events := []trace.Stamped{
			stamp(trace.Answer{From: text, To: other}),
			stamp(trace.Request{Method: text, URL: other, Status: 200, Ms: 3, Exchange: &trace.Exchange{Sent: other, URL: text, ContentType: text, Body: []byte(text)}}),
			stamp(trace.Say{Text: text, Voice: other, Language: other}),
			stamp(trace.Play{URL: text, Seconds: 1}),
			stamp(trace.Gather{Input: text, Digits: text, Ended: trace.EndedFinishOnKey, FinishKey: other}),
			stamp(trace.Gather{Input: text, Speech: text, Ended: trace.Ended(other)}),
			stamp(trace.Forward{To: text}),
			stamp(trace.Stream{Mode: other, URL: text, Parameters: map[string]string{text: other}}),
			stamp(trace.Streamed{Mode: other, Words: text, Keys: other, Marks: []string{text}, Ended: trace.StreamEnded(other)}),
			stamp(trace.Record{URL: text, Seconds: 1}),
			stamp(trace.Warning{Code: text, Line: 3, Text: other}),
			stamp(trace.Warning{Code: other, Text: text}),
			stamp(trace.Request{Method: other, URL: text, Error: text, Exchange: &trace.Exchange{Sent: text}}),
			stamp(trace.Request{Method: other, URL: text, Error: other, Exchange: &trace.Exchange{Body: []byte(other)}}),
			stamp(trace.Hangup{By: trace.Party(other), Reason: text}),
		}
		scene := simulator.Scene{Kind: simulator.Hearing, Until: 2 * time.Second, Prompt: engine.Speech{Text: text}, Keys: true}
		for _, screen := range telephone.Shown(other, scene, events, text, width, height) {
			if len(screen) != height {
				t.Fatalf("%d rows instead of %d", len(screen), height)
			}
			for _, row := range screen {
				if wrong := harmless(row, width); wrong != "" {
					t.Fatalf("a row is %s: %q", wrong, row)
				}
			}
		}
	})
}
