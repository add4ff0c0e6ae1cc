package document_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/document"
	"github.com/switchhook/switchhook/responder"
)

// answer is what a responder answers, and what is to be read of it.
type answer struct {
	name        string
	contentType string
	bytes       string
	want        string   // what is spoken; "": the answer is refused
	problems    []string // line:column code
	says        string   // a part of the first problem
}

// say is a document in which bytes of any encoding are spoken.
func say(bytes string) string { return "<Response><Say>" + bytes + "</Say></Response>" }

// declared is say with an XML declaration.
func declared(encoding, bytes string) string {
	return `<?xml version="1.0" encoding="` + encoding + `"?>` + "\n" + say(bytes)
}

// wide is text in UTF-16.
func wide(order binary.AppendByteOrder, text string) string {
	var b []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, unit)
	}
	return string(b)
}

// wide32 is text in UTF-32.
func wide32(order binary.AppendByteOrder, text string) string {
	var b []byte
	for _, r := range text {
		b = order.AppendUint32(b, uint32(r))
	}
	return string(b)
}

var le, be = binary.LittleEndian, binary.BigEndian

const mark = "\uFEFF"

// read checks what is read of answers, and that none that is in UTF-8 gets the
// advice to send UTF-8.
func read(t *testing.T, answers []answer) {
	t.Helper()
	for _, c := range answers {
		t.Run(c.name, func(t *testing.T) {
			parsed, err := document.Parse([]byte(c.bytes), c.contentType)
			var got string
			for _, verb := range parsed.Document.Verbs {
				got += verb.(responder.Say).Text
			}
			if got != c.want || (err != nil) != (c.want == "") {
				t.Errorf("got %q and error %v, want %q", got, err, c.want)
			}
			var problems []string
			for _, p := range parsed.Problems {
				problems = append(problems, fmt.Sprintf("%d:%d %s", p.Line, p.Column, p.Code))
			}
			if diff := cmp.Diff(c.problems, problems); diff != "" {
				t.Fatalf("problems (-want +got):\n%s%v", diff, parsed.Problems)
			}
			if len(problems) > 0 && !strings.Contains(parsed.Problems[0].Text, c.says) {
				t.Errorf("%q does not say %q", parsed.Problems[0].Text, c.says)
			}
			if refused, ok := errors.AsType[*responder.SyntaxError](err); ok && refused.Problem != parsed.Problems[len(problems)-1] {
				t.Errorf("the error %v is not the last of %v", refused.Problem, parsed.Problems)
			}
			for _, p := range parsed.Problems {
				if p.Code != responder.CodeEncoding && strings.Contains(p.Text, "send UTF-8") {
					t.Errorf("bad advice: %s", p)
				}
			}
		})
	}
}

