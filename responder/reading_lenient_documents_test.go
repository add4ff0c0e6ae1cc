package responder_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/responder"
)

// brief writes problems down as "line:column code".
func brief(problems []responder.Problem) []string {
	var lines []string
	for _, p := range problems {
		lines = append(lines, fmt.Sprintf("%d:%d %s", p.Line, p.Column, p.Code))
	}
	return lines
}

// mustParse parses a document that can be read.
func mustParse(t *testing.T, xml string) *responder.Parsed {
	t.Helper()
	parsed, err := responder.Parse([]byte(xml))
	if err != nil {
		t.Fatalf("responder.Parse(%q): %v", xml, err)
	}
	return parsed
}

func TestDocumentsOfTheField(t *testing.T) {
	hello := responder.Respond(responder.Say{Text: "Hello."})
	for _, c := range []struct {
		name string
		xml  string
		want responder.Document
		odd  []string
	}{
		{"as documented", "<Response><Say>Hello.</Say></Response>", hello, nil},
		{"with a declaration", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Say>Hello.</Say></Response>\n", hello, nil},
		{"white space before the declaration", "\n\n  <?xml version='1.0'?><Response><Say>Hello.</Say></Response>", hello, nil},
		{"a byte order mark", "\uFEFF<Response><Say>Hello.</Say></Response>", hello, nil},
		{"byte order marks of included files", "\uFEFF\n\uFEFF<Response><Say>Hello.</Say></Response>\uFEFF\n", hello, nil},
		{"comments around", "<!-- by hand --><Response><!-- a --><Say><!-- b -->Hello.<!-- c --></Say></Response><!-- d -->", hello, nil},
		{"a CDATA section", "<Response><Say><![CDATA[Hello.]]></Say></Response>", hello, nil},
		{"white space in text", "<Response><Say>\n\t Hello. \n</Say></Response>", hello, nil},
		{"white space in tags", "<Response\n><Say\tvoice = 'x'  >Hello.</Say ></Response\r\n>", responder.Respond(responder.Say{Text: "Hello.", Voice: "x"}), nil},
		{"names in lower case", "<response><say>Hello.</say></response>", hello, []string{"1:1 SH203", "1:11 SH203"}},
		{"an end in another case", "<Response><Say>Hello.</say></Response>", hello, []string{"1:22 SH203"}},
		{"a bare verb", "<Say>Hello.</Say>", responder.Bare(responder.Say{Text: "Hello."}), nil},
		{"a namespace", `<Response xmlns="urn:x" xmlns:y="urn:y"><Say>Hello.</Say></Response>`, hello, nil},
		{
			"the forward of the vendor's article", "<Forward ByCaller='yes'>+14165550100</Forward>",
			responder.Bare(responder.Forward{To: "+14165550100", ByCaller: true}), nil,
		},
		{"ByCaller counts by its presence", "<Forward ByCaller='no'>1000</Forward>", responder.Bare(responder.Forward{To: "1000", ByCaller: true}), nil},
		{
			"the gather of the vendor's article",
			"<Gather numDigits='3' action='handle-account-number.php'>\n<Play>\nhttp://www.example.com/what-is-your-account-number.wav\n</Play>\n</Gather>",
			responder.Bare(responder.Gather{NumDigits: 3, Action: "handle-account-number.php", Prompts: []responder.Prompt{responder.Play{URL: "http://www.example.com/what-is-your-account-number.wav"}}}), nil,
		},
		{"the echo of the vendor's article", `<Echo timeout="5"></Echo>`, responder.Bare(responder.Echo{Timeout: 5 * time.Second}), nil},
		{"an echo without limit", `<Echo timeout="0"/>`, responder.Bare(responder.Echo{}), nil},
		{
			"the response of the vendor's article",
			"<Response>\n<Say>one</Say>\n<Say action='next.php'>two</Say>\n<Say>never</Say>\n</Response>",
			responder.Respond(responder.Say{Text: "one"}, responder.Say{Text: "two", Action: "next.php"}, responder.Say{Text: "never"}), []string{"4:1 SH209"},
		},
		{"an action of the document", "<Response action='again.php'><Hangup/></Response>", responder.Document{Verbs: []responder.Verb{responder.Hangup{}}, Action: "again.php"}, nil},
		{"a document that is an action alone", "<Response action='again.php'/>", responder.Document{Action: "again.php"}, nil},
		{"a bare & in text", "<Response><Say>Salt & pepper, R&D; done</Say></Response>", responder.Respond(responder.Say{Text: "Salt & pepper, R&D; done"}), []string{"1:21 SH108", "1:32 SH108"}},
		{
			"a bare & in a URL", "<Response action='a.php?x=1&copy=2&amp;y=3'><Hangup/></Response>",
			responder.Document{Verbs: []responder.Verb{responder.Hangup{}}, Action: "a.php?x=1&copy=2&y=3"}, []string{"1:28 SH108"},
		},
		{"an & before a word that HTML would shorten", "<Say>&notit; &semi;</Say>", responder.Bare(responder.Say{Text: "&notit; ;"}), []string{"1:6 SH108", "1:14 SH109"}},
		{"entities of HTML", "<Say>caf&eacute;&nbsp;noir</Say>", responder.Bare(responder.Say{Text: "café noir"}), []string{"1:9 SH109", "1:17 SH109"}},
		{"entities of XML", "<Say>&lt;&gt;&amp;&quot;&apos;&#65;&#x42;&#0000000000000000000000000000000000000067;</Say>", responder.Bare(responder.Say{Text: `<>&"'ABC`}), nil},
		{"& and # of no reference", "<Say>&#; &#b; &#x; &#12</Say>", responder.Bare(responder.Say{Text: "&#; &#b; &#x; &#12"}), []string{"1:6 SH108", "1:10 SH108", "1:15 SH108", "1:20 SH108"}},
		{"markup in text", "<Say>very <b>im<i>port</i>ant</b></Say>", responder.Bare(responder.Say{Text: "very important"}), []string{"1:11 SH214", "1:16 SH214"}},
		{"a verb inside text", "<Say>Bye<Hangup/>.</Say>", responder.Bare(responder.Say{Text: "Bye."}), []string{"1:9 SH204"}},
		{"a DOCTYPE", "<!DOCTYPE Response SYSTEM \"a>[b\"><Say>Hello.</Say>", responder.Bare(responder.Say{Text: "Hello."}), []string{"1:1 SH111"}},
		{"an attribute without a value", "<Forward ByCaller>1000</Forward>", responder.Bare(responder.Forward{To: "1000", ByCaller: true}), []string{"1:10 SH112"}},
		{"two attributes without a value", "<Forward ByCaller x>1000</Forward>", responder.Bare(responder.Forward{To: "1000", ByCaller: true}), []string{"1:10 SH112", "1:19 SH112", "1:19 SH202"}},
		{"an attribute twice", "<Say voice='a' voice='b'>x</Say>", responder.Bare(responder.Say{Text: "x", Voice: "a"}), []string{"1:16 SH112"}},
		{"an attribute twice, in two cases", "<Say voice='a' Voice='b'>x</Say>", responder.Bare(responder.Say{Text: "x", Voice: "a"}), []string{"1:16 SH112"}},
		{"attributes without a space", "<Say voice='a'language='b'>x</Say>", responder.Bare(responder.Say{Text: "x", Voice: "a", Language: "b"}), []string{"1:15 SH112"}},
		{"ends of lines in an attribute", "<Start><Stream url='wss://x'><Parameter name='a' value='1\r\n2\t3&#10;'/></Stream></Start>", responder.Bare(responder.Start{Stream: responder.Stream{URL: "wss://x", Parameters: []responder.Parameter{{Name: "a", Value: "1 2 3\n"}}}}), nil},
		{"text after the end", "<Response><Hangup/></Response>\nNotice: a & b", responder.Respond(responder.Hangup{}), []string{"2:1 SH110"}},
		{"a tag after the end", "<Response><Hangup/></Response><Say>&</Say>", responder.Respond(responder.Hangup{}), []string{"1:31 SH110"}},
		{"an end tag after the end", "<Response><Hangup/></Response></Response>", responder.Respond(responder.Hangup{}), []string{"1:31 SH110"}},
		{"rubbish after the end", "<Response><Hangup/></Response><!-- ok --> <", responder.Respond(responder.Hangup{}), []string{"1:43 SH110"}},
		{"ISO-8859-1", "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><Say>caf\xE9 \x80</Say>", responder.Bare(responder.Say{Text: "café €"}), nil},
		{"UTF-16, it says, and is ASCII", "<?xml version=\"1.0\" encoding=\"utf-16\"?>\n<Response><Say>Hello.</Say></Response>", hello, []string{"1:1 SH113"}},
		{"another encoding, it says, and is UTF-8", "\n<?xml version='1.0' encoding='Shift_JIS'?><Say>caf\u00E9</Say>", responder.Bare(responder.Say{Text: "café"}), []string{"2:1 SH113"}},
		{"ISO-8859-1 after the byte order mark of UTF-8", "\uFEFF<?xml version='1.0' encoding='ISO-8859-1'?><Say>caf\u00E9</Say>", responder.Bare(responder.Say{Text: "café"}), nil},
		{"positions in ISO-8859-1", "<?xml version=\"1.0\" encoding='windows-1252'?>\n<Say>\xE9\xE9 & </Say>", responder.Bare(responder.Say{Text: "éé &"}), []string{"2:9 SH108"}},
		{"positions count characters", "<Say>日本 & 語</Say>", responder.Bare(responder.Say{Text: "日本 & 語"}), []string{"1:9 SH108"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			parsed := mustParse(t, c.xml)
			if diff := cmp.Diff(c.want, parsed.Document); diff != "" {
				t.Errorf("document (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.odd, brief(parsed.Problems)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestValuesAreReadAsTheyAreMeant(t *testing.T) {
	for _, c := range []struct {
		name string
		xml  string
		want responder.Verb
	}{
		{"both inputs", "<Gather input='dtmf speech' action='a'/>", responder.Gather{Input: responder.InputBoth, Action: "a"}},
		{"both inputs with a comma", "<Gather input='Speech, DTMF' action='a'/>", responder.Gather{Input: responder.InputBoth, Action: "a"}},
		{"keys", "<Gather input='dtmf' action='a'/>", responder.Gather{Input: responder.InputDTMF, Action: "a"}},
		{"speech", "<Gather input=' speech' action='a'/>", responder.Gather{Input: responder.InputSpeech, Action: "a"}},
		{"no input", "<Gather input='' action='a'/>", responder.Gather{Action: "a"}},
		{"no finish key", "<Gather finishOnKey='' action='a'/>", responder.Gather{FinishOnKey: responder.NoFinishKey, Action: "a"}},
		{"several finish keys", "<Gather finishOnKey='*#' action='a'/>", responder.Gather{FinishOnKey: "*#", Action: "a"}},
		{"times", "<Gather timeout='1.5' digitEndTimeout='0' executionTimeout=' 86400 ' speechTimeout='0.0004' action='a'/>", responder.Gather{
			Timeout: 1500 * time.Millisecond, DigitEndTimeout: responder.Immediately, ExecutionTimeout: 24 * time.Hour, SpeechTimeout: responder.Immediately, Action: "a",
		}},
		{"other vendors' automatic time", "<Gather speechTimeout='auto' action='a'/>", responder.Gather{Action: "a"}},
		{"a method", "<Gather method='post' action='a'/>", responder.Gather{Method: "POST", Action: "a"}},
		{"words", "<Gather language=' de-DE ' hints='ja, nein' action=' a '/>", responder.Gather{Language: "de-DE", Hints: "ja, nein", Action: "a"}},
		{"a recording", "<Record action='r' maxLength='60' timeout='3' finishOnKey='1' playBeep='Yes'/>", responder.Record{
			Action: "r", MaxLength: time.Minute, Timeout: 3 * time.Second, FinishOnKey: "1", PlayBeep: true,
		}},
		{"a recording without beep or limit", "<Record action='r' maxLength='0' playBeep='false'/>", responder.Record{Action: "r"}},
		{"a stream's action", "<Connect><Stream url='wss://x' action='a'/></Connect>", responder.Connect{Stream: responder.Stream{URL: "wss://x"}, Action: "a"}},
		{"a Connect's action", "<Connect action='a'><Stream url='wss://x'/></Connect>", responder.Connect{Stream: responder.Stream{URL: "wss://x"}, Action: "a"}},
		{"the Stream's action before the Connect's", "<Connect action='a'><Stream url='wss://x' action='b'/></Connect>", responder.Connect{Stream: responder.Stream{URL: "wss://x"}, Action: "b"}},
		{"a relative stream", "<Connect><Stream url='/talk'/></Connect>", responder.Connect{Stream: responder.Stream{URL: "/talk"}}},
		{"a stream's track", "<Start><Stream url='wss://x' track=' Outbound '/></Start>", responder.Start{Stream: responder.Stream{URL: "wss://x", Track: responder.TrackOutbound}}},
		{"a Connect's track", "<Connect><Stream url='wss://x' track='inbound'/></Connect>", responder.Connect{Stream: responder.Stream{URL: "wss://x", Track: responder.TrackInbound}}},
		{"a parameter's spaces", "<Start><Stream url='wss://x'><Parameter value='' name=' a '/></Stream></Start>", responder.Start{Stream: responder.Stream{URL: "wss://x", Parameters: []responder.Parameter{{Name: " a "}}}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			parsed := mustParse(t, c.xml)
			if diff := cmp.Diff(responder.Bare(c.want), parsed.Document); diff != "" {
				t.Errorf("document (-want +got):\n%s", diff)
			}
			if len(parsed.Problems) > 0 {
				t.Errorf("problems: %v", parsed.Problems)
			}
		})
	}
}

func TestWhatAGatherListensFor(t *testing.T) {
	for input, want := range map[responder.Input][2]bool{
		"": {true, false}, responder.InputDTMF: {true, false}, responder.InputSpeech: {false, true}, responder.InputBoth: {true, true},
	} {
		if got := [2]bool{input.DTMF(), input.Speech()}; got != want {
			t.Errorf("%q: got keys and speech %v, want %v", input, got, want)
		}
	}
}

func TestPositionsOfVerbsAndPrompts(t *testing.T) {
	parsed := mustParse(t, "<Response>\n  <Say>é</Say><Nonsense/> <Gather action='a'>\n<Say>1</Say>\n <Play>2</Play></Gather>\n</Response>")
	want := [][]responder.Position{{{Line: 2, Column: 3}}, {{Line: 2, Column: 27}, {Line: 3, Column: 1}, {Line: 4, Column: 2}}}
	var got [][]responder.Position
	for i, v := range parsed.Document.Verbs {
		places := []responder.Position{parsed.VerbPosition(i)}
		if g, ok := v.(responder.Gather); ok {
			for j := range g.Prompts {
				places = append(places, parsed.PromptPosition(i, j))
			}
		}
		got = append(got, places)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("positions (-want +got):\n%s", diff)
	}
	for _, unknown := range []responder.Position{
		parsed.VerbPosition(-1), parsed.VerbPosition(2),
		parsed.PromptPosition(-1, 0), parsed.PromptPosition(2, 0), parsed.PromptPosition(0, 0), parsed.PromptPosition(1, -1), parsed.PromptPosition(1, 2),
	} {
		if unknown != (responder.Position{}) {
			t.Errorf("position of nothing: %v", unknown)
		}
	}
}

func TestProblemsStandInTheOrderOfTheText(t *testing.T) {
	parsed := mustParse(t, "<Response>\n<say\nvoice\nx='&'>&</say><Dial/>\n<Gather><Say action='z'/></Gather><Play/></Response>")
	want := []string{"2:1 SH203", "3:1 SH112", "4:1 SH202", "4:4 SH108", "4:7 SH108", "4:14 SH201", "5:1 SH210", "5:9 SH213", "5:9 SH208", "5:35 SH206"}
	if diff := cmp.Diff(want, brief(parsed.Problems)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}
