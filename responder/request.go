package responder

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// The names of the parameters that a phone system sends.
const (
	ParamCaller            = "NmsAni"
	ParamCalled            = "NmsDnis"
	ParamAccountUser       = "AccountUser"
	ParamAccountDomain     = "AccountDomain"
	ParamAccountLastDial   = "AccountLastDial"
	ParamDigits            = "Digits"
	ParamSpeech            = "SpeechResult"
	ParamOrigCallID        = "OrigCallID"
	ParamTermCallID        = "TermCallID"
	ParamToUser            = "ToUser"
	ParamToDomain          = "ToDomain"
	ParamRecordingURL      = "RecordingUrl"
	ParamRecordingDuration = "RecordingDuration"
)

// MaxRequestBody is the size in bytes past which a request's body is refused.
// A phone system sends a few hundred; transcripts of speech are the longest.
const MaxRequestBody = 1 << 20

// Request is what a phone system asks: who is calling whom, and what was
// entered since the last document.
type Request struct {
	Caller          string // NmsAni: "+19734321440", a bare extension; empty or a word where the caller is anonymous
	Called          string // NmsDnis: "2125551212"
	AccountUser     string // the user who owns the call
	AccountDomain   string // that user's domain
	AccountLastDial string // what that user dialled last
	Digits          string // the keys of the last Gather
	Speech          string // SpeechResult: what was said in the last Gather
	OrigCallID      string // the id of the caller's leg; the same during the call
	TermCallID      string // the id of the responder's leg
	ToUser          string // the user handed to the responder
	ToDomain        string // the domain handed to the responder

	RecordingURL      string        // where the last Record's sound is
	RecordingDuration time.Duration // how long it is

	// Params holds all parameters by name, also those of the URL itself. If one
	// is given more than once the fields above have the last value.
	Params url.Values
}

// maxParameters bounds the parameters of a request. A phone system sends a
// dozen; each costs memory many times its length.
const maxParameters = 1000

// ErrRequestTooLarge is returned for a body of more than MaxRequestBody bytes.
var ErrRequestTooLarge = fmt.Errorf("the request's body has more than %d bytes", MaxRequestBody)

var errTooMany = fmt.Errorf("the request has more than %d parameters", maxParameters)

// ParseRequest reads a phone system's request: a query, a form (URL-encoded or
// multipart) or a JSON object. A parameter in the body takes precedence over one
// in the query. What is not properly escaped is read as it stands. The body is
// consumed.
func ParseRequest(r *http.Request) (*Request, error) {
	params := make(url.Values)
	if err := addPairs(params, r.URL.RawQuery); err != nil {
		return nil, err
	}
	if r.Body != nil && r.Body != http.NoBody {
		body, err := readBody(r.Body)
		if err != nil {
			return nil, err
		}
		if err := addBody(params, r.Header.Get("Content-Type"), body); err != nil {
			return nil, err
		}
	}
	return requestOf(params), nil
}

func readBody(body io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(body, MaxRequestBody+1))
	if err != nil {
		return nil, fmt.Errorf("the request's body cannot be read: %w", err)
	}
	if len(data) > MaxRequestBody {
		return nil, ErrRequestTooLarge
	}
	return data, nil
}

func addBody(params url.Values, contentType string, body []byte) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	kind, details, err := mime.ParseMediaType(contentType)
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) {
		kind = "" // read as a form, as most bodies are
	}
	switch kind {
	case "application/json":
		return addJSON(params, body)
	case "multipart/form-data":
		return addMultipart(params, details["boundary"], body)
	case "application/x-www-form-urlencoded", "":
		return addPairs(params, strings.TrimRight(string(body), "\r\n"))
	}
	return fmt.Errorf("a body of type %q cannot be read; send a form or JSON", kind)
}

