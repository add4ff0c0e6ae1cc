package responder_test

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/responder"
)

// addDocuments seeds f with every document of the other tests.
func addDocuments(f *testing.F) {
	f.Helper()
	for _, c := range golden {
		f.Add([]byte(c.xml))
	}
	for _, c := range reports {
		if len(c.xml) < 1<<10 {
			f.Add([]byte(c.xml))
		}
	}
	for _, c := range hostile {
		f.Add([]byte(fill(100, c.start, c.piece, c.end)))
	}
}

func FuzzParse(f *testing.F) {
	addDocuments(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		parsed, err := responder.Parse(data)
		checkPositions(t, data, parsed)
		if err != nil {
			if refused, ok := errors.AsType[*responder.SyntaxError](err); !ok || refused.Problem != parsed.Problems[len(parsed.Problems)-1] {
				t.Fatalf("the error %v is not the last of %v", err, parsed.Problems)
			}
			return
		}
		encoded, err := responder.Encode(parsed.Document)
		if refused, ok := errors.AsType[*responder.InvalidError](err); ok {
			if refused.Problem.Code != responder.CodeTooLarge && !hasError(parsed.Problems) {
				t.Fatalf("no error was reported, but the document is not written: %v", err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		again, err := responder.Parse(encoded)
		if err != nil {
			t.Fatalf("%s: %v", encoded, err)
		}
		if diff := cmp.Diff(parsed.Document, again.Document); diff != "" {
			t.Fatalf("%s (-read +read again):\n%s", encoded, diff)
		}
		if hasError(again.Problems) {
			t.Fatalf("%s: %v", encoded, again.Problems)
		}
	})
}

func hasError(problems []responder.Problem) bool {
	for _, p := range problems {
		if p.Severity == responder.Error {
			return true
		}
	}
	return false
}

// checkPositions checks that every position lies in the text, and that the
// problems stand in its order.
func checkPositions(t *testing.T, data []byte, parsed *responder.Parsed) {
	t.Helper()
	lines := strings.Split(responder.Text(data), "\n")
	check := func(what any, at responder.Position) {
		if at.Line < 1 || at.Line > len(lines) || at.Column < 1 || at.Column > utf8.RuneCountInString(lines[at.Line-1])+1 {
			t.Fatalf("%v is not in the text: %v", what, at)
		}
	}
	var last responder.Position
	for i, p := range parsed.Problems {
		at := responder.Position{Line: p.Line, Column: p.Column}
		if at == (responder.Position{}) {
			continue // of the whole answer
		}
		check(p, at)
		// What ended the reading comes last, though it can begin earlier.
		if i+1 < len(parsed.Problems) && (at.Line < last.Line || at.Line == last.Line && at.Column < last.Column) {
			t.Fatalf("%v comes after what is at %v", p, last)
		}
		last = at
	}
	for i, v := range parsed.Document.Verbs {
		check(v, parsed.VerbPosition(i))
		if g, ok := v.(responder.Gather); ok {
			for j := range g.Prompts {
				check(g.Prompts[j], parsed.PromptPosition(i, j))
			}
		}
	}
}

// surrogate is a reference that encoding/xml reads as U+FFFD, and XML forbids.
var surrogate = regexp.MustCompile(`&#(x0*[dD][89a-fA-F][0-9a-fA-F]{2}|0*5[567]\d{3});`)

// FuzzParseAgainstEncodingXML checks that what encoding/xml accepts in its
// strict mode is read here too, with the same elements and the same text, except
// for what Parse refuses on purpose: declarations in a DOCTYPE, a declared
// encoding, characters that XML does not allow.
func FuzzParseAgainstEncodingXML(f *testing.F) {
	addDocuments(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		if !utf8.Valid(data) || bytes.ContainsFunc(data, func(r rune) bool { return !responder.IsXMLChar(r) }) || surrogate.Match(data) || bytes.Contains(data, []byte("encoding")) {
			return
		}
		want, ok := scanEncodingXML(data)
		if !ok {
			return
		}
		got, err := responder.Scan(data)
		if err != nil {
			t.Fatalf("encoding/xml reads it, but: %v", err)
		}
		if diff := cmp.Diff(want, flatten(got)); diff != "" {
			t.Fatalf("elements (-encoding/xml +ours):\n%s", diff)
		}
	})
}

// scanEncodingXML returns the elements and texts of a document as encoding/xml
// sees them; false where it refuses the document or has seen a declaration.
func scanEncodingXML(data []byte) ([]string, bool) {
	decoder := xml.NewDecoder(bytes.NewReader(data))
	var events []responder.Event
	for {
		token, err := decoder.RawToken()
		if errors.Is(err, io.EOF) {
			return flatten(events), true
		}
		if err != nil {
			return nil, false
		}
		switch token := token.(type) {
		case xml.StartElement:
			events = append(events, responder.Event{Start: qualified(token.Name)})
		case xml.EndElement:
			events = append(events, responder.Event{End: qualified(token.Name)})
		case xml.CharData:
			events = append(events, responder.Event{Text: string(token)})
		case xml.Directive:
			return nil, false
		}
	}
}

func qualified(name xml.Name) string {
	if name.Space == "" {
		return name.Local
	}
	return name.Space + ":" + name.Local
}

// flatten writes events down, neighbouring texts as one, without the white space
// that neither reader considers significant.
func flatten(events []responder.Event) []string {
	var flat []string
	text := ""
	flush := func() {
		if words := strings.Join(strings.Fields(strings.Trim(text, "\uFEFF")), " "); words != "" {
			flat = append(flat, words)
		}
		text = ""
	}
	for _, e := range events {
		if e.Start == "" && e.End == "" {
			text += e.Text
			continue
		}
		flush()
		if e.Start != "" {
			flat = append(flat, "<"+e.Start+">")
		} else {
			flat = append(flat, "</"+e.End+">")
		}
	}
	flush()
	return flat
}

// FuzzParseRequest checks that a request that can be read has the last value
// of each parameter, whatever way it was sent.
func FuzzParseRequest(f *testing.F) {
	multipartForm := "--x\r\nContent-Disposition: form-data; name=\"Digits\"\r\n\r\n12#\r\n--x--\r\n"
	for _, seed := range []struct{ method, query, contentType, body string }{
		{"GET", "NmsAni=%2B19734321440&NmsDnis=2125551212&Digits=12%23", "", ""},
		{"GET", "NmsAni=+1973&x=%zz;y&&=&Digits=1&Digits=2", "", ""},
		{"POST", "case=zip", "application/x-www-form-urlencoded", "Digits=12%23&SpeechResult=two+words\r\n"},
		{"POST", "Digits=1", "application/json; charset=utf-8", `{"Digits":"2","RecordingDuration":4.1,"x":null,"y":true}`},
		{"POST", "", "application/json", `{"Digits":[1]}`},
		{"POST", "", "application/json", `[] {}`},
		{"POST", "", "multipart/form-data; boundary=x", multipartForm},
		{"POST", "", "multipart/form-data", multipartForm},
		{"POST", "", "text/plain", "hello"},
		{"POST", "", ";;", "Digits=3"},
		{"GET", "Digits%00=1&%0D%0A=2", "", ""},
	} {
		f.Add(seed.method, seed.query, seed.contentType, []byte(seed.body))
	}
	f.Fuzz(func(t *testing.T, method, query, contentType string, body []byte) {
		r := &http.Request{
			Method: method, URL: &url.URL{Path: "/", RawQuery: query},
			Header: http.Header{"Content-Type": {contentType}}, Body: io.NopCloser(bytes.NewReader(body)),
		}
		req, err := responder.ParseRequest(r)
		if err != nil {
			if req != nil || err.Error() == "" {
				t.Fatalf("got %v with the error %v", req, err)
			}
			return
		}
		if values := req.Params[responder.ParamDigits]; len(values) > 0 && req.Digits != values[len(values)-1] || len(values) == 0 && req.Digits != "" {
			t.Fatalf("Digits are %q of %q", req.Digits, values)
		}
		if d := req.RecordingDuration; d < 0 || d > 24*time.Hour {
			t.Fatalf("a recording of %v", d)
		}
		// What was read can be sent, in each way, and is read again.
		for _, again := range requestsOf(t, req.Params) {
			reread, err := responder.ParseRequest(again)
			if err != nil {
				t.Fatalf("%s: %v", again.Header.Get("Content-Type"), err)
			}
			if diff := cmp.Diff(req.Params, reread.Params); diff != "" {
				t.Fatalf("%s (-read +read again):\n%s", again.Header.Get("Content-Type"), diff)
			}
		}
	})
}

// requestsOf returns requests with these parameters: a query, a form, and a
// multipart form and JSON where they can carry them.
func requestsOf(t *testing.T, params url.Values) []*http.Request {
	t.Helper()
	query := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
	query.URL.RawQuery = params.Encode()
	form := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(params.Encode()))
	form.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	requests := []*http.Request{query, form}

	object := make(map[string]string)
	var parts bytes.Buffer
	w := multipart.NewWriter(&parts)
	plain := true
	for name, values := range params {
		// A name stands in a header of a multipart form.
		if len(values) != 1 || !utf8.ValidString(name) || !utf8.ValidString(values[0]) || strings.ContainsFunc(name, unicode.IsControl) || name == "" {
			plain = false
			break
		}
		object[name] = values[0]
		if err := w.WriteField(name, values[0]); err != nil {
			t.Fatal(err)
		}
	}
	if !plain || len(object) == 0 {
		return requests
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	encoded, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	asJSON := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", bytes.NewReader(encoded))
	asJSON.Header.Set("Content-Type", "application/json")
	asParts := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", &parts)
	asParts.Header.Set("Content-Type", w.FormDataContentType())
	return append(requests, asJSON, asParts)
}

// FuzzVerify checks that whatever the headers only the signature of the secret
// is accepted, and that the body can be read afterwards.
func FuzzVerify(f *testing.F) {
	now := time.Unix(1_700_000_000, 0)
	signed := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/menu?Digits=1", http.NoBody)
	responder.Sign(signed, []byte("a=1"), "msg_1", now, "secret")
	f.Add("msg_1", "1700000000", signed.Header.Get(responder.HeaderSignature), "POST", "/menu?Digits=1", []byte("a=1"))
	f.Add("msg_1", "1700000000", "v1, v1,AAAA "+signed.Header.Get(responder.HeaderSignature), "POST", "/menu?Digits=1", []byte("a=1"))
	f.Add("msg_1", "9223372036854775807", "v1,x", "GET", "/", []byte(nil))
	f.Add("msg_1", "-9223372036854775808", "v1,x", "GET", "http://x/", []byte(nil))
	f.Add("", "+1700000299", " ", "", "*", []byte(nil))
	f.Fuzz(func(t *testing.T, id, timestamp, signature, method, target string, body []byte) {
		r := &http.Request{
			Method: method, RequestURI: target, URL: &url.URL{Path: "/menu", RawQuery: "Digits=1"},
			Header: make(http.Header), Body: io.NopCloser(bytes.NewReader(body)),
		}
		r.Header.Set(responder.HeaderID, id)
		r.Header.Set(responder.HeaderTimestamp, timestamp)
		r.Header.Set(responder.HeaderSignature, signature)
		err := responder.Verify(r, now, "secret", "")
		if err == nil {
			seconds, parseErr := strconv.ParseInt(timestamp, 10, 64)
			if parseErr != nil || seconds < now.Unix()-300 || seconds > now.Unix()+300 {
				t.Fatalf("accepted at %q", timestamp)
			}
			if !strings.Contains(signature, mac(id, timestamp, method, target, string(body))) && strings.HasPrefix(target, "/") {
				t.Fatalf("accepted with %q", signature)
			}
		}
		if left, _ := io.ReadAll(r.Body); !bytes.Equal(left, body) {
			t.Fatalf("the body is %q after %v, it was %q", left, err, body)
		}
	})
}
