package responder_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/responder"
)

// golden has the XML of each verb with as little and as much as it can have.
var golden = []struct {
	name     string
	document responder.Document
	xml      string
}{
	{"empty", responder.Document{}, `<Response/>`},
	{"empty with an action", responder.Document{Action: "next?a=1&b=2"}, `<Response action="next?a=1&amp;b=2"/>`},
	{"several verbs and an action", responder.Document{Verbs: []responder.Verb{responder.Hangup{}, responder.Hangup{}}, Action: "x"}, `<Response action="x"><Hangup/><Hangup/></Response>`},
	{"bare", responder.Bare(responder.Say{Text: "Hello."}), `<Say>Hello.</Say>`},
	{"Say", responder.Respond(responder.Say{Text: "Hello."}), `<Response><Say>Hello.</Say></Response>`},
	{"Say without text", responder.Respond(responder.Say{}), `<Response><Say/></Response>`},
	{
		"Say with all", responder.Respond(responder.Say{Text: "Olá", Voice: "female", Language: "pt-BR", Action: "next"}),
		`<Response><Say voice="female" language="pt-BR" action="next">Olá</Say></Response>`,
	},
	{"Play", responder.Respond(responder.Play{URL: "a.wav"}), `<Response><Play>a.wav</Play></Response>`},
	{"Play with all", responder.Respond(responder.Play{URL: "https://x/a.wav?a=1&b=2", Action: "next"}), `<Response><Play action="next">https://x/a.wav?a=1&amp;b=2</Play></Response>`},
	{"Gather", responder.Respond(responder.Gather{}), `<Response><Gather/></Response>`},
	{
		"Gather with all", responder.Respond(responder.Gather{
			Prompts: []responder.Prompt{responder.Say{Text: "Who?"}, responder.Play{URL: "beep.wav"}},
			Input:   responder.InputBoth, NumDigits: 4, Timeout: 5 * time.Second, FinishOnKey: "*#", DigitEndTimeout: 1500 * time.Millisecond,
			ExecutionTimeout: time.Minute, SpeechTimeout: 250 * time.Millisecond, Language: "en-GB", Hints: "Ann, Bob", Action: "who", Method: "POST",
		}),
		`<Response><Gather input="dtmf speech" numDigits="4" timeout="5" finishOnKey="*#" speechTimeout="0.25" language="en-GB" hints="Ann, Bob" ` +
			`action="who" method="POST" executionTimeout="60" digitEndTimeout="1.5"><Say>Who?</Say><Play>beep.wav</Play></Gather></Response>`,
	},
	{
		"Gather without waiting or finish key", responder.Respond(responder.Gather{Timeout: responder.Immediately, FinishOnKey: responder.NoFinishKey}),
		`<Response><Gather timeout="0" finishOnKey=""/></Response>`,
	},
	{"Forward", responder.Respond(responder.Forward{To: "+14165550100"}), `<Response><Forward>+14165550100</Forward></Response>`},
	{"Forward by the caller's plan", responder.Respond(responder.Forward{To: "user_2010", ByCaller: true}), `<Response><Forward ByCaller="yes">user_2010</Forward></Response>`},
	{"Echo", responder.Respond(responder.Echo{}), `<Response><Echo/></Response>`},
	{"Echo for a while", responder.Respond(responder.Echo{Timeout: 5 * time.Second}), `<Response><Echo timeout="5"/></Response>`},
	{"Hangup", responder.Respond(responder.Hangup{}), `<Response><Hangup/></Response>`},
	{
		"Connect", responder.Respond(responder.Connect{Stream: responder.Stream{URL: "wss://x/y"}, Action: "next"}),
		`<Response><Connect><Stream url="wss://x/y" action="next"/></Connect></Response>`,
	},
	{
		"Start", responder.Respond(responder.Start{Stream: responder.Stream{URL: "wss://x/y", Parameters: []responder.Parameter{{Name: "id", Value: "7"}, {Name: "empty"}}}}),
		`<Response><Start><Stream url="wss://x/y"><Parameter name="id" value="7"/><Parameter name="empty" value=""/></Stream></Start></Response>`,
	},
	{
		"Start with both tracks", responder.Respond(responder.Start{Stream: responder.Stream{URL: "wss://x/y", Track: responder.TrackBoth}}),
		`<Response><Start><Stream url="wss://x/y" track="both"/></Start></Response>`,
	},
	{"Record", responder.Respond(responder.Record{}), `<Response><Record/></Response>`},
	{
		"Record with all", responder.Respond(responder.Record{Action: "done", MaxLength: time.Minute, Timeout: 3 * time.Second, FinishOnKey: "#", PlayBeep: true}),
		`<Response><Record action="done" maxLength="60" timeout="3" finishOnKey="#" playBeep="true"/></Response>`,
	},
}