// Names of encodings are those of https://encoding.spec.whatwg.org/#names-and-labels
// and of the IANA's list, and what people call them beside.
func TestEncodingsOfTheWorld(t *testing.T) {
	words := []struct{ name, bytes, want string }{
		{"UTF-8", "caf\u00E9", "café"},
		{"utf8", "caf\u00E9", "café"},
		{"us-ascii", "cafe", "cafe"},
		{"ISO-8859-1", "caf\xE9", "café"},
		{"latin1", "caf\xE9", "café"},
		{"latin-1", "caf\xE9", "café"},
		{"ISO8859_1", "caf\xE9", "café"},
		{"windows-1252", "\x80 5 caf\xE9", "€ 5 café"},
		{"Cp1252", "\x80 5 caf\xE9", "€ 5 café"},
		{"win-1252", "\x80 5 caf\xE9", "€ 5 café"},
		{"iso-8859-2", "Za\xBF\xF3\xB3\xE6", "Zażółć"},
		{"windows-1250", "\x9Akoda", "škoda"},
		{"iso-8859-5", "\xBF\xE0\xD8\xD2\xD5\xE2", "Привет"},
		{"windows-1251", "\xCF\xF0\xE8\xE2\xE5\xF2", "Привет"},
		{"cp1251", "\xCF\xF0\xE8\xE2\xE5\xF2", "Привет"},
		{"KOI8-R", "\xF0\xD2\xC9\xD7\xC5\xD4", "Привет"},
		{"koi8-u", "\xF0\xD2\xC9\xD7\xA6\xD4", "Привіт"},
		{"IBM866", "\x8F\xE0\xA8\xA2\xA5\xE2", "Привет"},
		{"IBM850", "caf\x82", "café"},
		{"cp437", "caf\x82", "café"},
		{"macintosh", "caf\x8E", "café"},
		{"iso-8859-6", "\xE5\xD1\xCD\xC8\xC7", "مرحبا"},
		{"windows-1256", "\xE3\xD1\xCD\xC8\xC7", "مرحبا"},
		{"iso-8859-7", "\xC3\xE5\xE9\xDC", "Γειά"},
		{"windows-1253", "\xC3\xE5\xE9\xDC", "Γειά"},
		{"windows-1254", "\xF0", "ğ"},
		{"windows-1255", "\xF9\xEC\xE5\xED", "שלום"},
		{"windows-1257", "\xF0", "š"},
		{"iso-8859-15", "\xA4 5", "€ 5"},
		{"windows-874", "\xCA\xC7\xD1\xCA\xB4\xD5", "สวัสดี"},
		{"tis-620", "\xCA\xC7\xD1\xCA\xB4\xD5", "สวัสดี"},
		{"Shift_JIS", "\x82\xB1\x82\xF1\x82\xC9\x82\xBF\x82\xCD", "こんにちは"},
		{"SJIS", "\x82\xB1\x82\xF1\x82\xC9\x82\xBF\x82\xCD", "こんにちは"},
		{"cp932", "\x82\xB1\x82\xF1\x82\xC9\x82\xBF\x82\xCD", "こんにちは"},
		{"Windows-31J", "\x83\x5C\x95\x5C", "ソ表"}, // bytes that are \ in ASCII
		{"EUC-JP", "\xA4\xB3\xA4\xF3\xA4\xCB\xA4\xC1\xA4\xCF", "こんにちは"},
		{"ISO-2022-JP", "\x1B$B$3$s$K$A$O\x1B(B", "こんにちは"},
		{"GBK", "\xC4\xE3\xBA\xC3", "你好"},
		{"gb2312", "\xC4\xE3\xBA\xC3", "你好"},
		{"GB18030", "\xC4\xE3\xBA\xC3\x81\x30\x81\x30", "你好\u0080"},
		{"Big5", "\xA7\x41\xA6\x6E", "你好"},
		{"EUC-KR", "\xBE\xC8\xB3\xE7", "안녕"},
		{"ks_c_5601-1987", "\xBE\xC8\xB3\xE7", "안녕"},
	}
	var answers []answer
	for _, w := range words {
		var odd []string
		says := ""
		if w.name == "GB18030" { // a control character, of which more below
			odd, says = []string{"1:1 SH113"}, "control"
		}
		answers = append(answers,
			answer{name: w.name + " in the Content-Type", contentType: "text/xml; charset=" + w.name, bytes: say(w.bytes), want: w.want, problems: at(odd, "0:0 SH113"), says: says},
			answer{name: w.name + " in quotation marks", contentType: `text/xml;charset="` + w.name + `"; x=y`, bytes: say(w.bytes), want: w.want, problems: at(odd, "0:0 SH113"), says: says},
			answer{name: w.name + " in the declaration", contentType: "text/xml", bytes: declared(w.name, w.bytes), want: w.want, problems: odd, says: says},
			answer{name: w.name + " in both", contentType: "application/xml; charset=" + strings.ToUpper(w.name), bytes: declared(strings.ToLower(w.name), w.bytes), want: w.want, problems: at(odd, "0:0 SH113"), says: says},
		)
	}
	read(t, answers)
}

// at is another place for what is odd, if anything is.
func at(odd []string, place string) []string {
	if odd == nil {
		return nil
	}
	return []string{place}
}

