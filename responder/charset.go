package responder

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf8"
)

// windows1252 has the characters of the bytes 0x80 to 0x9F. Pages that call
// themselves ISO-8859-1 use them too: see the WHATWG Encoding Standard.
var windows1252 = [32]rune{
	'€', 0x81, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', 0x8D, 'Ž', 0x8F,
	0x90, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', 0x9D, 'ž', 'Ÿ',
}

// decode returns the document as UTF-8 without a byte order mark. The findings
// are of the text that is returned: odd does not keep it from being read.
func decode(data []byte) (text string, odd, fatal *finding) {
	if isUTF16(data) {
		return "", nil, find(nowhere, CodeEncoding, "the document is UTF-16; send UTF-8")
	}
	data, marked := bytes.CutPrefix(data, []byte("\xEF\xBB\xBF"))
	name, offset := declaredEncoding(data)
	switch strings.ToLower(name) {
	case "", "utf-8", "utf8", "us-ascii", "ascii":
	case "iso-8859-1", "iso8859-1", "latin1", "windows-1252", "cp1252":
		if !marked {
			data = fromWindows1252(data)
		}
	default:
		if !utf8.Valid(data) {
			return string(data), nil, find(offset, CodeEncoding, "the document says that its encoding is %s; send UTF-8", shorten(name))
		}
		odd = find(offset, CodeLabel, "the document says that its encoding is %s; it is read as UTF-8, which its bytes are", shorten(name))
	}
	return string(data), odd, checkCharacters(data)
}

// isUTF16 recognizes a byte order mark, or two characters of two bytes each.
func isUTF16(data []byte) bool {
	if bytes.HasPrefix(data, []byte("\xFE\xFF")) || bytes.HasPrefix(data, []byte("\xFF\xFE")) {
		return true
	}
	return len(data) >= 4 && (data[0] == '<' && data[1] == 0 && data[3] == 0 || data[0] == 0 && data[1] == '<' && data[2] == 0)
}

// declaredEncoding returns the encoding of the XML declaration, or "", and
// where the declaration begins.
func declaredEncoding(data []byte) (name string, offset int) {
	trimmed := bytes.TrimLeftFunc(data, isBlank)
	declaration, found := bytes.CutPrefix(trimmed, []byte("<?xml"))
	if !found || len(declaration) == 0 || !isSpace(declaration[0]) {
		return "", 0
	}
	declaration, _, _ = bytes.Cut(declaration, []byte("?>"))
	_, rest, found := bytes.Cut(declaration, []byte("encoding"))
	rest = bytes.TrimLeft(rest, " \t\r\n=")
	if !found || len(rest) == 0 || (rest[0] != '"' && rest[0] != '\'') {
		return "", 0
	}
	value, _, _ := bytes.Cut(rest[1:], rest[:1])
	return string(value), len(data) - len(trimmed)
}

func fromWindows1252(data []byte) []byte {
	out := make([]byte, 0, len(data)+len(data)/8)
	for _, c := range data {
		r := rune(c)
		if 0x80 <= c && c < 0xA0 {
			r = windows1252[c-0x80]
		}
		out = utf8.AppendRune(out, r)
	}
	return out
}

// checkCharacters refuses bytes that are not UTF-8 and characters that XML
// does not allow: read aloud they would be noise, and a guess at an encoding
// would sooner or later be wrong.
func checkCharacters(data []byte) *finding {
	for i := 0; ; {
		i += ordinary(data[i:])
		if i == len(data) {
			return nil
		}
		c := data[i]
		if isSpace(c) {
			i++
			continue
		}
		if c < utf8.RuneSelf {
			return find(i, CodeSyntax, "the control character 0x%02X, which XML does not allow", c)
		}
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && n == 1 {
			return find(i, CodeEncoding, "the byte 0x%02X is not UTF-8; send UTF-8, or declare encoding=\"ISO-8859-1\"", c)
		}
		if !isXMLChar(r) {
			return find(i, CodeSyntax, "the character U+%04X, which XML does not allow", r)
		}
		i += n
	}
}

// ordinary returns how many bytes from the first are ASCII and no control
// characters. It checks eight at a time: nearly all are.
func ordinary(data []byte) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	n := 0
	for ; len(data)-n >= 8; n += 8 {
		eight := binary.LittleEndian.Uint64(data[n:])
		// Below the space, the subtraction borrows into a byte's top bit.
		if (eight|(eight-' '*ones))&tops != 0 {
			break
		}
	}
	for n < len(data) && ' ' <= data[n] && data[n] < utf8.RuneSelf {
		n++
	}
	return n
}
