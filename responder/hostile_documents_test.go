package responder_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/responder"
)

// fill repeats pieces between start and end up to size bytes, %d in a piece
// being its number.
func fill(size int, start, piece, end string) string {
	var b strings.Builder
	b.WriteString(start)
	numbered := strings.Contains(piece, "%d")
	for i := 0; b.Len()+len(piece)+20+len(end) <= size; i++ {
		if numbered {
			fmt.Fprintf(&b, piece, i)
		} else {
			b.WriteString(piece)
		}
	}
	b.WriteString(end)
	return b.String()
}

// hostile are documents of any size that once made somebody's parser spend time
// or memory out of proportion. BenchmarkParseHostile shows that the cost of a
// byte does not grow with the size; if it did, the largest would take minutes.
var hostile = []struct {
	name              string
	start, piece, end string
	want              string // the problem that ends the reading; empty: it is read
}{
	{"ampersands", "<Say>", "&", "</Say>", ""},
	{"ampersands in a value", "<Say voice='", "&", "'/>", ""},
	{"references that do not end", "<Say>", "&#x", "</Say>", ""},
	{"a reference that does not end", "<Say>&", "a", "</Say>", ""},
	{"a long reference", "<Say>&", "a", ";</Say>", ""},
	{"a long number", "<Say>&#", "0", "65;</Say>", ""},
	{"entities of HTML", "<Say>", "&nbsp;", "</Say>", ""},
	{"tags that do not end", "<Response>", "<a ", "", "1:14 SH101"},
	{"tags in tags", "<Response>", "<a>", "", "1:56 SH104"},
	{"closed tags", "<Response>", "<a/>", "</Response>", ""},
	{"verbs", "<Response>", "<Hangup/>", "</Response>", ""},
	{"verbs on lines of their own", "<Response>", "<Say\n a/>", "</Response>", ""},
	{"verbs in the wrong case", "<response>", "<say>é</say>", "</response>", ""},
	{"prompts", "<Gather>", "<Say/>\n", "</Gather>", ""},
	{"parameters", "<Start><Stream url='wss://x'>", "<Parameter name='%d'/>", "</Stream></Start>", ""},
	{"attributes", "<Say", " a%d=''", "/>", ""},
	{"attributes without values", "<Say", " a%d", "/>", ""},
	{"one attribute again and again", "<Say", " voice='x'", "/>", ""},
	{"attributes without spaces", "<Say ", "a%d=''", "/>", ""},
	{"a long value", "<Say voice='", "é\n", "'/>", ""},
	{"a long name", "<Say ", "a", "=''/>", ""},
	{"a long verb", "<Response><", "a", "/></Response>", ""},
	{"comments in text", "<Say>", "a<!---->", "</Say>", ""},
	{"markup in text", "<Say>", "a<b>c</b>", "</Say>", ""},
	{"comments that do not end", "<Say>", "<!--", "</Say>", "1:6 SH101"},
	{"CDATA in text", "<Play>", "<![CDATA[a]]>", "</Play>", ""},
	{"instructions", "<Response>", "<?x?>", "</Response>", ""},
	{"DOCTYPEs", "", "<!DOCTYPE x>", "<Response/>", ""},
	{"DOCTYPEs that do not end", "", "<!DOCTYPE '", "", "1:1 SH101"},
	{"ends alone", "<Response>", "</a>", "", "1:11 SH101"},
	{"stray text", "<Response>", "a<Hangup/>", "</Response>", ""},
	{"lines", "<Say>", "\n", "</Say>", ""},
	{"text after the end", "<Hangup/>", "&\n", "", ""},
	{"comments after the end", "<Hangup/>", "<!---->", "", ""},
	{"characters of one byte", "<?xml version='1.0' encoding='windows-1252'?><Say>", "\x80", "</Say>", ""},
}

