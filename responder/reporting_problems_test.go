package responder_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/responder"
)

// report is a document and the one problem that it has.
type report struct {
	code     string
	xml      string
	position string
	severity responder.Severity
	text     string
}

// reports has at least one document for each code.
var reports = []report{
	{responder.CodeSyntax, "<Response>\n <Say>Hello</Sax></Response>", "2:12", responder.Error, "</Sax> stands where </Say> belongs"},
	{responder.CodeEncoding, "<Say>\xFF</Say>", "1:6", responder.Error, `the byte 0xFF is not UTF-8; send UTF-8, or declare encoding="ISO-8859-1"`},
	{responder.CodeTooLarge, "<Say>" + strings.Repeat("a", responder.MaxDocument) + "</Say>", "0:0", responder.Error, "the document has more than 1048576 bytes"},
	{responder.CodeTooDeep, "<Say>\n" + strings.Repeat("<b>", 16), "", responder.Error, "elements are nested more than 16 deep"},
	{responder.CodeEntities, "\n<!DOCTYPE Say [<!ENTITY a 'b'>]><Say>&a;</Say>", "2:1", responder.Error, "the DOCTYPE declares entities of its own, which are never expanded"},
	{responder.CodeRoot, "\n<xml/>", "2:1", responder.Error, "the root element is <xml>; it must be <Response> or a verb"},
	{responder.CodeNothing, "\n", "0:0", responder.Error, "the answer is empty"},
	{responder.CodeAmpersand, "<Say>R &\nD</Say>", "1:8", responder.Warning, "an & that begins no entity; write &amp;"},
	{responder.CodeHTMLEntity, "<Say>\n&uuml;ber</Say>", "2:1", responder.Warning, "&uuml; is an entity of HTML, not of XML; write the character itself"},
	{responder.CodeAfterRoot, "<Hangup/>\n bye", "2:2", responder.Warning, "text follows the document's end"},
	{responder.CodeDoctype, "\n<!doctype say><Hangup/>", "2:1", responder.Warning, "a document needs no DOCTYPE"},
	{responder.CodeAttribute, "<Say voice='a'\nvoice='b'>x</Say>", "2:1", responder.Warning, "the attribute voice stands twice in one tag; the first counts"},
	{responder.CodeLabel, "<?xml version='1.0' encoding='utf-16'?><Hangup/>", "1:1", responder.Warning, "the document says that its encoding is utf-16; it is read as UTF-8, which its bytes are"},

	{responder.CodeUnknownVerb, "<Response>\n<Dial>1<x>2</x></Dial><Hangup/></Response>", "2:1", responder.Error, "there is no verb <Dial>; write Forward"},
	{responder.CodeUnknownVerb, "<Response><Sing/><Hangup/></Response>", "1:11", responder.Error, "there is no verb <Sing>"},
	{responder.CodeUnknownAttr, "<Hangup\nreason='x'/>", "2:1", responder.Warning, "Hangup has no attribute reason"},
	{responder.CodeUnknownAttr, "<Connect><Stream url='wss://x'\ntrack='Both'/></Connect>", "2:1", responder.Warning, `a Stream in <Connect> has no track="Both": it gets what the caller says`},
	{responder.CodeCase, "<Response>\n<hangup/></Response>", "2:1", responder.Warning, "<hangup> is spelled <Hangup>"},
	{responder.CodeCase, "<Gather\nNUMDIGITS='1' action='a'/>", "2:1", responder.Warning, "the attribute NUMDIGITS is spelled numDigits"},
	{responder.CodeNotAllowed, "<Gather action='a'>\n<Hangup/></Gather>", "2:1", responder.Error, "<Hangup> cannot stand in <Gather>, only Say and Play can"},
	{responder.CodeNotAllowed, "<Response><Stream url='x'/><Hangup/></Response>", "1:11", responder.Error, "<Stream> cannot stand directly in <Response>"},
	{responder.CodeNotAllowed, "<Response><Response><Hangup/></Response><Hangup/></Response>", "1:11", responder.Error, "<Response> cannot stand directly in <Response>"},
	{responder.CodeNotAllowed, "<Play>x<Say>y</Say></Play>", "1:8", responder.Error, "<Say> cannot stand in <Play>, which is plain text"},
	{responder.CodeNotAllowed, "<Hangup><Say>y</Say></Hangup>", "1:9", responder.Error, "<Say> cannot stand in <Hangup>, which is empty"},
	{responder.CodeNotAllowed, "<Start><Stream url='wss://x'/><Say>y</Say></Start>", "1:31", responder.Error, "<Say> cannot stand in <Start>, only one Stream can"},
	{responder.CodeNotAllowed, "<Start><Stream url='wss://x'/><Stream url='wss://x'/></Start>", "1:31", responder.Error, "a second <Stream> stands in <Start>"},
	{responder.CodeNotAllowed, "<Start><Stream url='wss://x'><Say>y</Say></Stream></Start>", "1:30", responder.Error, "<Say> cannot stand in <Stream>, only Parameter can"},
	{responder.CodeStrayText, "<Response>\nplease <Hangup/></Response>", "2:1", responder.Warning, `text ("please") stands in <Response>, where only elements can`},
	{responder.CodeMissing, "<Response>\n<Play> </Play></Response>", "2:1", responder.Error, "this Play names no file"},
	{responder.CodeMissing, "<Forward/>", "1:1", responder.Error, "this Forward names no destination"},
	{responder.CodeMissing, "<Connect/>", "1:1", responder.Error, "this verb names no Stream with a url"},
	{responder.CodeMissing, "<Start><Stream/></Start>", "1:1", responder.Error, "this verb names no Stream with a url"},
	{responder.CodeMissing, "<Start><Stream url='wss://x'><Parameter value='y'/></Stream></Start>", "1:1", responder.Error, "a Parameter of this Stream has no name"},
	{responder.CodeValue, "<Gather\nnumDigits='0' action='a'/>", "2:1", responder.Error, `numDigits="0" is not a number from 1 to 255`},
	{responder.CodeValue, "<Gather input='keys' action='a'/>", "1:9", responder.Error, `input="keys" is not dtmf, speech or both`},
	{responder.CodeValue, "<Gather timeout='5s' action='a'/>", "1:9", responder.Error, `timeout="5s" is not a number of seconds from 0 to 86400`},
	{responder.CodeValue, "<Gather timeout='NaN' action='a'/>", "1:9", responder.Error, `timeout="NaN" is not a number of seconds from 0 to 86400`},
	{responder.CodeValue, "<Gather timeout='-1' action='a'/>", "1:9", responder.Error, `timeout="-1" is not a number of seconds from 0 to 86400`},
	{responder.CodeValue, "<Gather finishOnKey='none' action='a'/>", "1:9", responder.Error, `finishOnKey="none" has a character that is not a telephone key`},
	{responder.CodeValue, "<Gather method='PUT' action='a'/>", "1:9", responder.Error, `method="PUT" is neither GET nor POST`},
	{responder.CodeValue, "<Record playBeep='loud' action='a'/>", "1:9", responder.Error, `playBeep="loud" is neither true nor false`},
	{responder.CodeValue, "<Connect><Stream url='ftp://x'/></Connect>", "1:1", responder.Error, "a Stream's url begins with wss://, not ftp://"},
	{responder.CodeValue, "<Start><Stream url='wss://x'\ntrack='left'/></Start>", "2:1", responder.Error, `track="left" is not inbound, outbound or both`},
	{responder.CodeNestedAction, "<Gather action='a'>\n<Say action='b'>x</Say></Gather>", "2:1", responder.Warning, "the action of a Say inside a Gather never gets control"},
	{responder.CodeUnreachable, "<Response><Hangup/>\n<Say>x</Say><Say>y</Say></Response>", "2:1", responder.Warning, "nothing after this Hangup is ever run"},
	{responder.CodeUnreachable, "<Response><Say action='a'>x</Say>\n<Say>y</Say></Response>", "2:1", responder.Warning, "nothing after this Say with an action is ever run"},
	{responder.CodeNoAction, "<Response>\n<Gather/></Response>", "2:1", responder.Warning, "this Gather has no action, so what the caller enters goes nowhere"},
	{responder.CodeNoAction, "<Record/>", "1:1", responder.Warning, "this Record has no action, so nobody learns where the recording is"},
	{responder.CodeForwardGoto, "<Forward\naction='a'>1000</Forward>", "2:1", responder.Warning, "Forward takes no action"},
	{responder.CodeForwardGoto, "<Start><Stream url='wss://x'\naction='a'/></Start>", "2:1", responder.Warning, "the action of a Stream in <Start> never gets control"},
	{responder.CodeEmpty, "\n<Response>\n</Response>", "2:1", responder.Warning, "the document has no verbs"},
	{responder.CodeNothingToSay, "<Response>\n<Say> </Say></Response>", "2:1", responder.Warning, "this Say has no text"},
	{responder.CodeMarkup, "<Say>\n<b>x</b></Say>", "2:1", responder.Warning, "markup (<b>) stands in <Say>, which is plain text"},
}

