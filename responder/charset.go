package responder

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// windows1252 has the characters of the bytes 0x80 to 0x9F. Pages that call
// themselves ISO-8859-1 use them too, as the WHATWG Encoding Standard knows.
var windows1252 = [32]rune{
	'€', 0x81, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', 0x8D, 'Ž', 0x8F,
	0x90, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', 0x9D, 'ž', 'Ÿ',
}

// decode returns the document as UTF-8 without a byte order mark.
func decode(data []byte) ([]byte, *SyntaxError) {
	if bytes.HasPrefix(data, []byte{0xFE, 0xFF}) || bytes.HasPrefix(data, []byte{0xFF, 0xFE}) {
		return nil, &SyntaxError{problem(CodeEncoding, "the document is UTF-16; send UTF-8")}
	}
	data = bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF"))
	name := declaredEncoding(data)
	switch strings.ToLower(name) {
	case "", "utf-8", "utf8", "us-ascii", "ascii":
	case "iso-8859-1", "latin1", "windows-1252", "cp1252":
		data = fromWindows1252(data)
	default:
		return nil, &SyntaxError{problem(CodeEncoding, "the document says that its encoding is %s; send UTF-8", shorten(name))}
	}
	return data, checkCharacters(data)
}

// declaredEncoding returns the encoding of the XML declaration, or "".
func declaredEncoding(data []byte) string {
	data = bytes.TrimSpace(data)
	if !bytes.HasPrefix(data, []byte("<?xml")) {
		return ""
	}
	declaration, _, ok := bytes.Cut(data, []byte("?>"))
	if !ok {
		return ""
	}
	_, rest, ok := bytes.Cut(declaration, []byte("encoding"))
	rest = bytes.TrimLeft(rest, " \t\r\n=")
	if !ok || len(rest) == 0 || (rest[0] != '"' && rest[0] != '\'') {
		return ""
	}
	name, _, _ := bytes.Cut(rest[1:], rest[:1])
	return string(name)
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
func checkCharacters(data []byte) *SyntaxError {
	for i := 0; i < len(data); {
		c := data[i]
		if c < utf8.RuneSelf {
			if c < ' ' && !isSpace(c) {
				return characterError(data, i, CodeSyntax, "the control character 0x%02X, which XML does not allow", c)
			}
			i++
			continue
		}
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && n == 1 {
			return characterError(data, i, CodeEncoding, "the byte 0x%02X is not UTF-8; send UTF-8, or declare encoding=\"ISO-8859-1\"", c)
		}
		if !isXMLChar(r) {
			return characterError(data, i, CodeSyntax, "the character U+%04X, which XML does not allow", r)
		}
		i += n
	}
	return nil
}

func characterError(data []byte, offset int, code, format string, arg any) *SyntaxError {
	problem := problem(code, format, arg)
	at := (&lineCounter{data: data}).position(offset)
	problem.Line, problem.Column = at.Line, at.Column
	return &SyntaxError{problem}
}
