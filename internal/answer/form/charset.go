package form

import (
	"regexp"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/ianaindex"

	"github.com/switchhook/switchhook/internal/fault"
)

// encoded is a charset that a form declares. The zero value is that of a form
// that declares none: UTF-8, or else the likeliest one.
type encoded struct {
	name     string // for people; empty: none is declared
	encoding encoding.Encoding
}

const (
	nameUTF8  = "UTF-8"
	nameASCII = "US-ASCII"
)

// asciiLabels are names of ASCII. Browsers read them as Windows-1252; a program
// that declares ASCII and sends other bytes does not know what it sends.
var asciiLabels = map[string]bool{
	"us-ascii": true, "ascii": true, "us": true, "iso646-us": true, "ansi_x3.4-1968": true, "ansi_x3.4-1986": true, "cp367": true, "ibm367": true, "csascii": true,
}

// spellings are ways in which programs write charsets that the standard has
// under another label: https://encoding.spec.whatwg.org/#names-and-labels.
var spellings = []struct {
	written  *regexp.Regexp
	standard string
}{
	{regexp.MustCompile(`^(?:utf|uft)-?8(?:mb[34])?$`), "utf-8"},
	{regexp.MustCompile(`^(?:cp|windows-?)65001$`), "utf-8"},
	{regexp.MustCompile(`^(?:utf|uft|ucs)-?(?:16|2)-?(le|be)?$`), "utf-16$1"},
	{regexp.MustCompile(`^iso-?8859-?(\d+)$`), "iso-8859-$1"},
	{regexp.MustCompile(`^latin-?(\d)$`), "latin$1"},
	{regexp.MustCompile(`^latin-?9$`), "iso-8859-15"},
	{regexp.MustCompile(`^koi-?8-?([ru])$`), "koi8-$1"},
	{regexp.MustCompile(`^(?:s-?jis|shift-?jis|(?:x-)?(?:ms|cp|windows|win)-?932)$`), "shift_jis"},
	{regexp.MustCompile(`^(?:x-)?(?:gb-?2312(?:-80)?|gbk|(?:ms|cp|windows|win)-?936)$`), "gbk"},
	{regexp.MustCompile(`^gb-?18030(?:-\d+)?$`), "gb18030"},
	{regexp.MustCompile(`^(?:x-)?(?:(?:ms|cp|windows|win)-?949|uhc|euc-?kr)$`), "euc-kr"},
	{regexp.MustCompile(`^(?:x-)?(?:(?:ms|cp|windows|win)-?950|big-?5.*)$`), "big5"},
	{regexp.MustCompile(`^(?:x-)?euc-?jp$`), "euc-jp"},
	{regexp.MustCompile(`^(?:x-)?(?:ms|cp|windows|win|ansi)-?(874|125\d)$`), "windows-$1"},
	{regexp.MustCompile(`^(?:cp|ibm|dos)-?(\d{3,4})$`), "ibm$1"},
}

// charsetOf returns the charset that a label names, written as programs write
// it. The error, a *fault.Error, says that it cannot be read.
func charsetOf(label string) (encoded, error) {
	label = strings.Trim(label, " \t\r\n\f\"'")
	name := strings.ToLower(label)
	switch {
	case name == "":
		return encoded{}, nil
	case asciiLabels[name]:
		return encoded{name: nameASCII}, nil
	}
	tried := []string{name}
	plain := strings.NewReplacer("_", "-", " ", "-").Replace(name)
	for _, s := range spellings {
		if s.written.MatchString(plain) {
			tried = append(tried, s.written.ReplaceAllString(plain, s.standard))
		}
	}
	for _, name := range tried {
		switch e, standard := charset.Lookup(name); {
		case standard == "utf-8":
			return encoded{name: nameUTF8}, nil
		case e != nil && standard != "replacement" && standard != "x-user-defined":
			return encoded{standard, e}, nil
		case e != nil:
			continue
		}
		if e, err := ianaindex.IANA.Encoding(name); err == nil && e != nil {
			return encoded{name, e}, nil
		}
	}
	return encoded{}, fault.Newf(fault.Invalid, "the charset %.40q cannot be read: send the form as UTF-8", label)
}

// isUTF16 reports whether characters are pairs of bytes.
func (c encoded) isUTF16() bool { return strings.HasPrefix(c.name, "utf-16") }

// decode returns what bytes mean; ok: they are what was declared.
func (c encoded) decode(raw string) (text string, ok bool) {
	switch {
	case c.name == "":
		return asUTF8(raw), true
	case c.name == nameUTF8:
		return raw, utf8.ValidString(raw)
	case c.name == nameASCII:
		return raw, isASCII(raw)
	case c.isUTF16():
		return decodeUTF16(raw, c.name == "utf-16be")
	}
	text, err := c.encoding.NewDecoder().String(raw)
	return text, err == nil && !strings.ContainsRune(text, utf8.RuneError)
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}

// decodeUTF16 reads pairs of bytes, in the order of the byte order mark, else
// in the given one.
func decodeUTF16(raw string, bigEndFirst bool) (text string, ok bool) {
	if len(raw)%2 != 0 {
		return "", false
	}
	units := make([]uint16, 0, len(raw)/2)
	for i := 0; i < len(raw); i += 2 {
		low, high := raw[i], raw[i+1]
		if i == 0 && (low == 0xFE && high == 0xFF || low == 0xFF && high == 0xFE) {
			bigEndFirst = low == 0xFE
			continue
		}
		if bigEndFirst {
			low, high = high, low
		}
		units = append(units, uint16(low)|uint16(high)<<8)
	}
	text = string(utf16.Decode(units))
	return text, !strings.ContainsRune(text, utf8.RuneError)
}

// wholeUTF16 returns the text of a body that is UTF-16 as a whole: it begins
// with a byte order mark, or with a letter of ASCII in two bytes (RFC 4627,
// section 3, has the same of JSON).
func wholeUTF16(body string) (text string, ok bool) {
	if len(body) < 2 {
		return "", false
	}
	marked := strings.HasPrefix(body, "\xFE\xFF") || strings.HasPrefix(body, "\xFF\xFE")
	if !marked && (body[0] == 0) == (body[1] == 0) {
		return "", false
	}
	return decodeUTF16(body, body[0] == 0)
}

// asUTF8 reads what is not UTF-8 as the likeliest charset. The text is for a
// customer's eyes, and a wrong guess shows at once.
func asUTF8(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	// Byte by byte: one that is broken must not garble the others.
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		if whole, ok := halves(s); ok {
			r, size = whole, sizeOfHalves
		} else if r == utf8.RuneError && size == 1 {
			r = charmap.Windows1252.DecodeByte(s[0])
		}
		b.WriteRune(r)
		s = s[size:]
	}
	return b.String()
}

// sizeOfHalves is how long two halves of a character are, in bytes.
const sizeOfHalves = 6

// halves returns the character that a text begins with as two halves of UTF-16,
// each written as UTF-8 would have it (CESU-8, https://www.unicode.org/reports/tr26/).
func halves(s string) (whole rune, ok bool) {
	if len(s) < sizeOfHalves || s[0] != 0xED || s[3] != 0xED {
		return 0, false
	}
	for _, i := range [...]int{1, 2, 4, 5} {
		if utf8.RuneStart(s[i]) {
			return 0, false
		}
	}
	half := func(i int) rune { return 0xD000 | rune(s[i+1]&0x3F)<<6 | rune(s[i+2]&0x3F) }
	whole = utf16.DecodeRune(half(0), half(3))
	return whole, whole != utf8.RuneError
}