func TestEachProblemIsReportedOnceWithItsPlace(t *testing.T) {
	for _, c := range reports {
		t.Run(c.code+" "+c.text, func(t *testing.T) {
			parsed, _ := responder.Parse([]byte(c.xml))
			found := parsed.Problems
			if c.code == responder.CodeTooDeep { // the markup on the way there is reported too
				found = found[len(found)-1:]
				c.position = "2:" + strconv.Itoa(15*len("<b>")+1)
			}
			if diff := cmp.Diff([]string{c.position + " " + c.code}, brief(found)); diff != "" {
				t.Fatalf("problems (-want +got):\n%s\n%v", diff, found)
			}
			if found[0].Text != c.text {
				t.Errorf("text: got %q, want %q", found[0].Text, c.text)
			}
			if found[0].Severity != c.severity {
				t.Errorf("severity: got %v, want %v", found[0].Severity, c.severity)
			}
			if found[0].Effect == "" {
				t.Error("it is not said what a phone system does about it")
			}
		})
	}
}

func TestProblemOnOneLine(t *testing.T) {
	problem := responder.Problem{Code: responder.CodeEmpty, Line: 3, Column: 4, Text: "the document has no verbs", Effect: "the call is hung up"}
	if got, want := problem.String(), "3:4: warning: the document has no verbs (the call is hung up; SH212)"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	problem = responder.Problem{Code: responder.CodeNothing, Severity: responder.Error, Text: "the answer is empty", Effect: "nothing is run"}
	if got, want := problem.String(), "error: the answer is empty (nothing is run; SH107)"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// codes returns the values of the constants whose names begin with Code.
func codes(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "problem.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, declaration := range file.Decls {
		group, ok := declaration.(*ast.GenDecl)
		if !ok || group.Tok != token.CONST {
			continue
		}
		for _, spec := range group.Specs {
			value, ok := spec.(*ast.ValueSpec)
			if !ok || !strings.HasPrefix(value.Names[0].Name, "Code") {
				continue
			}
			literal, ok := value.Values[0].(*ast.BasicLit)
			if !ok {
				t.Fatalf("%s is no string", value.Names[0].Name)
			}
			found = append(found, strings.Trim(literal.Value, `"`))
		}
	}
	return found
}