// RFC 7303, section 3: the byte order mark, then the charset, then the
// declaration. Labels that bytes cannot be are passed over:
// https://github.com/twilio-labs/twilio-aspnet/issues/12 and
// https://github.com/wiremock/wiremock/issues/1926 (UTF-16 that is not),
// https://github.com/usebruno/bruno/issues/1915 (the declaration alone).
func TestWhichEncodingCounts(t *testing.T) {
	const utf16Label = `<?xml version="1.0" encoding="utf-16"?>`
	read(t, []answer{
		{name: "nothing is said", bytes: say("café"), want: "café"},
		{name: "no charset", contentType: "text/html", bytes: say("café"), want: "café"},
		{name: "an empty charset", contentType: "text/xml; charset=", bytes: say("café"), want: "café"},
		{name: "an empty charset in quotation marks", contentType: `text/xml; charset=""`, bytes: say("café"), want: "café"},
		{name: "a parameter that ends so", contentType: "text/xml; xcharset=utf-16", bytes: say("café"), want: "café"},
		{name: "no media type", contentType: "charset=iso-8859-1", bytes: say("caf\xE9"), want: "café"},
		{name: "in capitals", contentType: "TEXT/XML; CHARSET=ISO-8859-1", bytes: say("caf\xE9"), want: "café"},
		{name: "in single quotation marks", contentType: "text/xml; charset='iso-8859-1'", bytes: say("caf\xE9"), want: "café"},
		{name: "around the =", contentType: "text/xml; charset = iso-8859-1 ; x=y", bytes: say("caf\xE9"), want: "café"},
		{name: "the first of two", contentType: "text/xml; charset=iso-8859-1; charset=utf-8", bytes: say("caf\xE9"), want: "café"},

		{name: "UTF-16 on ASCII, declared", bytes: utf16Label + "\n<Response><Say>Hello.</Say></Response>\n", want: "Hello.",
			problems: []string{"1:1 SH113"}, says: "the declaration says utf-16, but the bytes are UTF-8 and are read so"},
		{name: "UTF-16 on UTF-8, declared", bytes: utf16Label + say("não"), want: "não", problems: []string{"1:1 SH113"}, says: "UTF-8"},
		{name: "UTF-16 on ASCII, after lines", bytes: "\r\n\n  " + utf16Label + say("Hello."), want: "Hello.", problems: []string{"3:3 SH113"}},
		{name: "UTF-16 on ASCII, in the Content-Type", contentType: "text/xml; charset=utf-16", bytes: say("Hello."), want: "Hello.",
			problems: []string{"0:0 SH113"}, says: "the Content-Type says utf-16, but the bytes are UTF-8 and are read so"},
		{name: "UTF-16LE on ASCII, in both", contentType: "text/xml; charset=utf-16le", bytes: utf16Label + say("Hello."), want: "Hello.", problems: []string{"0:0 SH113"}},
		{name: "UTF-16 in the Content-Type, Latin-1 declared", contentType: "text/xml; charset=utf-16", bytes: declared("iso-8859-1", "caf\xE9"), want: "café",
			problems: []string{"0:0 SH113"}, says: "the Content-Type says utf-16, but the bytes are not; they are read as iso-8859-1, as the declaration says"},
		{name: "UTF-16 on ASCII, declared, and the Content-Type knows better", contentType: "text/xml; charset=utf-8", bytes: utf16Label + say("Hello."), want: "Hello.",
			problems: []string{"1:1 SH113"}, says: "the declaration says utf-16, but the bytes are not; they are read as utf-8, as the Content-Type says"},
		{name: "UTF-16 on bytes of nothing", bytes: utf16Label + say("caf\xE9"), problems: []string{"1:58 SH102"}, says: "the byte 0xE9 is not UTF-8"},
		{name: "UCS-2 on ASCII", bytes: declared("ucs-2", "Hello."), want: "Hello.", problems: []string{"1:1 SH113"}},
		{name: "UTF-32 on ASCII", bytes: declared("UTF-32", "Hello."), want: "Hello.", problems: []string{"1:1 SH113"}},
		{name: "EBCDIC on ASCII", contentType: "text/xml; charset=IBM037", bytes: say("Hello."), want: "Hello.", problems: []string{"0:0 SH113"}},

		{name: "the Content-Type before the declaration", contentType: "text/xml; charset=windows-1251", bytes: declared("windows-1252", "\xCF\xF0\xE8"), want: "При",
			problems: []string{"0:0 SH113"}, says: "the Content-Type says windows-1251 and the declaration windows-1252; it is read as windows-1251"},
		{name: "they differ on ASCII", contentType: "text/xml; charset=utf-8", bytes: declared("iso-8859-1", "Hello."), want: "Hello."},
		{name: "they differ in name alone", contentType: "text/xml; charset=latin1", bytes: declared("windows-1252", "caf\xE9"), want: "café"},
		{name: "they differ, and the bytes are UTF-8", contentType: "text/html; charset=UTF-8", bytes: declared("iso-8859-1", "café"), want: "café",
			problems: []string{"0:0 SH113"}, says: "the Content-Type says UTF-8 and the declaration iso-8859-1; it is read as UTF-8"},
		{name: "PHP's default over Latin-1", contentType: "text/html; charset=UTF-8", bytes: declared("iso-8859-1", "caf\xE9"), want: "café",
			problems: []string{"0:0 SH113"}, says: "the Content-Type says UTF-8, but the bytes are not; they are read as iso-8859-1, as the declaration says"},
		{name: "Latin-1 over UTF-8", contentType: "text/xml; charset=iso-8859-1", bytes: say("café"), want: "cafÃ©",
			problems: []string{"0:0 SH113"}, says: "the Content-Type says iso-8859-1 and is followed, but the bytes are UTF-8 as well"},
		{name: "Latin-1 over UTF-8, declared", bytes: declared("iso-8859-1", "café"), want: "cafÃ©", problems: []string{"1:1 SH113"}},
		{name: "Shift_JIS over UTF-8", contentType: "text/xml; charset=Shift_JIS", bytes: say("日本語あいう"), want: "日本語あいう",
			problems: []string{"0:0 SH113"}, says: "the Content-Type says Shift_JIS, but the bytes are UTF-8 and are read so"},
		{name: "Shift_JIS over neither", contentType: "text/xml; charset=Shift_JIS", bytes: "<Response>\n<Say>\x82\xB1\xFF</Say></Response>",
			problems: []string{"2:7 SH102"}, says: "the Content-Type says Shift_JIS, but the bytes here are not"},
		{name: "EUC-JP that is cut short", bytes: declared("EUC-JP", "\xA4\xB3\xA4"), problems: []string{"2:17 SH102"}, says: "the declaration says EUC-JP, but the bytes here are not"},
		{name: "windows-1253 of what it does not have", bytes: declared("windows-1253", "\xC3\xE5\xAA"), problems: []string{"2:18 SH102"}, says: "are not"},
		{name: "invalid, with nothing said", bytes: "<Response>\n<Say>caf\xE9</Say></Response>", problems: []string{"2:9 SH102"}, says: "the byte 0xE9 is not UTF-8; send UTF-8"},
		{name: "invalid, and said to be UTF-8", contentType: "text/xml; charset=utf-8", bytes: declared("utf-8", "caf\xE9"), problems: []string{"2:19 SH102"}, says: "the byte 0xE9 is not UTF-8"},

		{name: "no encoding we know, on ASCII", bytes: declared("klingon", "Hello."), want: "Hello.",
			problems: []string{"1:1 SH113"}, says: "the declaration says klingon, which is no encoding that is known here; the bytes are UTF-8 and are read so"},
		{name: "no encoding we know, on UTF-8", contentType: "text/xml; charset=utf8mb9", bytes: say("café"), want: "café", problems: []string{"0:0 SH113"}},
		{name: "no encoding we know, on others", bytes: declared("klingon", "caf\xE9"), problems: []string{"1:1 SH102"},
			says: "the declaration says klingon, which is no encoding that is known here, and the bytes are not UTF-8; send UTF-8"},
		{name: "no encoding we know, then one", contentType: "text/xml; charset=klingon", bytes: declared("iso-8859-2", "\xB3"), want: "ł",
			problems: []string{"0:0 SH113"}, says: "the Content-Type says klingon, which is no encoding that is known here; it is read as iso-8859-2, as the declaration says"},
		{name: "one that browsers refuse, on ASCII", bytes: declared("ISO-2022-KR", "Hello."), want: "Hello.", problems: []string{"1:1 SH113"}},
		{name: "UTF-7 on ASCII", bytes: declared("utf-7", "Hello."), want: "Hello.", problems: []string{"1:1 SH113"}},
		{name: "Windows calls itself Latin-2", bytes: declared("ISO-8859-2", "\x9Akoda"), want: "škoda",
			problems: []string{"1:1 SH113"}, says: "the declaration says ISO-8859-2, but the bytes are not; they are read as windows-1250, which has them"},
		{name: "Windows calls itself Latin-9", contentType: "text/xml; charset=iso-8859-15", bytes: say("\x93a\x94"), want: "“a”", problems: []string{"0:0 SH113"}},
		{name: "UTF-8 calls itself Latin-2", contentType: "text/xml; charset=iso-8859-2", bytes: say("łódź"), want: "łódź", problems: []string{"0:0 SH113"}},
		{name: "Latin-1 with a control character", bytes: declared("latin1", "caf\xE9\x81"), want: "café\u0081",
			problems: []string{"1:1 SH113"}, says: "the declaration says latin1 and is followed, but so there is a control character (U+0081) in it"},
		{name: "a name of a thousand letters", contentType: "text/xml; charset=" + strings.Repeat("x", 1000), bytes: say("Hello."), want: "Hello.",
			problems: []string{"0:0 SH113"}, says: "says " + strings.Repeat("x", 40) + "…, which"},
	})
}

