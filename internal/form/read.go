package form

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/responder"
)

// maxForm is the size in bytes past which a form is refused: a message of the
// longest kind has a few thousand.
const maxForm = 64 << 10

// read reads the fields of a form, as form services and people with curl
// send them: URL-encoded, multipart or JSON, stray spaces cut. Of a field that
// is sent twice the first value that is not empty counts. Fields in the URL do
// not: proxies log URLs, and a secret is among the fields.
func read(w http.ResponseWriter, r *http.Request) (map[string]string, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxForm))
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, fault.Newf(fault.Refused, "the form has more than %d bytes", tooLarge.Limit)
	}
	if err != nil {
		return nil, fault.Newf(fault.Invalid, "the form broke off")
	}
	body = bytes.TrimPrefix(body, []byte("\uFEFF"))
	if bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) { // a JSON decoder puts question marks for what is not UTF-8
		body = []byte(asUTF8(string(body)))
	}
	parsed, err := responder.ParseRequest(&http.Request{URL: &url.URL{}, Header: r.Header, Body: io.NopCloser(bytes.NewReader(body))})
	if err != nil {
		return nil, fault.Newf(fault.Invalid, "the form cannot be read: %v", err)
	}
	fields := make(map[string]string, len(parsed.Params))
	for name, all := range parsed.Params {
		for _, value := range all {
			if value = strings.TrimSpace(asUTF8(value)); value != "" {
				fields[name] = value
				break
			}
		}
	}
	return fields, nil
}

// asUTF8 reads what is not UTF-8 as what it nearly always is then. The text is
// for a customer's eyes, and a wrong guess shows at once.
func asUTF8(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	// Byte by byte: one that is broken must not garble the others.
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && size == 1 {
			r = charmap.Windows1252.DecodeByte(s[0])
		}
		b.WriteRune(r)
		s = s[size:]
	}
	return b.String()
}