func TestEncodedDocuments(t *testing.T) {
	for _, c := range golden {
		t.Run(c.name, func(t *testing.T) {
			xml, err := responder.Encode(c.document)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.xml, string(xml)); diff != "" {
				t.Errorf("XML (-want +got):\n%s", diff)
			}
			parsed := mustParse(t, string(xml))
			if diff := cmp.Diff(c.document, parsed.Document); diff != "" {
				t.Errorf("read again (-want +got):\n%s", diff)
			}
			again, err := responder.Encode(parsed.Document)
			if err != nil || !bytes.Equal(xml, again) {
				t.Errorf("encoded again: %s, %v", again, err)
			}
			appended, err := responder.AppendDocument([]byte("before"), c.document)
			if err != nil || string(appended) != "before"+c.xml {
				t.Errorf("appended: %s, %v", appended, err)
			}
		})
	}
}

func TestTimesAreWrittenToTheMillisecond(t *testing.T) {
	for d, want := range map[time.Duration]string{
		time.Nanosecond:                     `timeout="0.001"`,
		1499 * time.Microsecond:             `timeout="0.001"`,
		1500 * time.Microsecond:             `timeout="0.002"`,
		10*time.Second + 50*time.Nanosecond: `timeout="10"`,
		24 * time.Hour:                      `timeout="86400"`,
		100 * time.Millisecond:              `timeout="0.1"`,
	} {
		xml, err := responder.Encode(responder.Bare(responder.Echo{Timeout: d}))
		if want := "<Echo " + want + "/>"; err != nil || string(xml) != want {
			t.Errorf("%v: got %s, %v, want %s", d, xml, err, want)
		}
	}
}

// hostileStrings must come back as they were from every field of text.
var hostileStrings = []string{
	`<`, `>`, `&`, `"`, `'`, `</Say><Hangup/>`, `"><Hangup/>`, `' onload='`, `]]>`, `<![CDATA[`, `<!--`, `-->`, `<?php`, `&amp;`, `&#38;`, `&lt;Hangup/&gt;`, `&nbsp;`,
	"\u200B", "é", "日本語", "😀", "\u2028", "\u0085x", "\x7F", "\uFFFD", "${x}", "%s%n", "a  b", "a\u00A0b",
}

func TestHostileStringsComeBackFromEveryField(t *testing.T) {
	for _, s := range hostileStrings {
		s = "a" + s + "z" // what surrounds a value is trimmed where it is read
		text := strings.Join(strings.Fields(s), " ")
		document := responder.Document{Action: s, Verbs: []responder.Verb{
			responder.Say{Text: text, Voice: s, Language: s, Action: s},
			responder.Play{URL: s, Action: s},
			responder.Gather{Prompts: []responder.Prompt{responder.Say{Text: text}}, Language: s, Hints: s, Action: s},
			responder.Forward{To: s},
			responder.Connect{Stream: responder.Stream{URL: "wss://" + s, Parameters: []responder.Parameter{{Name: s, Value: s}}}, Action: s},
			responder.Start{Stream: responder.Stream{URL: "wss://" + s}},
			responder.Record{Action: s},
		}}
		xml, err := responder.Encode(document)
		if err != nil {
			t.Errorf("%q: %v", s, err)
			continue
		}
		if diff := cmp.Diff(document, mustParse(t, string(xml)).Document); diff != "" {
			t.Errorf("%q (-want +got):\n%s", s, diff)
		}
	}
}

