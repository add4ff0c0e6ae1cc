package document_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/switchhook/switchhook/internal/call/document"
	"github.com/switchhook/switchhook/responder"
)

// FuzzParse gives answers with any bytes and any Content-Type, and checks what
// is true of each: it is read or refused in words; what is read is UTF-8; a
// doubt comes first and once; places lie in the text; and what is plain UTF-8
// and declares nothing else is read as package responder reads it.
func FuzzParse(f *testing.F) {
	const text = "<Response>\n<Say>não 👍 & </Say></Response>"
	for _, contentType := range []string{"", "text/xml", "text/xml; charset=utf-16", "text/xml; charset=Shift_JIS", "text/xml; charset=iso-8859-2", "charset=klingon", "text/xml;charset=iso-2022-jp", "text/xml;charset=gb18030"} {
		for _, bytes := range []string{
			text, mark + text, wide(le, text), wide(be, mark+text), wide32(le, text), declared("utf-16", "a"), declared("windows-1251", "\xCF\xF0"),
			declared("EUC-JP", "\xA4\xB3\xA4"), say("\x1B$B$3$s\x1B(B"), say("\x82\xB1\xFF"), say("\x9Aa"), "\xFF\xFE" + say("a"), wide(le, mark+"<Say>") + "\x3D\xD8",
		} {
			f.Add([]byte(bytes), contentType)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, contentType string) {
		parsed, err := document.Parse(data, contentType)
		if refused, ok := errors.AsType[*responder.SyntaxError](err); err != nil && (!ok || refused.Problem != parsed.Problems[len(parsed.Problems)-1]) {
			t.Fatalf("%v of %v", err, parsed.Problems)
		}
		lines := 1 + strings.Count(string(data), "\n")
		if text := document.Text(data, contentType); utf8.ValidString(text) {
			lines = max(lines, 1+strings.Count(text, "\n"))
		}
		for i, p := range parsed.Problems {
			if p.Text == "" || p.Effect == "" || !utf8.ValidString(p.Text) || (p.Line == 0) != (p.Column == 0) || p.Line > lines {
				t.Fatalf("problem %+v in %d lines", p, lines)
			}
			if i > 0 && p.Code == responder.CodeLabel {
				t.Fatalf("a second doubt: %v", parsed.Problems)
			}
			if p.Code == responder.CodeEncoding && utf8.Valid(data) && strings.Contains(p.Text, "send UTF-8") && !strings.ContainsRune(string(data), 0) {
				t.Fatalf("bad advice on UTF-8: %s", p)
			}
		}
		if contentType != "" || !utf8.Valid(data) || strings.Contains(string(data), "encoding") || strings.ContainsRune(string(data), 0) {
			return
		}
		plain, _ := responder.Parse(data)
		if len(plain.Problems) != len(parsed.Problems) || len(plain.Document.Verbs) != len(parsed.Document.Verbs) {
			t.Fatalf("got %v, package responder has %v", parsed.Problems, plain.Problems)
		}
	})
}
