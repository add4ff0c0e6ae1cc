package form_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
)

// in returns a text in another encoding.
func in(t testing.TB, e encoding.Encoding, text string) string {
	t.Helper()
	encoded, err := e.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

// message is what a form with one field is answered with.
func message(text string) string {
	encoded, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return `{"message":` + string(encoded) + `}`
}

var (
	utf16LE = unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	utf16BE = unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
)

// charsets are labels as programs write them. Sources of trouble with them:
// https://github.com/expressjs/body-parser/issues/237 (a declared charset),
// https://github.com/expressjs/body-parser/issues/205 (GBK),
// https://github.com/expressjs/body-parser/issues/50 ("UTF8"),
// https://github.com/expressjs/body-parser/issues/287 (X-WINDOWS-949).
// Which label is which charset: https://encoding.spec.whatwg.org/#names-and-labels.
var charsets = []struct {
	label    string
	encoding encoding.Encoding
	text     string
}{
	{"iso-8859-2", charmap.ISO8859_2, "Zażółć"},
	{"ISO8859-2", charmap.ISO8859_2, "Zażółć"},
	{"iso_8859-2", charmap.ISO8859_2, "Zażółć"},
	{"Latin2", charmap.ISO8859_2, "Zażółć"},
	{`"ISO-8859-2"`, charmap.ISO8859_2, "Zażółć"},
	{" iso-8859-2 ", charmap.ISO8859_2, "Zażółć"},
	{"'iso-8859-2'", charmap.ISO8859_2, "Zażółć"},
	{"iso-8859-5", charmap.ISO8859_5, "Привет"},
	{"iso-8859-7", charmap.ISO8859_7, "Καλημέρα"},
	{"iso-8859-8", charmap.ISO8859_8, "שלום"},
	{"iso-8859-9", charmap.Windows1254, "İyi günler ışık"},
	{"iso-8859-15", charmap.ISO8859_15, "Œuvre à 5 €"},
	{"iso-8859-1", charmap.Windows1252, "Café – “ouvert” 5 €"}, // the standard: browsers mean Windows-1252
	{"windows-1250", charmap.Windows1250, "Zażółć gęślą"},
	{"Windows1250", charmap.Windows1250, "Zażółć gęślą"},
	{"CP-1250", charmap.Windows1250, "Zażółć gęślą"},
	{"win-1251", charmap.Windows1251, "Мы закрыты"},
	{"windows-1251", charmap.Windows1251, "Мы закрыты"},
	{"cp1252", charmap.Windows1252, "Café – 5 €"},
	{"windows-1253", charmap.Windows1253, "Καλημέρα"},
	{"windows-1254", charmap.Windows1254, "İyi günler"},
	{"windows-1255", charmap.Windows1255, "שלום"},
	{"windows-1256", charmap.Windows1256, "مغلق"},
	{"windows-1257", charmap.Windows1257, "Ąžuolas"},
	{"windows-1258", charmap.Windows1258, "Đóng"},
	{"koi8-r", charmap.KOI8R, "Мы закрыты"},
	{"KOI8_R", charmap.KOI8R, "Мы закрыты"},
	{"koi8-u", charmap.KOI8U, "Ґанок їжак"},
	{"macintosh", charmap.Macintosh, "Café"},
	{"IBM850", charmap.CodePage850, "Café"},
	{"cp437", charmap.CodePage437, "Café"},
	{"Shift_JIS", japanese.ShiftJIS, "本日は休業です。ソ表"}, // with bytes that are \ in ASCII
	{"shift-jis", japanese.ShiftJIS, "本日は休業"},
	{"SJIS", japanese.ShiftJIS, "本日は休業"},
	{"cp932", japanese.ShiftJIS, "本日は休業"},
	{"windows-31j", japanese.ShiftJIS, "本日は休業"},
	{"euc-jp", japanese.EUCJP, "本日は休業"},
	{"iso-2022-jp", japanese.ISO2022JP, "本日は休業"},
	{"gbk", simplifiedchinese.GBK, "我们今天休息"},
	{"GB2312", simplifiedchinese.GBK, "我们今天休息"},
	{"cp936", simplifiedchinese.GBK, "我们今天休息"},
	{"gb18030", simplifiedchinese.GB18030, "我们今天休息 😀"},
	{"big5", traditionalchinese.Big5, "今天休息"},
	{"euc-kr", korean.EUCKR, "오늘은 쉽니다"},
	{"X-WINDOWS-949", korean.EUCKR, "오늘은 쉽니다"},
	{"utf-8", encoding.Nop, "Zażółć 😀"},
	{"UTF8", encoding.Nop, "Zażółć 😀"},
	{"utf_8", encoding.Nop, "Zażółć 😀"},
	{"utf 8", encoding.Nop, "Zażółć 😀"},
	{"UFT-8", encoding.Nop, "Zażółć 😀"},
	{"", encoding.Nop, "Zażółć 😀"},
}

func TestADeclaredCharsetIsDecoded(t *testing.T) {
	for _, c := range charsets {
		t.Run(c.label, func(t *testing.T) {
			encoded := in(t, c.encoding, c.text)
			part := "--x\r\nContent-Disposition: form-data; name=\"message\"\r\n"
			for name, sent := range map[string]struct{ kind, body string }{
				"percent":   {plain + "; charset=" + c.label, "message=" + url.QueryEscape(encoded)},
				"the first": {plain + "; Charset=" + c.label + "; x=y", "message=" + url.QueryEscape(encoded)},
				"raw":       {plain + ";charset=" + c.label, "message=" + encoded},
				"multipart": {multipart + "; charset=" + c.label, part + "\r\n" + encoded + "\r\n--x--\r\n"},
				"of a part": {multipart, part + "Content-Type: text/plain; charset=" + c.label + "\r\n\r\n" + encoded + "\r\n--x--\r\n"},
				"by name":   {plain, "_charset_=" + url.QueryEscape(c.label) + "&message=" + url.QueryEscape(encoded)},
				"by name at the end of a multipart": {multipart, part + "\r\n" + encoded +
					"\r\n--x\r\nContent-Disposition: form-data; name=\"_charset_\"\r\n\r\n" + c.label + "\r\n--x--\r\n"},
			} {
				if name == "raw" && c.label == "iso-2022-jp" {
					continue // its bytes are those of %, & and = too
				}
				if status, answer := send(t, http.MethodPost, sent.kind, sent.body, secretly, echoMessage); status != 200 || answer != message(c.text) {
					t.Errorf("%s: %d %s, want %s", name, status, answer, message(c.text))
				}
			}
		})
	}
}

// TestUTF16IsDecoded has forms as whole texts in UTF-16, and with its bytes
// escaped. A browser that sends a page in UTF-16 escapes UTF-8:
// https://encoding.spec.whatwg.org/#get-an-output-encoding.
func TestUTF16IsDecoded(t *testing.T) {
	const text = "Zażółć 中文 😀 50%"
	escaped := "id=x&message=" + url.QueryEscape(text)
	object := `{"id":"x","message":"` + text + `"}`
	bytes := func(e encoding.Encoding, text string) string { return url.QueryEscape(in(t, e, text)) }
	const mark = "\uFEFF"
	for name, sent := range map[string]struct{ kind, body string }{
		"a whole form":                    {plain + "; charset=utf-16", in(t, utf16LE, mark+escaped)},
		"a whole form, big end first":     {plain + "; charset=UTF-16", in(t, utf16BE, mark+escaped)},
		"a whole form without a mark":     {plain + "; charset=utf-16le", in(t, utf16LE, escaped)},
		"the same, big end first":         {plain + "; charset=utf-16be", in(t, utf16BE, escaped)},
		"a mark alone declares it":        {plain, in(t, utf16BE, mark+escaped)},
		"escaped as UTF-8":                {plain + "; charset=utf-16", escaped},
		"values as UTF-16":                {plain + "; charset=utf-16le", "id=x&message=" + bytes(utf16LE, text)},
		"values as UTF-16 with a mark":    {plain + "; charset=utf-16", "id=x&message=" + bytes(utf16BE, mark+text)},
		"names too":                       {plain + "; charset=utf-16be", bytes(utf16BE, "id") + "=" + bytes(utf16BE, "x") + "&" + bytes(utf16BE, "message") + "=" + bytes(utf16BE, text)},
		"UTF-16BE without a 2":            {plain + "; charset=UTF16BE", "message=" + bytes(utf16BE, text)},
		"JSON":                            {"application/json", in(t, utf16LE, mark+object)},
		"JSON, big end first":             {"application/json; charset=utf-16", in(t, utf16BE, mark+object)},
		"JSON without a mark":             {"application/json; charset=utf-16", in(t, utf16BE, object)},
		"JSON without a word (RFC 4627)":  {"application/json", in(t, utf16LE, object)},
		"JSON in UTF-8 that says UTF-16":  {"application/json; charset=utf-16", object},
		"JSON in UTF-8 that says Latin-1": {"application/json; charset=iso-8859-1", object}, // RFC 8259, 8.1
		"JSON in Latin-2":                 {"application/json; charset=iso-8859-2", strings.Replace(object, text, in(t, charmap.ISO8859_2, "Zażółć"), 1)},
		"a part":                          {multipart, "--x\r\nContent-Disposition: form-data; name=message\r\nContent-Type: text/plain; charset=utf-16\r\n\r\n" + in(t, utf16LE, mark+text) + "\r\n--x--\r\n"},
	} {
		want := message(text)
		if name == "JSON in Latin-2" {
			want = message("Zażółć")
		}
		if status, answer := send(t, http.MethodPost, sent.kind, sent.body, secretly, echoMessage); status != 200 || answer != want {
			t.Errorf("%s: %d %s, want %s", name, status, answer, want)
		}
	}
}

func TestWhatIsNotAsDeclaredIsRefused(t *testing.T) {
	const latin = "Caf\xe9"
	part := "--x\r\nContent-Disposition: form-data; name=\"message\"\r\n"
	for _, row := range []struct{ name, kind, body, says string }{
		{"nobody's charset", plain + "; charset=klingon", "message=x", `the charset "klingon" cannot be read: send the form as UTF-8`},
		{"UTF-7", plain + "; charset=utf-7", "message=x", `the charset "utf-7" cannot be read: send the form as UTF-8`},
		{"one that is no more", plain + "; charset=iso-2022-kr", "message=x", `the charset "iso-2022-kr" cannot be read: send the form as UTF-8`},
		{"of a part", multipart, part + "Content-Type: text/plain; charset=klingon\r\n\r\nx\r\n--x--\r\n", `the field message is in the charset "klingon", which cannot be read: send it as UTF-8`},
		{"by name", plain, "_charset_=klingon&message=x", `the charset "klingon" cannot be read: send the form as UTF-8`},
		{"Latin-1 called UTF-8", plain + "; charset=UTF-8", "message=" + url.QueryEscape(latin), `the field message is not UTF-8, as the form says: send it as UTF-8`},
		{"the same by name", plain, "_charset_=utf-8&message=" + url.QueryEscape(latin), `the field message is not UTF-8, as the form says: send it as UTF-8`},
		{"Latin-1 called ASCII", plain + "; charset=us-ascii", "message=" + url.QueryEscape(latin), `the field message is not US-ASCII, as the form says: send it as UTF-8`},
		{"UTF-8 called Shift_JIS", plain + "; charset=shift_jis", "message=" + url.QueryEscape("é\xff"), `the field message is not shift_jis, as the form says: send it as UTF-8`},
		{"half a character", plain + "; charset=utf-8", "message=caf%C3", `the field message is not UTF-8, as the form says: send it as UTF-8`},
		{"half of UTF-16", plain + "; charset=utf-16le", "message=a%00b", `the field message is not utf-16le, as the form says: send it as UTF-8`},
		{"a surrogate", plain + "; charset=utf-8", "message=%ED%A0%BD", `the field message is not UTF-8, as the form says: send it as UTF-8`},
		{"JSON", "application/json; charset=utf-8", `{"message":"` + latin + `"}`, `the form is not UTF-8, as it says: send it as UTF-8`},
		{"two charsets", plain + "; charset=utf-8", "_charset_=iso-8859-1&message=caf%C3%A9", `the form says that it is "utf-8" and that it is "iso-8859-1": send it as UTF-8`},
	} {
		if status, answer := send(t, http.MethodPost, row.kind, row.body, secretly, echoMessage); status != 400 || answer != `{"message":`+quoted(row.says)+`}` {
			t.Errorf("%s: %d %s, want %s", row.name, status, answer, row.says)
		}
	}
}

// TestACharsetOfPlainLettersHurtsNobody has wrong words about what is ASCII.
func TestACharsetOfPlainLettersHurtsNobody(t *testing.T) {
	for _, kind := range []string{plain + "; charset=us-ascii", plain + "; charset", plain + "; charset=; x", plain + "; charset=utf-8; charset=utf-8", plain + ", " + plain} {
		if status, answer := send(t, http.MethodPost, kind, "message=abc+%41", secretly, echoMessage); status != 200 || answer != message("abc A") {
			t.Errorf("%s: %d %s", kind, status, answer)
		}
	}
	if status, answer := send(t, http.MethodPost, plain+"; charset=utf-8", "_charset_=iso-8859-1&message=abc", secretly, echoMessage); status != 200 || answer != message("abc") {
		t.Errorf("two charsets: %d %s", status, answer)
	}
}

func quoted(text string) string {
	encoded, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return strings.NewReplacer(`\u0026`, "&", `\u003c`, "<", `\u003e`, ">").Replace(string(encoded))
}