func TestWhiteSpaceInParametersIsKept(t *testing.T) {
	const value = " a\tb\r\nc\rd\n "
	document := responder.Bare(responder.Start{Stream: responder.Stream{URL: "wss://x", Parameters: []responder.Parameter{{Name: value, Value: value}}}})
	xml, err := responder.Encode(document)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(document, mustParse(t, string(xml)).Document); diff != "" {
		t.Errorf("read again (-want +got):\n%s", diff)
	}
}

func TestWhatXMLCannotCarryIsReplaced(t *testing.T) {
	xml, err := responder.Encode(responder.Bare(responder.Say{Text: "a\x00b\x1Bc\xFFd\uFFFEe\xED\xA0\x80f", Voice: "\x01\uFFFF"}))
	want := "<Say voice=\"\uFFFD\uFFFD\">a\uFFFDb\uFFFDc\uFFFDd\uFFFDe\uFFFD\uFFFD\uFFFDf</Say>"
	if err != nil || string(xml) != want {
		t.Errorf("got %q, %v, want %q", xml, err, want)
	}
}

func TestWhatIsNotWritten(t *testing.T) {
	var nothing *responder.Say
	type shout struct{ responder.Say }
	for _, c := range []struct {
		name     string
		document responder.Document
		code     string
		want     string
	}{
		{"a nil verb", responder.Respond(responder.Hangup{}, nil), "SH206", "verb 2: a verb is nil"},
		{"a nil prompt", responder.Respond(responder.Gather{Prompts: []responder.Prompt{nil}}), "SH206", "verb 1 (Gather), prompt 1: a verb is nil"},
		{"a pointer", responder.Respond(&responder.Say{Text: "Hello."}), "SH204", "verb 1: a *responder.Say is no verb; give a value such as responder.Say{}"},
		{"a nil pointer", responder.Respond(nothing), "SH204", "verb 1: a *responder.Say is no verb; give a value such as responder.Say{}"},
		{"a pointer as prompt", responder.Respond(responder.Gather{Prompts: []responder.Prompt{nothing}}), "SH204", "verb 1 (Gather), prompt 1: a *responder.Say is no verb; give a value such as responder.Say{}"},
		{"a verb of one's own", responder.Respond(shout{}), "SH204", "verb 1: a responder_test.shout is no verb; give a value such as responder.Say{}"},
		{"two bare verbs", responder.Document{Bare: true, Verbs: []responder.Verb{responder.Hangup{}, responder.Hangup{}}}, "SH204", "a bare document is exactly one verb and has no action of its own"},
		{"no bare verb", responder.Document{Bare: true}, "SH204", "a bare document is exactly one verb and has no action of its own"},
		{"a bare verb in a document with an action", responder.Document{Bare: true, Verbs: []responder.Verb{responder.Hangup{}}, Action: "x"}, "SH204", "a bare document is exactly one verb and has no action of its own"},
		{"Play of nothing", responder.Respond(responder.Play{URL: " "}), "SH206", "verb 1 (Play): this Play names no file"},
		{"Play of nothing as prompt", responder.Respond(responder.Gather{Prompts: []responder.Prompt{responder.Say{}, responder.Play{}}}), "SH206", "verb 1 (Gather), prompt 2: this Play names no file"},
		{"Forward to nobody", responder.Respond(responder.Forward{}), "SH206", "verb 1 (Forward): this Forward names no destination"},
		{"Connect to nothing", responder.Respond(responder.Connect{}), "SH206", "verb 1 (Connect): this verb names no Stream with a url"},
		{"Connect to a page", responder.Respond(responder.Connect{Stream: responder.Stream{URL: "HTTPS://x"}}), "SH207", "verb 1 (Connect): a Stream's url begins with wss://, not https://"},
		{"another track", responder.Respond(responder.Start{Stream: responder.Stream{URL: "wss://x", Track: "left"}}), "SH207", `verb 1 (Start): track="left" is not inbound, outbound or both`},
		{"Connect to another track", responder.Respond(responder.Connect{Stream: responder.Stream{URL: "wss://x", Track: "both"}}), "SH207", `verb 1 (Connect): a Connect's Stream has no track="both": it gets what the caller says`},
		{"a parameter without a name", responder.Respond(responder.Start{Stream: responder.Stream{URL: "wss://x", Parameters: []responder.Parameter{{Value: "x"}}}}), "SH206", "verb 1 (Start): a Parameter of this Stream has no name"},
		{"an unknown input", responder.Respond(responder.Gather{Input: "speech dtmf"}), "SH207", `verb 1 (Gather): input="speech dtmf" is not dtmf, speech or both`},
		{"too many digits", responder.Respond(responder.Gather{NumDigits: 256}), "SH207", "verb 1 (Gather): numDigits=256 is not between 1 and 255"},
		{"fewer digits than none", responder.Respond(responder.Gather{NumDigits: -1}), "SH207", "verb 1 (Gather): numDigits=-1 is not between 1 and 255"},
		{"another method", responder.Respond(responder.Gather{Method: "post"}), "SH207", `verb 1 (Gather): method="post" is neither GET nor POST`},
		{"a key that no telephone has", responder.Respond(responder.Gather{FinishOnKey: "1x2"}), "SH207", `verb 1 (Gather): finishOnKey="1x2" has a character that is not a telephone key`},
		{"a negative time", responder.Respond(responder.Gather{Timeout: -time.Second}), "SH207", "verb 1 (Gather): timeout=-1s is not between 0 and 86400 seconds"},
		{"a time of more than a day", responder.Respond(responder.Gather{ExecutionTimeout: 25 * time.Hour}), "SH207", "verb 1 (Gather): executionTimeout=25h0m0s is not between 0 and 86400 seconds"},
		{"an echo for no time, which would be forever", responder.Respond(responder.Echo{Timeout: responder.Immediately}), "SH207", "verb 1 (Echo): timeout cannot be Immediately: 0 means without limit"},
		{"a recording of no time", responder.Respond(responder.Record{MaxLength: responder.Immediately}), "SH207", "verb 1 (Record): maxLength cannot be Immediately: 0 means without limit"},
		{"a recording's keys", responder.Respond(responder.Record{FinishOnKey: "any"}), "SH207", `verb 1 (Record): finishOnKey="any" has a character that is not a telephone key`},
		{"more than is read", responder.Respond(responder.Say{Text: strings.Repeat("&", responder.MaxDocument/5)}), "SH103", "the document has more than 1048576 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			xml, err := responder.AppendDocument([]byte("before"), c.document)
			refused, ok := errors.AsType[*responder.InvalidError](err)
			if !ok {
				t.Fatalf("got %q, %v, want an InvalidError", xml, err)
			}
			if refused.Problem.Code != c.code || refused.Problem.Text != c.want {
				t.Errorf("got %s %s\nwant %s %s", refused.Problem.Code, refused.Problem.Text, c.code, c.want)
			}
			if want := "invalid document: " + c.want; err.Error() != want {
				t.Errorf("error: got %s, want %s", err, want)
			}
			if string(xml) != "before" {
				t.Errorf("something was appended: %s", xml)
			}
		})
	}
}

func TestOddDocumentsAreWrittenAllTheSame(t *testing.T) {
	document := responder.Respond(
		responder.Say{},
		responder.Gather{Prompts: []responder.Prompt{responder.Say{Text: "x", Action: "y"}}},
		responder.Record{},
		responder.Forward{To: "1000"},
		responder.Hangup{},
	)
	if _, err := responder.Encode(document); err != nil {
		t.Error(err)
	}
	want := []string{"0:0 SH213", "0:0 SH210", "0:0 SH208", "0:0 SH210", "0:0 SH209"}
	if diff := cmp.Diff(want, brief(document.Problems())); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestEncodingAllocatesOnce(t *testing.T) {
	document := typical()
	if n := testing.AllocsPerRun(100, func() { _, _ = responder.Encode(document) }); n != 1 {
		t.Errorf("Encode allocates %v times, want once", n)
	}
	var buf []byte
	if n := testing.AllocsPerRun(100, func() { buf, _ = responder.AppendDocument(buf[:0], document) }); n != 0 {
		t.Errorf("AppendDocument into a buffer that is large enough allocates %v times", n)
	}
}
