package document

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"github.com/switchhook/switchhook/responder"
)

const utf8Mark = "\xEF\xBB\xBF"

// decode returns a document as UTF-8, whatever its declaration says. The
// problem, if any, is that the text may be wrong, or that it cannot be read:
// then there is no text. Bytes that are not UTF-8 although nothing else is
// declared are left to responder.Parse, which finds them.
func decode(data []byte, contentType string) ([]byte, *responder.Problem) {
	if len(bytes.TrimFunc(data, isBlank)) == 0 {
		return data, nil
	}
	if order, marked := wideOrder(data); order != nil {
		return decodeUTF16(data, contentType, order, marked)
	}
	if name := foreign(data); name != "" {
		return nil, refuse(nil, outside, "the document is %s; send UTF-8", name)
	}
	if rest, ok := bytes.CutPrefix(data, []byte(utf8Mark)); ok {
		return decodeMarked(rest, contentType)
	}
	for _, mark := range []string{"\xFF\xFE", "\xFE\xFF"} {
		// A mark that was put before a text that is not UTF-16.
		if rest, ok := bytes.CutPrefix(data, []byte(mark)); ok && startsInASCII(rest) {
			text, found := decodeNarrow(rest, nil)
			if found == nil && text != nil {
				found = doubt(nil, outside, "the document begins with the byte order mark of UTF-16, but the bytes are UTF-8 and are read so")
			}
			return text, found
		}
	}
	return decodeNarrow(data, labels(data, contentType))
}

// decodeMarked decodes what followed the byte order mark of UTF-8.
func decodeMarked(data []byte, contentType string) ([]byte, *responder.Problem) {
	for _, l := range labels(data, contentType) {
		if l.kind != plain && (l.kind == wide || !isASCII(data)) {
			return data, doubt(data, l.at, "%s says %s, but the document begins with the byte order mark of UTF-8 and is read so", l.by, l.name)
		}
	}
	return data, nil
}

// decodeNarrow decodes bytes in which ASCII text is ASCII.
func decodeNarrow(data []byte, labels []label) ([]byte, *responder.Problem) {
	isUTF8 := utf8.Valid(data)
	var passed *label // the first that cannot be followed
	for i, l := range labels {
		var text []byte
		switch l.kind {
		case plain:
			if isUTF8 {
				text = data
			}
		case narrow:
			text = l.decode(data)
		case unknown, wide:
		}
		if text == nil {
			if passed == nil {
				passed = &labels[i]
			}
			continue
		}
		if passed == nil && i+1 < len(labels) && labels[i+1].kind == wide {
			passed = &labels[i+1]
		}
		switch {
		case passed != nil:
			return text, doubt(data, passed.at, "%s read as %s, as %s says", passed.but("it is", "they are"), l.name, l.by)
		case isASCII(data) && bytes.Equal(text, data):
			return text, nil
		case i+1 < len(labels) && !l.same(labels[i+1]):
			return text, doubt(data, l.at, "%s says %s and %s %s; it is read as %s", l.by, l.name, labels[i+1].by, labels[i+1].name, l.name)
		case l.kind == narrow && isUTF8 && !isASCII(data):
			return text, doubt(data, l.at, "%s says %s and is followed, but the bytes are UTF-8 as well", l.by, l.name)
		case l.kind == narrow:
			return text, l.controls(data, text)
		}
		return text, nil
	}
	switch {
	case passed == nil, passed.kind == plain, passed.kind == wide && !isUTF8:
		return data, nil
	case isUTF8 && passed.kind == unknown:
		return data, doubt(data, passed.at, "%s says %s, which is no encoding that is known here; the bytes are UTF-8 and are read so", passed.by, passed.name)
	case isUTF8:
		return data, doubt(data, passed.at, "%s says %s, but the bytes are UTF-8 and are read so", passed.by, passed.name)
	case passed.kind == unknown:
		return nil, refuse(data, passed.at, "%s says %s, which is no encoding that is known here, and the bytes are not UTF-8; send UTF-8", passed.by, passed.name)
	}
	if sibling := newLabel(windowsOf[canonical(passed.name)], "", outside); sibling.kind == narrow {
		if text := sibling.decode(data); text != nil {
			return text, doubt(data, passed.at, "%s read as %s, which has them", passed.but("", "they are"), sibling.name)
		}
	}
	return nil, passed.invalid(data)
}

// windowsOf has the encodings that Windows writes under the name of another. Its
// bytes from 0x80 to 0x9F are letters; in the other they are unused.
var windowsOf = map[string]string{
	"iso-8859-2": "windows-1250", "iso-8859-5": "windows-1251", "iso-8859-7": "windows-1253", "iso-8859-8": "windows-1255",
	"iso-8859-6": "windows-1256", "iso-8859-13": "windows-1257", "iso-8859-4": "windows-1257", "iso-8859-15": "windows-1252",
}

// but says why a label is passed over.
func (l label) but(it, they string) string {
	if l.kind == unknown {
		return fmt.Sprintf("%s says %s, which is no encoding that is known here; %s", l.by, l.name, it)
	}
	return fmt.Sprintf("%s says %s, but the bytes are not; %s", l.by, l.name, they)
}

// decode returns data as UTF-8, nil if it has bytes that are not of the
// encoding.
func (l label) decode(data []byte) []byte {
	if l.enc == charmap.Windows1252 {
		return decode1252(data)
	}
	text, err := l.enc.NewDecoder().Bytes(data)
	if err != nil || bytes.ContainsRune(text, utf8.RuneError) {
		return nil
	}
	return text
}