// XML 1.0, appendix F, and what programs send beside.
func TestByteOrderMarksAndWideCharacters(t *testing.T) {
	const text = `<Response><Say>não 👍</Say></Response>`
	const utf16Label = `<?xml version="1.0" encoding="utf-16"?>` + "\n"
	read(t, []answer{
		{name: "UTF-8", bytes: mark + say("café"), want: "café"},
		{name: "UTF-8, and the declaration says so", bytes: mark + declared("utf-8", "café"), want: "café"},
		{name: "UTF-8, labelled Latin-1", contentType: "text/xml; charset=iso-8859-1", bytes: mark + say("café"), want: "café",
			problems: []string{"0:0 SH113"}, says: "the Content-Type says iso-8859-1, but the document begins with the byte order mark of UTF-8 and is read so"},
		{name: "UTF-8, declared Latin-1", bytes: mark + declared("iso-8859-1", "café"), want: "café", problems: []string{"1:1 SH113"}, says: "the declaration says iso-8859-1"},
		{name: "UTF-8, declared Latin-1, on ASCII", bytes: mark + declared("iso-8859-1", "Hello."), want: "Hello."},
		{name: "UTF-8, declared UTF-16", bytes: mark + declared("utf-16", "Hello."), want: "Hello.", problems: []string{"1:1 SH113"}},
		{name: "UTF-8 that is not", contentType: "text/xml; charset=iso-8859-1", bytes: mark + say("caf\xE9"), problems: []string{"0:0 SH113", "1:19 SH102"}},
		{name: "UTF-8 twice, after a line", bytes: "\n" + mark + mark + say("café"), want: "café"},

		{name: "UTF-16LE", bytes: wide(le, mark+text), want: "não 👍"},
		{name: "UTF-16BE", bytes: wide(be, mark+text), want: "não 👍"},
		{name: "UTF-16LE, declared", bytes: wide(le, mark+utf16Label+text), want: "não 👍"},
		{name: "UTF-16BE, declared", bytes: wide(be, mark+utf16Label+text), want: "não 👍"},
		{name: "UTF-16LE, labelled", contentType: "text/xml; charset=utf-16", bytes: wide(le, mark+utf16Label+text), want: "não 👍"},
		{name: "UTF-16LE, labelled exactly", contentType: "text/xml; charset=UTF-16LE", bytes: wide(le, mark+text), want: "não 👍"},
		{name: "UTF-16LE, labelled unicode", contentType: "text/xml; charset=unicode", bytes: wide(le, mark+text), want: "não 👍"},
		{name: "UTF-16LE, labelled UTF-16BE", contentType: "text/xml; charset=UTF-16BE", bytes: wide(le, mark+text), want: "não 👍",
			problems: []string{"0:0 SH113"}, says: "the Content-Type says UTF-16BE, but the bytes are UTF-16LE and are read so"},
		{name: "UTF-16LE, labelled UTF-8", contentType: "text/xml; charset=utf-8", bytes: wide(le, mark+text), want: "não 👍",
			problems: []string{"0:0 SH113"}, says: "the Content-Type says utf-8, but the bytes are UTF-16LE and are read so"},
		{name: "UTF-16BE, declared UTF-8", bytes: wide(be, mark+declared("utf-8", "não")), want: "não",
			problems: []string{"1:1 SH113"}, says: "the declaration says utf-8, but the bytes are UTF-16BE and are read so"},
		{name: "UTF-16LE without a mark", bytes: wide(le, text), want: "não 👍",
			problems: []string{"0:0 SH113"}, says: "the bytes are UTF-16LE and are read so, but no byte order mark says it"},
		{name: "UTF-16BE without a mark", bytes: wide(be, text), want: "não 👍", problems: []string{"0:0 SH113"}},
		{name: "UTF-16LE without a mark, declared", bytes: wide(le, utf16Label+text), want: "não 👍"},
		{name: "UTF-16BE without a mark, declared", bytes: wide(be, utf16Label+text), want: "não 👍"},
		{name: "UTF-16BE without a mark, labelled", contentType: "text/xml; charset=utf-16", bytes: wide(be, text), want: "não 👍"},
		{name: "UTF-16LE without a mark, labelled", contentType: "text/xml; charset=utf-16le", bytes: wide(le, text), want: "não 👍"},
		{name: "UTF-16LE without a mark, labelled UTF-8", contentType: "text/xml; charset=utf-8", bytes: wide(le, text), want: "não 👍", problems: []string{"0:0 SH113"}},
		{name: "UTF-16LE without a mark, after lines", contentType: "text/xml; charset=utf-16", bytes: wide(le, "\r\n\n "+text), want: "não 👍"},
		{name: "UTF-16BE without a mark, after a line", contentType: "text/xml; charset=utf-16", bytes: wide(be, "\n"+text), want: "não 👍"},
		{name: "UTF-16LE with a byte at the end", bytes: wide(le, mark+text) + "\n", want: "não 👍", problems: []string{"0:0 SH113"}, says: "half a character"},
		{name: "UTF-16LE, Latin-1 characters", bytes: wide(le, mark+say("“é” –")), want: "“é” –"},
		{name: "UTF-16LE, half a surrogate pair", bytes: wide(le, mark+"<Say>\nx") + "\x3D\xD8" + wide(le, "</Say>"), problems: []string{"2:2 SH102"}, says: "half a character"},
		{name: "UTF-16LE, the other half", bytes: wide(le, mark+"<Say>\nxy") + "\x4D\xDC" + wide(le, "</Say>"), problems: []string{"2:3 SH102"}},
		{name: "UTF-16's mark on ASCII", bytes: "\xFF\xFE" + say("Hello."), want: "Hello.", problems: []string{"0:0 SH113"}, says: "the byte order mark of UTF-16, but the bytes are UTF-8 and are read so"},
		{name: "UTF-16's other mark on ASCII", bytes: "\xFE\xFF" + declared("utf-16", "Hello."), want: "Hello.", problems: []string{"0:0 SH113"}},
		{name: "UTF-16's mark alone", bytes: "\xFF\xFE", problems: []string{"0:0 SH107"}},
		{name: "places in UTF-16", bytes: wide(le, mark+"<Response>\n<Say>👍 é & </Say></Response>"), want: "👍 é &", problems: []string{"2:10 SH108"}},
		{name: "places in Shift_JIS", bytes: declared("Shift_JIS", "\x82\xB1\x82\xF1 & "), want: "こん &", problems: []string{"2:19 SH108"}},
		{name: "places on the declaration's line", bytes: strings.Replace(declared("Shift_JIS", "\x82\xB1\x82\xF1 & "), "\n", "", 1), want: "こん &", problems: []string{"1:61 SH108"}},

		{name: "UTF-32LE", bytes: wide32(le, mark+text), problems: []string{"0:0 SH102"}, says: "the document is UTF-32; send UTF-8"},
		{name: "UTF-32BE", bytes: wide32(be, mark+text), problems: []string{"0:0 SH102"}, says: "the document is UTF-32; send UTF-8"},
		{name: "UTF-32LE without a mark", bytes: wide32(le, text), problems: []string{"0:0 SH102"}, says: "UTF-32"},
		{name: "UTF-32BE without a mark", bytes: wide32(be, text), problems: []string{"0:0 SH102"}, says: "UTF-32"},
		{name: "EBCDIC", bytes: "\x4C\x6F\xA7\x94\x93\x40", problems: []string{"0:0 SH102"}, says: "the document is EBCDIC; send UTF-8"},

		{name: "NUL in the text", bytes: say("a\x00b"), problems: []string{"1:17 SH101"}, says: "the control character 0x00"},
		{name: "NUL at the beginning", bytes: "\x00" + say("a"), problems: []string{"1:1 SH101"}, says: "the control character 0x00"},
		{name: "NUL after the first letter", bytes: "<\x00Response/>", problems: []string{"1:2 SH101"}, says: "the control character 0x00"},
		{name: "NUL in UTF-16", bytes: wide(le, mark+say("a\x00b")), problems: []string{"1:17 SH101"}, says: "the control character 0x00"},
		{name: "nothing", contentType: "text/xml; charset=utf-16", problems: []string{"0:0 SH107"}},
		{name: "white space", contentType: "text/xml; charset=utf-16", bytes: " \n", problems: []string{"0:0 SH107"}},
		{name: "too large, whatever it is", contentType: "text/xml; charset=utf-16", bytes: wide(le, mark+strings.Repeat(" ", responder.MaxDocument/2)), problems: []string{"0:0 SH103"}},
	})
}
