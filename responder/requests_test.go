package responder_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/responder"
)

// ask returns a phone system's request.
func ask(method, target, contentType, body string) *http.Request {
	r := httptest.NewRequestWithContext(context.Background(), method, target, strings.NewReader(body))
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	return r
}

const form = "application/x-www-form-urlencoded"

func TestRequestOfEveryParameter(t *testing.T) {
	values := url.Values{
		"NmsAni": {"+19734321440"}, "NmsDnis": {"2125551212"}, "AccountUser": {"8000"}, "AccountDomain": {"example.net"},
		"AccountLastDial": {"1001"}, "Digits": {"12#"}, "SpeechResult": {"two words & more"}, "OrigCallID": {"20230130154940025425"},
		"TermCallID": {"a;b=c@10.0.0.1"}, "ToUser": {"webresponder8001"}, "ToDomain": {"*"},
		"RecordingUrl": {"https://example.net/r.wav"}, "RecordingDuration": {"4.1"}, "id": {"example.net-sms"},
	}
	want := &responder.Request{
		Caller: "+19734321440", Called: "2125551212", AccountUser: "8000", AccountDomain: "example.net",
		AccountLastDial: "1001", Digits: "12#", Speech: "two words & more", OrigCallID: "20230130154940025425",
		TermCallID: "a;b=c@10.0.0.1", ToUser: "webresponder8001", ToDomain: "*",
		RecordingURL: "https://example.net/r.wav", RecordingDuration: 4100 * time.Millisecond, Params: values,
	}
	for _, r := range append(requestsOf(t, values), ask("POST", "/?"+values.Encode(), "", ""), ask("POST", "/", "", values.Encode()+"\r\n")) {
		t.Run(r.Method+" "+r.Header.Get("Content-Type"), func(t *testing.T) {
			got, err := responder.ParseRequest(r)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("request (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParametersOfTheField(t *testing.T) {
	for _, c := range []struct {
		name   string
		r      *http.Request
		params url.Values
	}{
		{"none", ask("GET", "/", "", ""), url.Values{}},
		{"query and body", ask("POST", "/?Digits=1&a=b", form, "Digits=2"), url.Values{"Digits": {"1", "2"}, "a": {"b"}}},
		{"an empty body of any type", ask("POST", "/?a=b", "text/xml", " \r\n"), url.Values{"a": {"b"}}},
		{"a type with a parameter that is none", ask("POST", "/", form+"; charset", "a=b"), url.Values{"a": {"b"}}},
		{"what is not escaped", ask("GET", "/?a=50%&b=sip:1;x=y@z&c=%zz+d&&=&e", "", ""), url.Values{"a": {"50%"}, "b": {"sip:1;x=y@z"}, "c": {"%zz+d"}, "": {""}, "e": {""}}},
		{"numbers and truth in JSON", ask("POST", "/", "application/json", `{"a":2125551212,"b":4.10,"c":true,"d":null,"e":""}`), url.Values{"a": {"2125551212"}, "b": {"4.10"}, "c": {"true"}, "e": {""}}},
		{"JSON and a query", ask("POST", "/?a=1", "Application/JSON; charset=utf-8", `{"a":"2"}`), url.Values{"a": {"1", "2"}}},
		{"a multipart form with a file", ask("POST", "/", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n"+
			"--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f.wav\"\r\n\r\nRIFF\r\n--x--\r\n"), url.Values{"a": {"b"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			req, err := responder.ParseRequest(c.r)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.params, req.Params); diff != "" {
				t.Errorf("parameters (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLastValueCounts(t *testing.T) {
	req, err := responder.ParseRequest(ask("POST", "/?Digits=1&Digits=2&NmsDnis=100", form, "Digits=3"))
	if err != nil {
		t.Fatal(err)
	}
	if req.Digits != "3" || req.Called != "100" {
		t.Errorf("got Digits %q, Called %q", req.Digits, req.Called)
	}
}

func TestCallersNumber(t *testing.T) {
	for query, want := range map[string]string{
		"NmsAni=%2B19734321440": "+19734321440",
		"NmsAni=+19734321440":   "+19734321440", // not escaped, and read as a space
		"NmsAni=1001":           "1001",
		"NmsAni=":               "",
		"":                      "",
		"NmsAni=Anonymous":      "Anonymous",
		"NmsAni=+Anonymous":     " Anonymous",
		"NmsAni=+":              " ",
	} {
		req, err := responder.ParseRequest(ask("GET", "/?"+query, "", ""))
		if err != nil || req.Caller != want {
			t.Errorf("%s: got %q, %v, want %q", query, req.Caller, err, want)
		}
	}
}

func TestRecordingDuration(t *testing.T) {
	for value, want := range map[string]time.Duration{
		"": 0, "4": 4 * time.Second, "4.1": 4100 * time.Millisecond, "0": 0, "-1": 0, "NaN": 0, "Inf": 0, "1e300": 0, "a while": 0,
	} {
		req, err := responder.ParseRequest(ask("GET", "/?RecordingDuration="+url.QueryEscape(value), "", ""))
		if err != nil || req.RecordingDuration != want {
			t.Errorf("%s: got %v, %v, want %v", value, req.RecordingDuration, err, want)
		}
	}
}

func TestHeard(t *testing.T) {
	for _, c := range []struct {
		req  responder.Request
		want string
	}{
		{responder.Request{}, ""},
		{responder.Request{Digits: "1"}, "1"},
		{responder.Request{Speech: "one"}, "one"},
		{responder.Request{Digits: "1", Speech: "two"}, "1"},
	} {
		if got := c.req.Heard(); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestRequestsThatCannotBeRead(t *testing.T) {
	many := strings.Repeat("a=b&", 1000) + "a=b"
	var object strings.Builder
	for i := range 1001 {
		fmt.Fprintf(&object, `,"%d":""`, i)
	}
	for _, c := range []struct {
		name string
		r    *http.Request
		want string
	}{
		{"another type", ask("POST", "/", "text/xml; charset=utf-8", "<a/>"), `a body of type "text/xml" cannot be read; send a form or JSON`},
		{"broken JSON", ask("POST", "/", "application/json", `{"a":`), "the JSON cannot be read: unexpected EOF"},
		{"JSON of another kind", ask("POST", "/", "application/json", `["a"]`), "the JSON cannot be read: it is not an object"},
		{"JSON with more after it", ask("POST", "/", "application/json", `{} {}`), "the JSON cannot be read: something follows the object"},
		{"nested JSON", ask("POST", "/", "application/json", `{"a":{"b":1}}`), `the JSON cannot be read: "a" is neither a string nor a number`},
		{"a multipart form without boundary", ask("POST", "/", "multipart/form-data", "--x"), "the multipart form cannot be read: its Content-Type names no boundary"},
		{"a multipart form that breaks off", ask("POST", "/", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb"), "the multipart form cannot be read: unexpected EOF"},
		{"too many parameters in the query", ask("GET", "/?"+many, "", ""), "the request has more than 1000 parameters"},
		{"too many parameters in a form", ask("POST", "/", form, many), "the request has more than 1000 parameters"},
		{"too many parameters in JSON", ask("POST", "/", "application/json", "{"+object.String()[1:]+"}"), "the request has more than 1000 parameters"},
		{"too large", ask("POST", "/", form, strings.Repeat("a", responder.MaxRequestBody+1)), "the request's body has more than 1048576 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			req, err := responder.ParseRequest(c.r)
			if err == nil || err.Error() != c.want || req != nil {
				t.Errorf("got %v, %v\nwant the error %s", req, err, c.want)
			}
			if tooLarge := c.name == "too large"; errors.Is(err, responder.ErrRequestTooLarge) != tooLarge {
				t.Errorf("%v is not told apart", err)
			}
		})
	}
	broken := ask("POST", "/", form, "")
	broken.Body = brokenBody{}
	if _, err := responder.ParseRequest(broken); !errors.Is(err, errBroken) {
		t.Errorf("a body that breaks off: got %v", err)
	}
}

func TestRequestOfTheGreatestSize(t *testing.T) {
	speech := strings.Repeat("a", responder.MaxRequestBody-len("SpeechResult="))
	req, err := responder.ParseRequest(ask("POST", "/", form, "SpeechResult="+speech))
	if err != nil || req.Speech != speech {
		t.Errorf("got %d bytes, %v", len(req.Speech), err)
	}
}
