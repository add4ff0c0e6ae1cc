package responder_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/responder"
)

func TestDocumentsThatCannotBeRead(t *testing.T) {
	for _, c := range []struct {
		name string
		xml  string
		want string // position, code
		says string // a part of the message
	}{
		{"nothing", "", "0:0 SH107", "the answer is empty"},
		{"white space", " \r\n\t", "0:0 SH107", "the answer is empty"},
		{"a byte order mark alone", "\uFEFF\n", "0:0 SH107", "the answer is empty"},
		{"one byte too many", strings.Repeat(" ", responder.MaxDocument) + "<", "0:0 SH103", "more than 1048576 bytes"},
		{"only a comment", "<!-- later -->", "0:0 SH106", "no root element"},
		{"plain text", "\n Fatal error: no database", "2:2 SH106", `begins with text ("Fatal error: no database")`},
		{"text of wide characters", strings.Repeat("語", 40), "1:1 SH106", `text ("` + strings.Repeat("語", 40) + `"), not`},
		{"a lot of text", strings.Repeat("語", 41), "1:1 SH106", `text ("` + strings.Repeat("語", 40) + `…"), not`},
		{"a web page", "<!DOCTYPE html>\n<html><body>502</body></html>", "2:1 SH106", "a web page"},
		{"another root", "\n\n <Speak>Hello</Speak>", "3:2 SH106", "the root element is <Speak>"},
		{"a part of a verb as root", "<Stream url='wss://x'/>", "1:1 SH106", "the root element is <Stream>"},
		{"an end alone", "</Response>", "1:1 SH101", "</Response> ends an element that was never begun"},
		{"JSON", `{"say":"Hello"}`, "1:1 SH106", "begins with text"},

		{"cut off in an element", "<Response>\n  <Say>Hello", "2:3 SH101", "<Say> begins here and is never ended"},
		{"cut off in a tag", "<Response>\n  <Say voice='x'", "2:3 SH101", "the tag <Say is not closed by >"},
		{"cut off in a value", "<Response>\n  <Say voice='x", "2:8 SH101", "the value of the attribute voice has no closing '"},
		{"cut off in a comment", "<Response><!-- Hello", "1:11 SH101", "a comment begins here and does not end"},
		{"cut off in CDATA", "<Say><![CDATA[Hello]]", "1:6 SH101", "a CDATA section begins here and does not end"},
		{"cut off in an instruction", "<?xml version='1.0'", "1:1 SH101", "a processing instruction begins here and does not end"},
		{"cut off in a DOCTYPE", "<!DOCTYPE html", "1:1 SH101", "a DOCTYPE begins here and does not end"},
		{"cut off in a DOCTYPE's identifier", "<!DOCTYPE html SYSTEM 'x>", "1:1 SH101", "a DOCTYPE begins here and does not end"},
		{"cut off in an end", "<Say>Hello</Say", "1:11 SH101", "an end tag is not closed by >"},
		{"cut off after <", "<Say>Hello<", "1:11 SH101", "a < that begins no tag"},
		{"overlapping", "<Response><Say>Hello</Response></Say>", "1:21 SH101", "</Response> stands where </Say> belongs"},
		{"a < in text", "<Say>1 < 2</Say>", "1:8 SH101", "written &lt;"},
		{"a < in a value", "<Say voice='<'>x</Say>", "1:13 SH101", "the value of the attribute voice contains <"},
		{"a value without quotation marks", "<Echo timeout=5/>", "1:15 SH101", "the value of the attribute timeout is not in quotation marks"},
		{"a = without a name", "<Echo ='5'/>", "1:7 SH101", `has "=" where an attribute belongs`},
		{"a stray quotation mark", "<Echo timeout='5''/>", "1:18 SH101", `has "'" where an attribute belongs`},
		{"a stray /", "<Echo / >", "1:7 SH101", "a / inside the tag <Echo"},
		{"a declaration of another kind", "<!ELEMENT Say>", "1:1 SH101", "neither a comment nor a DOCTYPE"},
		{"a character that XML does not have", "<Say>&#0;</Say>", "1:6 SH101", "the reference &#0; is not a character"},
		{"half of a character", "<Say>x &#xD83D;&#xDE00;</Say>", "1:8 SH101", "the reference &#xD83D; is not a character"},
		{"a character that a value cannot have", "<Say voice='&#0;'/>", "1:13 SH101", "the reference &#0; is not a character"},
		{"a number beyond all characters", "<Say>&#99999999999999999999;</Say>", "1:6 SH101", "is not a character"},
		{"a control character", "<Say>a\x07b</Say>", "1:7 SH101", "control character 0x07"},
		{"a noncharacter", "<Say>\uFFFE</Say>", "1:6 SH101", "U+FFFE"},

		{"invalid UTF-8", "<Response>\n<Say>caf\xE9</Say></Response>", "2:9 SH102", "the byte 0xE9 is not UTF-8"},
		{"half a surrogate in UTF-8", "<Say>\xED\xA0\x80</Say>", "1:6 SH102", "the byte 0xED is not UTF-8"},
		{"UTF-16, low byte first", "\xFF\xFE<\x00S\x00", "0:0 SH102", "UTF-16"},
		{"UTF-16, high byte first", "\xFE\xFF\x00<\x00S", "0:0 SH102", "UTF-16"},
		{"UTF-16 without a mark", "<\x00S\x00a\x00y\x00", "0:0 SH102", "UTF-16"},
		{"another encoding", "\n<?xml version='1.0' encoding='Shift_JIS'?><Say>\x83\x5C</Say>", "2:1 SH102", "its encoding is Shift_JIS"},
		{"a NUL that is no half of UTF-16", "\x00<Say>x</Say>", "1:1 SH101", "the control character 0x00"},
		{"a NUL after a <", "<\x00Say>x</Say>", "1:2 SH101", "the control character 0x00"},

		{"entities", "<!DOCTYPE Response [<!ENTITY a 'b'>]><Response><Say>&a;</Say></Response>", "1:1 SH105", "declares entities"},
	} {
		t.Run(c.name, func(t *testing.T) {
			parsed, err := responder.Parse([]byte(c.xml))
			refused, ok := errors.AsType[*responder.SyntaxError](err)
			if !ok {
				t.Fatalf("error: got %v, want a SyntaxError", err)
			}
			if got := brief([]responder.Problem{refused.Problem})[0]; got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if !strings.Contains(refused.Problem.Text, c.says) {
				t.Errorf("message %q does not say %q", refused.Problem.Text, c.says)
			}
			if refused.Problem.Severity != responder.Error {
				t.Errorf("severity: got %v", refused.Problem.Severity)
			}
			if n := len(parsed.Problems); n == 0 || parsed.Problems[n-1] != refused.Problem {
				t.Errorf("the error is not the last of the problems: %v", parsed.Problems)
			}
			if diff := cmp.Diff(responder.Document{}, parsed.Document); diff != "" || parsed.VerbPosition(0) != (responder.Position{}) {
				t.Errorf("something was read all the same:\n%s", diff)
			}
		})
	}
}

func TestRefusalComesAfterWhatWasOddBefore(t *testing.T) {
	parsed, err := responder.Parse([]byte("<Response>\n<say>&</say>\n<Say>\n&</Response>"))
	want := []string{"2:1 SH203", "2:6 SH108", "4:1 SH108", "4:2 SH101"}
	if diff := cmp.Diff(want, brief(parsed.Problems)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	if want := "line 4, column 2: </Response> stands where </Say> belongs"; err == nil || err.Error() != want {
		t.Errorf("error: got %v, want %s", err, want)
	}
	_, err = responder.Parse(nil)
	if want := "the answer is empty"; err == nil || err.Error() != want {
		t.Errorf("error: got %v, want %s", err, want)
	}
}
