package netsapiens_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/netsapiens"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

// TestFaults checks the message for each way in which a phone system fails:
// for the sender of a text, and for the one who asks for a list.
func TestFaults(t *testing.T) {
	for _, row := range []struct {
		name        string
		fault       nstest.Fault
		text, list  string
		code        fault.Code
		asksForList int
	}{
		{"a refusal", nstest.Refuses(400, "Invalid destination"),
			`answered 400: "Invalid destination": permanent`, `answered 400: "Invalid destination": permanent`, fault.Refused, 1},
		{"a bad token", nstest.Refuses(401, "Expired"), `answered 401: "Expired": unauthorized permanent`, `answered 401: "Expired": unauthorized permanent`, fault.Refused, 1},
		{"a weak token", nstest.Says(403, ""), `answered 403 without a word: unauthorized permanent`, `answered 403 without a word: unauthorized permanent`, fault.Refused, 1},
		{"an OAuth error", nstest.Says(401, `{"error":"invalid_token","error_description":"The access token is invalid"}`),
			`answered 401: "The access token is invalid": unauthorized permanent`, `answered 401: "The access token is invalid": unauthorized permanent`, fault.Refused, 1},
		{"another OAuth error", nstest.Says(400, `{"error":"invalid_request"}`), `answered 400: "invalid_request": permanent`, `answered 400: "invalid_request": permanent`, fault.Refused, 1},
		{"nobody there", nstest.Refuses(404, "User does not exist"), `answered 404: "User does not exist": missing permanent`, `answered 404: "User does not exist": missing permanent`, fault.NotFound, 1},
		{"a wrong address", nstest.Page(404, "404 Not Found"),
			`answered 404 with a web page: "404 Not Found", not as the API does: permanent`, `answered 404 with a web page: "404 Not Found", not as the API does: permanent`, fault.Unavailable, 1},
		{"an old core", nstest.NoRoute(), `does not know this call: "No Route Found [92]": unsupported permanent`, `does not know this call: "No Route Found [92]": unsupported permanent`, fault.Unsupported, 1},
		{"an old core, in JSON", nstest.Refuses(404, "No Route Found [92]"), `does not know this call: "No Route Found [92]": unsupported permanent`, `does not know this call: "No Route Found [92]": unsupported permanent`, fault.Unsupported, 1},
		{"too many", nstest.Says(429, "Slow down"), `answered 429: "Slow down": temporary`, `answered 429: "Slow down": temporary`, fault.Unavailable, 1},
		{"too slow for a proxy", nstest.Says(408, ""), `answered 408 without a word: temporary`, `answered 408 without a word: temporary`, fault.Unavailable, 1},
		{"broken", nstest.Says(500, `{"code":500,"message":["what"]}`), `answered 500 without a word: temporary`, `answered 500 without a word: temporary`, fault.Unavailable, 1},
		{"a broken error", nstest.Says(500, `{"code":500,"mess`), `answered 500 without a word: temporary`, `answered 500 without a word: temporary`, fault.Unavailable, 1},
		{"a bad gateway", nstest.Page(502, "502 Bad Gateway"), `answered 502 with a web page: "502 Bad Gateway": temporary uncertain`, `answered 502 with a web page: "502 Bad Gateway": temporary`, fault.Unavailable, 1},
		{"a page without a title", nstest.Says(503, "<h1>Down</h1>"), `answered 503 with a web page: temporary`, `answered 503 with a web page: temporary`, fault.Unavailable, 1},
		{"a tired gateway", nstest.Page(504, "Gateway Time-out"), `answered 504 with a web page: "Gateway Time-out": temporary uncertain`, `answered 504 with a web page: "Gateway Time-out": temporary`, fault.Unavailable, 1},
		{"a CDN's own status", nstest.Says(524, "error code: 524"), `answered 524: "error code: 524": temporary uncertain`, `answered 524: "error code: 524": temporary`, fault.Unavailable, 1},
		{"no status", nstest.Says(700, ""), `answered 700, which is no status of an answer: permanent uncertain`, `answered 700, which is no status of an answer: permanent`, fault.Unavailable, 1},
		{"a portal", nstest.Page(200, "Log in"), `answered 200 with a web page: "Log in" instead of an answer: permanent uncertain`, `answered 200 with a web page: "Log in" instead of a list of SMS numbers: permanent`, fault.Unavailable, 1},
		{"hung up", nstest.HangsUp(), `closed the connection without an answer: temporary uncertain`, `closed the connection without an answer: temporary`, fault.Unavailable, 2},
		{"half an answer", nstest.Half(), `answered 202 and closed the connection in the middle of its answer, after 20 bytes: temporary uncertain`,
			`answered 202 and closed the connection in the middle of its answer, after 20 bytes: temporary`, fault.Unavailable, 1},
		{"a flood", nstest.Floods(), `sent more than the 8 MiB that an answer may have: permanent uncertain`, `sent more than the 8 MiB that an answer may have: permanent`, fault.Unavailable, 1},
		{"a redirect", nstest.Redirects(302, "https://portal.example.net/login?token=secret&to=19734321440"),
			`answered 302 and points to https://portal.example.net; redirects are not followed, for the token would go along: permanent uncertain`,
			`answered 302 and points to https://portal.example.net; redirects are not followed, for the token would go along: permanent`, fault.Refused, 1},
		{"a redirect to itself", nstest.Redirects(302, "/ns-api/v2/"),
			`answered 302 and points elsewhere; redirects are not followed, for the token would go along: permanent uncertain`,
			`answered 302 and points elsewhere; redirects are not followed, for the token would go along: permanent`, fault.Refused, 1},
		{"a redirect to https", nstest.Redirects(308, "https://HOST/ns-api/v2/"),
			`answered 308 and points to https://HOST; redirects are not followed, for the token would go along: permanent`,
			`answered 308 and points to https://HOST; redirects are not followed, for the token would go along: permanent`, fault.Refused, 1},
		{"a redirect to nowhere", nstest.Redirects(302, "https://[nowhere"), `points to another address that is none: permanent uncertain`, `points to another address that is none: permanent`, fault.Refused, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			system := start(t, nstest.Quirks{})
			system.Break(nstest.SendMessage, nstest.Always, row.fault)
			system.Break(nstest.ListSMSNumbers, nstest.Always, row.fault)
			c := clientOf(t, system.URL)
			for _, tried := range []struct {
				err      error
				op, want string
			}{
				{c.SendSMS(t.Context(), text()), "send a text to +1973•••1440 as user 2000 of example.com: HOST ", row.text},
				{second(netsapiens.Collect(c.SMSNumbers(t.Context(), "example.com"))), "read the SMS numbers of example.com: HOST ", row.list},
			} {
				e := failed(t, tried.err)
				if got := without(system.URL, e.Error()) + ": " + verdict(e); got != tried.op+tried.want {
					t.Errorf("got  %s\nwant %s", got, tried.op+tried.want)
				}
				if code := fault.CodeOf(tried.err); code != row.code {
					t.Errorf("fault code %q, want %q", code, row.code)
				}
			}
			if asked := len(system.Requests()) - 1; asked != row.asksForList {
				t.Errorf("asked for the list %d times, want %d", asked, row.asksForList)
			}
			if sent := system.Calls(); len(sent) != 1 {
				t.Errorf("sent %d times", len(sent))
			}
		})
	}
}