func TestHostileDocumentsAreReadInGoodTime(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: without large inputs")
	}
	for _, c := range hostile {
		t.Run(c.name, func(t *testing.T) {
			parsed, err := responder.Parse([]byte(fill(responder.MaxDocument, c.start, c.piece, c.end)))
			got := ""
			if refused, ok := errors.AsType[*responder.SyntaxError](err); ok {
				got = brief([]responder.Problem{refused.Problem})[0]
			}
			if got != c.want {
				t.Errorf("got %q (%v), want %q", got, err, c.want)
			}
			if len(parsed.Problems) > 201 {
				t.Errorf("%d problems are reported", len(parsed.Problems))
			}
			for _, p := range parsed.Problems {
				if len(p.String()) > 500 {
					t.Errorf("a report of %d bytes begins %.80s", len(p.String()), p)
				}
			}
		})
	}
}

func TestDocumentOfDepthTenThousand(t *testing.T) {
	const depth = 10_000
	for _, c := range []struct{ name, open, close, want string }{
		{"of unknown verbs", "<a>", "</a>", "1:56 SH104"},
		{"of Responses", "<Response>", "</Response>", "1:161 SH104"},
		{"of markup", "<Say>", "</Say>", "1:86 SH104"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := responder.Parse([]byte("<Response>" + strings.Repeat(c.open, depth) + strings.Repeat(c.close, depth) + "</Response>"))
			refused, ok := errors.AsType[*responder.SyntaxError](err)
			if !ok {
				t.Fatalf("got %v, want a SyntaxError", err)
			}
			if got := brief([]responder.Problem{refused.Problem})[0]; got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestElementsMayBeSixteenDeep(t *testing.T) {
	nested := func(depth int, innermost string) string {
		return "<Say>" + strings.Repeat("<b>", depth-2) + innermost + strings.Repeat("</b>", depth-2) + "</Say>"
	}
	for _, innermost := range []string{"<b>x</b>", "<b/>"} {
		if _, err := responder.Parse([]byte(nested(16, innermost))); err != nil {
			t.Errorf("16 deep, %s: %v", innermost, err)
		}
		if _, err := responder.Parse([]byte(nested(17, innermost))); err == nil {
			t.Errorf("17 deep, %s: it was read", innermost)
		}
	}
}

func TestEntityBombIsRefusedBeforeItIsRead(t *testing.T) {
	bomb := "<?xml version=\"1.0\"?>\n<!DOCTYPE lolz [\n<!ENTITY lol0 \"lol\">\n"
	for i := 1; i < 10; i++ {
		bomb += fmt.Sprintf("<!ENTITY lol%d %q>\n", i, strings.Repeat(fmt.Sprintf("&lol%d;", i-1), 10))
	}
	bomb += "]>\n<Response><Say>&lol9;</Say></Response>"
	_, err := responder.Parse([]byte(bomb))
	if want := "line 2, column 1: the DOCTYPE declares entities of its own, which are never expanded"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestExternalEntityIsNotFetched(t *testing.T) {
	parsed := mustParse(t, `<!DOCTYPE Say SYSTEM "file:///etc/passwd"><Say>&passwd;</Say>`)
	if diff := cmp.Diff(responder.Bare(responder.Say{Text: "&passwd;"}), parsed.Document); diff != "" {
		t.Errorf("document (-want +got):\n%s", diff)
	}
}

func TestDocumentOfTheGreatestSize(t *testing.T) {
	text := strings.Repeat("a", responder.MaxDocument-len("<Say></Say>"))
	parsed := mustParse(t, "<Say>"+text+"</Say>")
	if diff := cmp.Diff(responder.Bare(responder.Say{Text: text}), parsed.Document); diff != "" {
		t.Errorf("document (-want +got):\n%s", diff)
	}
	_, err := responder.Parse([]byte("<Say>" + text + "a</Say>"))
	if want := "the document has more than 1048576 bytes"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestManyWarningsDoNotHideAnError(t *testing.T) {
	parsed := mustParse(t, "<Response><Say>"+strings.Repeat("&", 1000)+"</Say>"+strings.Repeat("<Play/>", 1000)+"</Response>")
	var warnings, faults int
	for _, p := range parsed.Problems {
		if p.Severity == responder.Error {
			faults++
		} else {
			warnings++
		}
	}
	if warnings != 100 || faults != 100 {
		t.Errorf("got %d warnings and %d errors, want 100 of each", warnings, faults)
	}
}