// addPairs reads name=value pairs. Phone systems put addresses and ids into
// them that hold an unescaped ; or %: no call should be lost for that.
func addPairs(params url.Values, encoded string) error {
	if strings.Count(encoded, "&") >= maxParameters {
		return errTooMany
	}
	for pair := range strings.SplitSeq(encoded, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		params.Add(unescape(name), unescape(value))
	}
	return nil
}

func unescape(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}

func addMultipart(params url.Values, boundary string, body []byte) error {
	if boundary == "" {
		return errors.New("the multipart form cannot be read: its Content-Type names no boundary")
	}
	form, err := multipart.NewReader(bytes.NewReader(body), boundary).ReadForm(MaxRequestBody)
	if err != nil {
		return fmt.Errorf("the multipart form cannot be read: %w", err)
	}
	for name, values := range form.Value {
		params[name] = append(params[name], values...)
	}
	return form.RemoveAll()
}

// addJSON reads one object whose values are strings, numbers, booleans or null,
// which counts as absent. It reads token by token and stops at the first other
// value, so that a stranger's input is never built up in memory.
func addJSON(params url.Values, body []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	object, err := readObject(decoder)
	if err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("the JSON cannot be read: something follows the object")
	}
	for name, value := range object {
		params.Add(name, value)
	}
	return nil
}

// readObject returns the members of one object. If a name stands twice the last
// value counts.
func readObject(decoder *json.Decoder) (map[string]string, error) {
	first, err := decoder.Token()
	switch {
	case err != nil:
		return nil, unreadableJSON(err)
	case first == nil:
		return nil, nil // null
	case first != json.Delim('{'):
		return nil, errors.New("the JSON cannot be read: it is not an object")
	}
	object := make(map[string]string)
	for members := 0; decoder.More(); members++ {
		if members == maxParameters {
			return nil, errTooMany
		}
		token, err := decoder.Token()
		if err != nil {
			return nil, unreadableJSON(err)
		}
		name, _ := token.(string) // a member begins with nothing else
		value, err := decoder.Token()
		if err != nil {
			return nil, unreadableJSON(err)
		}
		switch value := value.(type) {
		case nil:
			delete(object, name)
		case string:
			object[name] = value
		case json.Number:
			object[name] = value.String()
		case bool:
			object[name] = strconv.FormatBool(value)
		default:
			return nil, fmt.Errorf("the JSON cannot be read: %q is neither a string nor a number", name)
		}
	}
	if _, err := decoder.Token(); err != nil { // the brace
		return nil, unreadableJSON(err)
	}
	return object, nil
}

func unreadableJSON(err error) error {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("the JSON cannot be read: %w", err)
}

func requestOf(params url.Values) *Request {
	last := func(name string) string {
		values := params[name]
		if len(values) == 0 {
			return ""
		}
		return values[len(values)-1]
	}
	req := &Request{
		Caller:          number(last(ParamCaller)),
		Called:          number(last(ParamCalled)),
		AccountUser:     last(ParamAccountUser),
		AccountDomain:   last(ParamAccountDomain),
		AccountLastDial: last(ParamAccountLastDial),
		Digits:          last(ParamDigits),
		Speech:          last(ParamSpeech),
		OrigCallID:      last(ParamOrigCallID),
		TermCallID:      last(ParamTermCallID),
		ToUser:          last(ParamToUser),
		ToDomain:        last(ParamToDomain),
		RecordingURL:    last(ParamRecordingURL),
		Params:          params,
	}
	if d, ok := secondsOf(last(ParamRecordingDuration)); ok {
		req.RecordingDuration = d
	}
	return req
}

// number puts back the + of +19734321440 if a phone system did not escape it, so
// that it was read as a space.
func number(s string) string {
	if rest, ok := strings.CutPrefix(s, " "); ok && rest != "" && strings.Trim(rest, "0123456789") == "" {
		return "+" + rest
	}
	return s
}

// Heard returns what the caller entered in the last Gather, keys before speech;
// it is empty if nothing was heard.
func (r *Request) Heard() string {
	if r.Digits != "" {
		return r.Digits
	}
	return r.Speech
}
