package document

import (
	"bytes"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
)

// label is the name of an encoding, and who says it.
type label struct {
	name string
	by   string // as it is named in a message
	at   int    // where it stands in the document; outside: it does not
	kind kind
	enc  encoding.Encoding // where kind is narrow
}

// outside is the place of a label that is not in the document.
const outside = -1

// kind is what bytes in an encoding look like.
type kind int

const (
	unknown kind = iota // to us
	wide                // ASCII is other bytes than in ASCII, as in UTF-16
	narrow              // ASCII is ASCII
	plain               // UTF-8, or ASCII itself
)

var charset = regexp.MustCompile(`(?i)(?:^|[;,\s])charset\s*=\s*["']?\s*([^"';,\s]+)`)

// labels returns the labels of a document's encoding, the most authoritative
// first.
func labels(data []byte, contentType string) []label {
	var found []label
	if match := charset.FindStringSubmatch(contentType); match != nil {
		found = append(found, newLabel(match[1], "the Content-Type", outside))
	}
	if name, _, begins, ok := declared(data); ok {
		found = append(found, newLabel(name, "the declaration", begins))
	}
	return found
}

// declared returns the encoding that an XML declaration names, where this and the
// rest of the declaration stand in data, and where the declaration begins. It
// finds what package responder does.
func declared(data []byte) (name string, span [2]int, begins int, ok bool) {
	trimmed := bytes.TrimLeftFunc(data, isBlank)
	begins = len(data) - len(trimmed)
	inner, found := bytes.CutPrefix(trimmed, []byte("<?xml"))
	if !found || len(inner) == 0 || !bytes.ContainsRune([]byte(" \t\r\n"), rune(inner[0])) {
		return "", span, 0, false
	}
	inner, _, _ = bytes.Cut(inner, []byte("?>"))
	before, rest, found := bytes.Cut(inner, []byte("encoding"))
	value := bytes.TrimLeft(rest, " \t\r\n=")
	if !found || len(value) == 0 || value[0] != '"' && value[0] != '\'' {
		return "", span, 0, false
	}
	span[0] = begins + len("<?xml") + len(before)
	span[1] = begins + len("<?xml") + len(inner)
	value, _, _ = bytes.Cut(value[1:], value[:1])
	return string(value), span, begins, len(value) > 0
}

// withoutLabel blanks out the encoding in the declaration of text, which it is
// no longer in, so that everything keeps its place. We do not use what the
// declaration says after that.
func withoutLabel(text []byte) []byte {
	name, span, _, ok := declared(text)
	if kind, _ := find(name); !ok || kind == plain {
		return text
	}
	text = bytes.Clone(text)
	for i := span[0]; i < span[1]; i++ {
		if text[i] != '\n' {
			text[i] = ' '
		}
	}
	return text
}

// isBlank reports what may stand around a document, as package responder has it.
func isBlank(r rune) bool { return r == '\uFEFF' || unicode.IsSpace(r) }

func newLabel(name, by string, at int) label {
	l := label{name: shorten(strings.TrimSpace(name)), by: by, at: at}
	l.kind, l.enc = find(name)
	return l
}

// shorten cuts what a message quotes, and leaves nothing in it that moves a
// terminal.
func shorten(s string) string {
	const most = 40
	s = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + "…"
}

// aliases are names that neither the WHATWG nor the IANA lists: of Java, Python,
// Perl, Windows and people.
var aliases = map[string]string{
	"ascii": "utf-8", "us-ascii": "utf-8", "ansi_x3.4-1968": "utf-8", "utf_8": "utf-8", "utf-8-sig": "utf-8", "utf8mb4": "utf-8",
	"latin-1": "iso-8859-1", "iso8859_1": "iso-8859-1", "8859_1": "iso-8859-1", "latin-2": "iso-8859-2", "latin-9": "iso-8859-15",
	"iso8859_2": "iso-8859-2", "iso8859_15": "iso-8859-15", "iso8859_5": "iso-8859-5",
	"cp932": "shift_jis", "ms932": "shift_jis", "cp936": "gbk", "cp949": "euc-kr", "cp950": "big5", "eucjp": "euc-jp", "euc_jp": "euc-jp", "euc_kr": "euc-kr",
	"utf16": "utf-16", "utf-16-le": "utf-16le", "utf-16-be": "utf-16be", "utf_16": "utf-16", "ucs2": "utf-16", "utf16le": "utf-16le", "utf16be": "utf-16be",
	"utf32": "utf-32", "utf-32le": "utf-32", "utf-32be": "utf-32", "ucs-4": "utf-32",
}

var windowsName = regexp.MustCompile(`^(?:win|windows|ms|cp|ansi)[-_]?(125\d|874)$`)

// canonical is the name that the indexes know an encoding by.
func canonical(name string) string {
	name = strings.ToLower(strings.TrimSpace(name))
	if match := windowsName.FindStringSubmatch(name); match != nil {
		return "windows-" + match[1]
	}
	if alias, ok := aliases[name]; ok {
		return alias
	}
	return name
}

// find returns the encoding of a name.
func find(name string) (kind, encoding.Encoding) {
	name = canonical(name)
	switch name {
	case "utf-8", "utf8", "unicode-1-1-utf-8", "unicode11utf8", "unicode20utf8", "x-unicode20utf8":
		return plain, nil
	case "utf-16", "utf-16le", "utf-16be", "utf-32":
		return wide, nil
	}
	enc, err := htmlindex.Get(name)
	if err != nil || enc == encoding.Replacement {
		// The second index has what browsers do not read, such as code page 850.
		enc, err = ianaindex.IANA.Encoding(name)
	}
	if err != nil || enc == nil || enc == encoding.Replacement {
		return unknown, nil
	}
	const ascii = `<?xml version="1.0"?>`
	if out, err := enc.NewDecoder().String(ascii); err != nil || out != ascii {
		return wide, nil
	}
	return narrow, enc
}

// same reports whether two labels mean one encoding.
func (l label) same(other label) bool { return l.kind == other.kind && l.enc == other.enc }
