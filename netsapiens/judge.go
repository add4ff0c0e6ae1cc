package netsapiens

import (
	"bytes"
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// noRoute begins what an old phone system answers to a call it does not know;
// a number in brackets follows.
const noRoute = "No Route Found"

// accepted is the usual answer to a write, in which there is nothing to find.
const accepted = `{"code":202,"message":"Accepted"}`

const hintNames = "check the names, the domain's first"

// judge distinguishes an answer from a refusal.
//
// A write has succeeded if the status is 202, which comes from nothing but the
// API itself; or another 2xx with JSON or an empty body. Anything else with
// 200 is the page of something else: a portal, a proxy, a PHP that stumbled.
func (x *exchange) judge(resp *http.Response, body []byte) (answer, *Error) {
	status := resp.StatusCode
	if status == http.StatusAccepted && string(body) == accepted {
		return answer{status, body}, nil
	}
	said := vendorWords(body)
	ok := status >= 200 && status < 300
	switch {
	case strings.HasPrefix(said.message, noRoute):
		return answer{}, x.unknown(status, said)
	case ok && said.code >= 400:
		e := x.refusal(status, said)
		e.Message = x.client.where + " answered " + strconv.Itoa(status) + ", but its body says " + strconv.Itoa(said.code) + quoted(e.Vendor)
		return answer{}, e
	case ok && (status == http.StatusAccepted || x.call.question() || len(body) == 0 || json.Valid(body)):
		return answer{status, body}, nil
	case ok:
		return answer{}, x.client.unreadable(x.call, status, body, "an answer")
	case status >= 300 && status < 400:
		return answer{}, x.redirect(resp)
	case status < 200 || status > 599:
		e := x.fail(unreadable, "%s answered %d, which is no status of an answer", x.client.where, status)
		e.Status = status
		return answer{}, e
	case status == http.StatusNotFound && isPage(body):
		e := x.fail(unreadable, "%s answered 404 with a web page%s, not as the API does", x.client.where, quoted(x.client.clean(said.message)))
		e.Status, e.Hint = status, "check the address of the phone system: it is what stands before /ns-api"
		e.sent = false
		return answer{}, e
	}
	e := x.refusal(status, said)
	what := quoted(e.Vendor)
	switch {
	case isPage(body):
		what = " with a web page" + what
	case what == "":
		what = " without a word"
	}
	e.Message = x.client.where + " answered " + strconv.Itoa(status) + what
	return answer{}, e
}

// refusal returns an Error without its message.
func (x *exchange) refusal(status int, said words) *Error {
	e := x.fail(refused, "")
	e.Status, e.Code, e.Vendor = status, said.code, x.client.clean(said.message)
	switch status := e.said(); {
	case status == http.StatusUnauthorized:
		e.Hint = "check the token: it may be mistyped or expired, or belong to another domain"
	case status == http.StatusForbidden:
		e.Hint = "use a token that is permitted to do this; the portal shows the scope of each API key"
	case status == http.StatusNotFound:
		e.Hint = hintNames
	case status == http.StatusTooManyRequests:
		e.Hint = "try again later, and less often"
	case status >= 500:
		e.Hint = "try again later; if it stays so, look in the phone system's log"
	}
	return e
}

func (x *exchange) unknown(status int, said words) *Error {
	e := x.fail(unknownCall, "%s does not know this call%s", x.client.where, quoted(x.client.clean(said.message)))
	e.Status, e.Code, e.Vendor = status, said.code, x.client.clean(said.message)
	e.Hint = "the phone system's version may be too old for it"
	return e
}

// redirect says where an answer points, but only the host: the rest of the URL
// may repeat what we sent.
func (x *exchange) redirect(resp *http.Response) *Error {
	to := "elsewhere"
	if u, err := url.Parse(resp.Header.Get("Location")); err == nil && u.Host != "" {
		to = "to " + x.client.clean(u.Scheme+"://"+u.Host)
	}
	e := x.fail(redirected, "%s answered %d and points %s; redirects are not followed, for the token would go along", x.client.where, resp.StatusCode, to)
	e.Status, e.Hint = resp.StatusCode, "give the address at which the phone system itself answers"
	return e
}

// unreadable returns the Error for a whole answer that is not what it should be.
func (c *Client) unreadable(k *call, status int, body []byte, want string) *Error {
	e := c.failed(k, unreadable, "%s answered %d with %s instead of %s", c.where, status, c.describe(body), want)
	e.Status, e.Hint = status, "check the address of the phone system, and what stands before it"
	return e
}

// describe says what a body is, for people.
func (c *Client) describe(body []byte) string {
	switch {
	case len(body) == 0:
		return "nothing"
	case isPage(body):
		return "a web page" + quoted(c.clean(title(body)))
	case !json.Valid(body) && (body[0] == '{' || body[0] == '['):
		return "JSON that is broken or cut off"
	case !json.Valid(body):
		return "the text" + quoted(c.clean(string(body)))
	case body[0] == '{':
		return "a JSON object"
	case body[0] == '[':
		return "a JSON list"
	}
	return "a single JSON value"
}

// words are what an answer says in the phone system's own terms.
type words struct {
	code    int    // 0: none
	message string // of JSON, the title of a page, or the text itself
}

// vendorWords reads {"code":404,"message":"…"} and variants of it: numbers as
// strings, the error objects of OAuth (RFC 6749, section 5.2), plain text,
// pages. A list has no words.
func vendorWords(body []byte) words {
	if len(body) == 0 || body[0] == '[' {
		return words{}
	}
	if isPage(body) {
		return words{message: title(body)}
	}
	if body[0] != '{' {
		var text string
		if json.Unmarshal(body, &text) != nil {
			text = string(body)
		}
		return words{message: text}
	}
	if !json.Valid(body) {
		return words{}
	}
	var said struct {
		Code        string `json:"code"`
		Message     string `json:"message"`
		Description string `json:"error_description"`
		Error       string `json:"error"`
	}
	// An odd field is left empty, and the others are read.
	_ = json.Unmarshal(asTexts(body), &said)
	code, err := strconv.Atoi(said.Code)
	if err != nil {
		code = 0
	}
	for _, message := range [...]string{said.Message, said.Description, said.Error} {
		if message != "" {
			return words{code, message}
		}
	}
	return words{code: code}
}

// isPage says whether a body is HTML, or XML: nothing that the API sends.
func isPage(body []byte) bool { return len(body) > 0 && body[0] == '<' }

// title returns what the title of a page says, or "".
func title(page []byte) string {
	const maxHead = 4 << 10 // a title stands at the top
	page = page[:min(len(page), maxHead)]
	lower := bytes.ToLower(page)
	_, rest, found := bytes.Cut(lower, []byte("<title>"))
	if !found || len(lower) != len(page) {
		return ""
	}
	text, _, found := bytes.Cut(rest, []byte("</title>"))
	if !found {
		return ""
	}
	at := len(page) - len(rest)
	return html.UnescapeString(string(page[at : at+len(text)]))
}

// quoted returns a text in quotation marks after sep, and nothing for nothing.
func quoted(text string) string {
	if text == "" {
		return ""
	}
	return `: "` + text + `"`
}
