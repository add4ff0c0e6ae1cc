package textback

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"github.com/switchhook/switchhook/internal/entry"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/responder"
)

// MaxForm is the size in bytes past which a form is refused: a message of the
// longest kind has a few thousand.
const MaxForm = 64 << 10

// readForm reads the fields of a form, as form services and people with curl
// send them: URL-encoded, multipart or JSON, stray spaces cut. Of a field that
// is sent twice the first value that is not empty counts. Fields in the URL do
// not: proxies log URLs, and a secret is among the fields.
func readForm(w http.ResponseWriter, r *http.Request) (map[string]string, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxForm))
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

// The limits of what a form may set.
var (
	// A domain as the phone system's API describes one.
	validDomain = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

	// A user stands in paths of that API and in the names of dial rules.
	validUser = regexp.MustCompile(`^[A-Za-z0-9._-]{1,32}$`)
)

// formFields are the fields that a form may set, and how each is checked. The
// sentence of an error completes "the field NAME".
var formFields = []struct {
	name  string
	check func(value string) (clean, problem string)
}{
	{entry.FieldAPIDomain, matching(validDomain, "is not a domain of the phone system")},
	{entry.FieldUser, matching(validUser, "is not a user of the phone system")},
	{entry.FieldSystemUser, matching(validUser, "is not a user of the phone system")},
	{entry.FieldFromNumber, checkFromNumber},
	{entry.FieldMessage, checkMessage},
}

// checkFields returns the fields that are set, as they are stored. An empty
// field keeps what is stored. The error is a *fault.Error that names every
// field that cannot be used.
func checkFields(fields map[string]string) (map[string]string, error) {
	given := map[string]string{}
	var problems []string
	for _, field := range formFields {
		value := fields[field.name]
		if value == "" {
			continue
		}
		clean, problem := field.check(value)
		if problem != "" {
			problems = append(problems, "the field "+field.name+" "+problem)
			continue
		}
		given[field.name] = clean
	}
	if len(problems) > 0 {
		return nil, fault.Newf(fault.Invalid, "%s", strings.Join(problems, "; "))
	}
	return given, nil
}

func matching(form *regexp.Regexp, otherwise string) func(string) (clean, problem string) {
	return func(value string) (clean, problem string) {
		if !form.MatchString(value) {
			return "", otherwise
		}
		return value, ""
	}
}

// checkFromNumber returns the digits of a number as people write it.
func checkFromNumber(value string) (clean, problem string) {
	digits, reason := destination(value)
	if reason != "" {
		return "", "is not a telephone number of 7 to 15 digits"
	}
	return digits, ""
}

// lineBreaks are the ways in which browsers and word processors end lines.
var lineBreaks = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\v", "\n", "\f", "\n")

// checkMessage returns a text as phones show it. Control characters come along
// when people copy from elsewhere; nobody means them.
func checkMessage(value string) (clean, problem string) {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, lineBreaks.Replace(value)), ""
}