// TestWritesAreSentOnce breaks each write in each way that breaks connections.
func TestWritesAreSentOnce(t *testing.T) {
	for call, write := range map[nstest.Call]func(context.Context, *netsapiens.Client) error{
		nstest.SendMessage: func(ctx context.Context, c *netsapiens.Client) error { return c.SendSMS(ctx, text()) },
		nstest.CreateUser: func(ctx context.Context, c *netsapiens.Client) error {
			return c.CreateUser(ctx, "example.com", systemUser())
		},
		nstest.CreateDialRule: func(ctx context.Context, c *netsapiens.Client) error {
			return c.CreateDialRule(ctx, "example.com", "example.com", toWeb())
		},
		nstest.DeleteUser: func(ctx context.Context, c *netsapiens.Client) error { return c.DeleteUser(ctx, "example.com", "2000") },
		nstest.UpdateAnswerRule: func(ctx context.Context, c *netsapiens.Client) error {
			return second(c.SetAnswerRule(ctx, "example.com", "2000", netsapiens.ForwardAlways("webresponder8001")))
		},
	} {
		for name, f := range map[string]nstest.Fault{"hung up": nstest.HangsUp(), "hung up after it was done": nstest.HangsUp().AfterDoing(), "half an answer": nstest.Half()} {
			t.Run(string(call)+", "+name, func(t *testing.T) {
				system := start(t, nstest.Quirks{})
				system.Break(call, nstest.Always, f)
				c := clientOf(t, system.URL)
				if _, err := c.User(t.Context(), "example.com", "2000"); err != nil { // so that there is a connection to reuse
					t.Fatal(err)
				}
				err := write(t.Context(), c)
				if failed(t, err); verdict(err) != "temporary uncertain" {
					t.Errorf("%v: %s", err, verdict(err))
				}
				if calls := system.Calls(); len(calls) != 1 {
					t.Errorf("sent %v", calls)
				}
			})
		}
	}
}