func TestEveryCodeIsReported(t *testing.T) {
	for _, code := range codes(t) {
		if !slices.ContainsFunc(reports, func(r report) bool { return r.code == code }) {
			t.Errorf("%s is reported by no document of these tests", code)
		}
	}
}

var (
	section = regexp.MustCompile(`(?m)^## (SH\d{3})\n\n`)
	snippet = regexp.MustCompile("(?ms)^```xml\n(.*?\n)```$")
)

// TestPageOfProblems reads docs/problems.md: each code has a paragraph, the
// first example in it has that problem and no other, and a second one is fixed.
func TestPageOfProblems(t *testing.T) {
	content, err := os.ReadFile("../docs/problems.md")
	if err != nil {
		t.Fatal(err)
	}
	page := strings.ReplaceAll(string(content), "\r\n", "\n")
	paragraphs := make(map[string]string)
	headings := section.FindAllStringSubmatchIndex(page, -1)
	for i, at := range headings {
		end := len(page)
		if i+1 < len(headings) {
			end = headings[i+1][0]
		}
		code := page[at[2]:at[3]]
		if _, twice := paragraphs[code]; twice {
			t.Errorf("%s has two paragraphs", code)
		}
		paragraphs[code] = page[at[1]:end]
	}
	for _, code := range codes(t) {
		paragraph, ok := paragraphs[code]
		if !ok {
			t.Errorf("%s has no paragraph under a heading ## %s", code, code)
			continue
		}
		for i, example := range snippet.FindAllStringSubmatch(paragraph, -1) {
			want := []string{code}
			if i > 0 || code == responder.CodeNothing { // nothing cannot be shown, only its fix
				want = nil
			}
			if diff := cmp.Diff(want, codesOf(example[1])); diff != "" {
				t.Errorf("%s, example %d: problems (-want +got):\n%s", code, i+1, diff)
			}
		}
	}
}

// codesOf returns the codes of a document's problems, except those that also
// come with a document that cannot be read.
func codesOf(xml string) []string {
	parsed, err := responder.Parse([]byte(xml))
	found := parsed.Problems
	if err != nil {
		found = found[len(found)-1:]
	}
	var codes []string
	for _, p := range found {
		codes = append(codes, p.Code)
	}
	return codes
}