// decode1252 decodes what calls itself Latin-1. Of five bytes it makes control
// characters, as the Encoding Standard and package responder do.
func decode1252(data []byte) []byte {
	text := make([]byte, 0, len(data)+len(data)/8)
	for _, c := range data {
		r := charmap.Windows1252.DecodeByte(c)
		if r == utf8.RuneError {
			r = rune(c)
		}
		text = utf8.AppendRune(text, r)
	}
	return text
}

// invalid refuses bytes that an encoding does not have, with their place.
func (l label) invalid(data []byte) *responder.Problem {
	text, err := l.enc.NewDecoder().Bytes(data)
	at := bytes.IndexRune(text, utf8.RuneError)
	if err != nil || at < 0 {
		text, at = nil, outside
	}
	return refuse(text, at, "%s says %s, but the bytes here are not", l.by, l.name)
}

// controls doubts a text with the control characters U+0080 to U+009F, which no
// one writes.
func (l label) controls(data, text []byte) *responder.Problem {
	at := bytes.IndexFunc(text, func(r rune) bool { return 0x80 <= r && r <= 0x9F && r != 0x85 })
	if at < 0 {
		return nil
	}
	r, _ := utf8.DecodeRune(text[at:])
	return doubt(data, l.at, "%s says %s and is followed, but so there is a control character (U+%04X) in it", l.by, l.name, r)
}

// wideOrder returns the byte order of a document in UTF-16, nil if it is not in
// UTF-16; and whether a byte order mark says so.
func wideOrder(data []byte) (order binary.ByteOrder, marked bool) {
	if foreign(data) != "" {
		return nil, false
	}
	for _, o := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		if len(data) >= 2 && o.Uint16(data) == 0xFEFF {
			if startsInASCII(data[2:]) {
				return nil, false
			}
			return o, true
		}
		// Two characters of ASCII, the first of them white space or <.
		if len(data) >= 4 && strings.ContainsRune("< \t\r\n", rune(o.Uint16(data))) && o.Uint16(data[2:]) < utf8.RuneSelf && o.Uint16(data[2:]) != 0 {
			return o, false
		}
	}
	return nil, false
}

// startsInASCII reports whether a document begins here, a byte for each character.
func startsInASCII(data []byte) bool {
	data = bytes.TrimLeft(data, " \t\r\n")
	return len(data) >= 2 && data[0] == '<' && data[1] != 0
}

// foreign names an encoding that is never read, by what XML begins with in it
// (XML 1.0, appendix F).
func foreign(data []byte) string {
	for _, start := range []string{"\xFF\xFE\x00\x00", "\x00\x00\xFE\xFF", "<\x00\x00\x00", "\x00\x00\x00<"} {
		if bytes.HasPrefix(data, []byte(start)) {
			return "UTF-32"
		}
	}
	if bytes.HasPrefix(data, []byte("\x4C\x6F\xA7\x94")) {
		return "EBCDIC"
	}
	return ""
}

// decodeUTF16 decodes a document in UTF-16.
func decodeUTF16(data []byte, contentType string, order binary.ByteOrder, marked bool) ([]byte, *responder.Problem) {
	name := "UTF-16LE"
	if order == binary.BigEndian {
		name = "UTF-16BE"
	}
	lone := len(data)%2 == 1
	text := make([]byte, 0, len(data))
	for ; len(data) >= 2; data = data[2:] {
		r := rune(order.Uint16(data))
		if utf16.IsSurrogate(r) {
			second := rune(0)
			if len(data) >= 4 {
				second = rune(order.Uint16(data[2:]))
			}
			if r = utf16.DecodeRune(r, second); r == utf8.RuneError {
				text = bytes.TrimPrefix(text, []byte(utf8Mark))
				return nil, refuse(text, len(text), "half a character (0x%04X) is not %s", order.Uint16(data), name)
			}
			data = data[2:]
		}
		text = utf8.AppendRune(text, r)
	}
	text = bytes.TrimPrefix(text, []byte(utf8Mark))
	said := labels(text, contentType)
	for _, l := range said {
		if !l.isUTF16(name) {
			return text, doubt(text, l.at, "%s says %s, but the bytes are %s and are read so", l.by, l.name, name)
		}
	}
	switch {
	case len(said) == 0 && !marked:
		return text, doubt(nil, outside, "the bytes are %s and are read so, but no byte order mark says it", name)
	case lone:
		return text, doubt(nil, outside, "the document is %s, and ends with half a character", name)
	}
	return text, nil
}

// isUTF16 reports whether a label may mean UTF-16 in the order of bytes that name
// has.
func (l label) isUTF16(name string) bool {
	said := canonical(l.name)
	other := strings.HasPrefix(said, "utf-16") && said != "utf-16" && !strings.EqualFold(said, name)
	return l.kind == wide && !other && said != "utf-32"
}

func isASCII(data []byte) bool {
	for _, c := range data {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// doubt is the problem of a text that may be wrong; at is a place in text.
func doubt(text []byte, at int, format string, args ...any) *responder.Problem {
	return locate(responder.Problem{
		Code: responder.CodeLabel, Severity: responder.Warning,
		Text: fmt.Sprintf(format, args...), Effect: "other phone systems may read it differently",
	}, text, at)
}

// refuse is the problem of bytes that cannot be read.
func refuse(text []byte, at int, format string, args ...any) *responder.Problem {
	return locate(responder.Problem{
		Code: responder.CodeEncoding, Severity: responder.Error,
		Text: fmt.Sprintf(format, args...), Effect: "the document is not run; the caller hears an apology",
	}, text, at)
}

func locate(p responder.Problem, text []byte, at int) *responder.Problem {
	if at != outside {
		before := text[:at]
		p.Line = 1 + bytes.Count(before, []byte("\n"))
		p.Column = 1 + utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
	}
	return &p
}