func TestQuestionIsAskedOnceMoreWhereTheConnectionFails(t *testing.T) {
	system := start(t, nstest.Quirks{})
	system.Break(nstest.ReadUser, 1, nstest.HangsUp())
	if user, err := clientOf(t, system.URL).User(t.Context(), "example.com", "2000"); err != nil || user.User != "2000" {
		t.Errorf("%+v, %v", user, err)
	}
	if asked := system.Requests(); len(asked) != 2 {
		t.Errorf("asked %d times", len(asked))
	}
}

func TestForeignErrorsAreNothingToUs(t *testing.T) {
	for _, err := range []error{nil, errors.New("already exists"), context.DeadlineExceeded} {
		if got := verdict(err); got != "" {
			t.Errorf("%v: %s", err, got)
		}
	}
}

// roundTripper is a way to send requests that knows nothing of httptrace.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestForeignTransportIsNotTrustedToHaveSentNothing(t *testing.T) {
	c, err := netsapiens.New(netsapiens.Config{URL: "https://pbx.example.net", Token: nstest.Token, HTTP: &http.Client{
		Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			return nil, errors.New("it broke, with " + r.Header.Get("Authorization"))
		})}})
	if err != nil {
		t.Fatal(err)
	}
	err = c.SendSMS(t.Context(), text())
	const want = "send a text to +1973•••1440 as user 2000 of example.com: https://pbx.example.net closed the connection without an answer"
	if e := failed(t, err); e.Error() != want || verdict(err) != "temporary uncertain" {
		t.Errorf("%v: %s", err, verdict(err))
	}
}

func TestHintsSayWhatToDo(t *testing.T) {
	system := start(t, nstest.Quirks{})
	for want, f := range map[string]nstest.Fault{
		"check the token: it may be mistyped or expired, or belong to another domain":                             nstest.Refuses(401, "Expired"),
		"use a token that is permitted to do this; the portal shows the scope of each API key":                    nstest.Refuses(403, "No"),
		"check the names, the domain's first":                                                                     nstest.Refuses(404, "No"),
		"check the address of the phone system: it is what stands before /ns-api":                                 nstest.Page(404, "Not Found"),
		"try again later, and less often":                                                                         nstest.Says(429, ""),
		"try again later; if it stays so, look in the phone system's log":                                         nstest.Says(503, ""),
		"the phone system's version may be too old for it":                                                        nstest.NoRoute(),
		"give the address at which the phone system itself answers":                                               nstest.Redirects(302, "https://elsewhere.example"),
		"look in the phone system's log, and in that of a proxy before it; the request may have been carried out": nstest.HangsUp(),
	} {
		system.Break(nstest.SendMessage, 1, f)
		if got := fault.HintOf(clientOf(t, system.URL).SendSMS(t.Context(), text())); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestVendorWordsAreKept(t *testing.T) {
	system := start(t, nstest.Quirks{})
	long := strings.Repeat("long ", 100)
	for _, row := range []struct {
		fault nstest.Fault
		want  netsapiens.Error
	}{
		{nstest.Refuses(400, "No such\n number:\t19734321440\u202e\x07"), netsapiens.Error{Status: 400, Code: 400, Vendor: "No such number: 1973•••1440"}},
		{nstest.Says(400, "Plain words"), netsapiens.Error{Status: 400, Vendor: "Plain words"}},
		{nstest.Says(400, `"a JSON string"`), netsapiens.Error{Status: 400, Vendor: "a JSON string"}},
		{nstest.Says(400, `[]`), netsapiens.Error{Status: 400}},
		{nstest.Says(500, long), netsapiens.Error{Status: 500, Vendor: long[:199] + "…"}},
		{nstest.Says(400, "not UTF-8: \xff"), netsapiens.Error{Status: 400, Vendor: "not UTF-8: \uFFFD"}},
	} {
		system.Break(nstest.SendMessage, 1, row.fault)
		e := failed(t, clientOf(t, system.URL).SendSMS(t.Context(), text()))
		if e.Status != row.want.Status || e.Code != row.want.Code || e.Vendor != row.want.Vendor {
			t.Errorf("got %d %d %q, want %d %d %q", e.Status, e.Code, e.Vendor, row.want.Status, row.want.Code, row.want.Vendor)
		}
	}
}
