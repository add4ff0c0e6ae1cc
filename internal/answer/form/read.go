package form

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"regexp"
	"strings"

	"github.com/switchhook/switchhook/internal/fault"
)

const (
	// maxForm is the size in bytes past which a form is refused: a message of
	// the longest kind has a few thousand.
	maxForm = 64 << 10

	// maxFields bounds the fields of a form. Each costs memory many times its
	// length.
	maxFields = 1000
)

// read reads the fields of a form in their order, as form services and people
// with curl send them: URL-encoded, multipart or JSON, which is recognized
// whatever its Content-Type. Fields in the URL do not count: proxies log URLs,
// and a secret is among the fields. The error is a *fault.Error, Refused if the
// form is too large.
func read(w http.ResponseWriter, r *http.Request) ([]sent, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxForm))
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, fault.Newf(fault.Refused, "the form has more than %d bytes", tooLarge.Limit)
	}
	if err != nil {
		return nil, fault.Newf(fault.Invalid, "the form broke off")
	}
	kind := kindOf(r.Header.Get("Content-Type"))
	fields, err := kind.read(string(body))
	if _, said := errors.AsType[*fault.Error](err); err != nil && !said {
		err = fault.Newf(fault.Invalid, "the form cannot be read: %v", err)
	}
	return fields, err
}

// kind is what a Content-Type says.
type kind struct {
	media    string // in small letters; empty: it says nothing that can be read
	boundary string
	charset  string // the label as it stands
}

var (
	mediaType = regexp.MustCompile(`^[a-z0-9!#$&^_.+*-]+/[a-z0-9!#$&^_.+*-]+$`)
	parameter = regexp.MustCompile(`(?i)(?:^|[;,\s])(charset|boundary)\s*=\s*("[^"]*"|'[^']*'|[^;,"']*)`)
)

// kindOf reads a Content-Type, even one that breaks the rules.
func kindOf(contentType string) kind {
	var k kind
	media, details, err := mime.ParseMediaType(contentType)
	if err == nil || errors.Is(err, mime.ErrInvalidMediaParameter) {
		k.media, k.boundary = media, details["boundary"]
	} else if media, _, _ = strings.Cut(strings.ReplaceAll(contentType, ",", ";"), ";"); mediaType.MatchString(strings.ToLower(strings.TrimSpace(media))) {
		k.media = strings.ToLower(strings.TrimSpace(media))
	}
	for _, found := range parameter.FindAllStringSubmatch(contentType, -1) {
		value := strings.Trim(found[2], ` "'`)
		switch {
		case strings.EqualFold(found[1], "charset") && k.charset == "":
			k.charset = value
		case strings.EqualFold(found[1], "boundary") && k.boundary == "":
			k.boundary = value
		}
	}
	return k
}

const (
	urlEncoded    = "application/x-www-form-urlencoded"
	multipartForm = "multipart/form-data"
)

func (k kind) isJSON() bool {
	_, sub, _ := strings.Cut(k.media, "/")
	return sub == "json" || strings.HasSuffix(sub, "+json") || strings.HasSuffix(sub, "-json")
}

func (k kind) read(body string) ([]sent, error) {
	if k.media == multipartForm {
		return k.readMultipart(body)
	}
	if text, ok := wholeUTF16(body); ok {
		body, k.charset = text, ""
	}
	body = strings.TrimPrefix(body, "\uFEFF")
	whole := strings.TrimSpace(body)
	switch {
	case whole == "":
		return nil, nil
	case k.beginsAsJSON(whole):
		return k.readJSON(whole)
	case k.isJSON() || whole[0] == '[' && json.Valid([]byte(whole)):
		return nil, k.noObject(whole)
	case k.media != urlEncoded && k.media != "":
		return nil, fmt.Errorf("a body of type %q cannot be read; send a form or JSON", k.media)
	}
	raw, err := splitPairs(strings.TrimRight(body, "\r\n"))
	if err != nil {
		return nil, err
	}
	if len(raw) == 1 && raw[0].value == "" && strings.HasPrefix(raw[0].name, "{") && json.Valid([]byte(raw[0].name)) {
		return k.readJSON(raw[0].name) // a library took the object for a name
	}
	return decodeFields(raw, k.charset)
}

// likeAnObject is how objects begin, and those that people write by hand.
var likeAnObject = regexp.MustCompile(`^\{\s*["'}]`)

// beginsAsJSON reports whether a body is JSON, or is meant to be. A form whose
// first field is called {{name}} is not.
func (k kind) beginsAsJSON(body string) bool {
	return body[0] == '{' && (k.isJSON() || likeAnObject.MatchString(body) || !strings.Contains(body, "="))
}

// splitPairs reads name=value pairs.
func splitPairs(body string) ([]rawField, error) {
	if strings.Count(body, "&") >= maxFields {
		return nil, errTooMany
	}
	var raw []rawField
	for pair := range strings.SplitSeq(body, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		raw = append(raw, rawField{name: unescape(name), value: unescape(value)})
	}
	return raw, nil
}

var errTooMany = fmt.Errorf("the request has more than %d parameters", maxFields)

// unescape decodes a name or a value as browsers do: a % that is no escape
// stays as it is. https://url.spec.whatwg.org/#percent-decode
func unescape(s string) string {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '+':
			b = append(b, ' ')
		case c == '%' && i+2 < len(s) && hex(s[i+1]) >= 0 && hex(s[i+2]) >= 0:
			b = append(b, byte(hex(s[i+1])<<4|hex(s[i+2])))
			i += 2
		default:
			b = append(b, c)
		}
	}
	return string(b)
}

// hex returns the value of a hex digit, or -1.
func hex(c byte) int { return strings.IndexByte("0123456789abcdef", c|0x20) }

func (k kind) readMultipart(body string) ([]sent, error) {
	if k.boundary == "" {
		return nil, errors.New("the multipart form cannot be read: its Content-Type names no boundary")
	}
	parts := multipart.NewReader(strings.NewReader(body), k.boundary)
	var raw []rawField
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return decodeFields(raw, k.charset)
		}
		if err != nil {
			return nil, fmt.Errorf("the multipart form cannot be read: %w", err)
		}
		if len(raw) == maxFields {
			return nil, errTooMany
		}
		field, err := readPart(part)
		if err != nil {
			return nil, fmt.Errorf("the multipart form cannot be read: %w", err)
		}
		if field.name != "" {
			raw = append(raw, field)
		}
	}
}

func readPart(part *multipart.Part) (rawField, error) {
	f := rawField{name: part.FormName()}
	if inside, ok := strings.CutPrefix(f.name, "'"); ok {
		f.name = strings.TrimSuffix(inside, "'") // some quote it so, which is not for MIME
	}
	content, err := io.ReadAll(part)
	if err != nil {
		return f, err
	}
	if strings.EqualFold(part.Header.Get("Content-Transfer-Encoding"), "base64") {
		decoded := make([]byte, base64.StdEncoding.DecodedLen(len(content)))
		n, err := base64.StdEncoding.Decode(decoded, bytes.TrimSpace(content))
		if err != nil {
			return f, err
		}
		content = decoded[:n]
	}
	f.value = string(content)
	if part.FileName() != "" {
		f.problem = "is a file: send its text"
		return f, nil
	}
	label := kindOf(part.Header.Get("Content-Type")).charset
	if label == "" {
		return f, nil
	}
	own, err := charsetOf(label)
	if err != nil {
		f.problem = fmt.Sprintf("is in the charset %.40q, which cannot be read: send it as UTF-8", label)
	}
	f.charset = &own
	return f, nil
}
