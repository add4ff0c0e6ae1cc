package form_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestJSONIsReadWhateverItIsCalled has JSON as curl -d, fetch with a text and
// others send it: https://github.com/TwilioDevEd/clicktocall-laravel/issues/10.
func TestJSONIsReadWhateverItIsCalled(t *testing.T) {
	const object = `{"id":"x","message":"5 & 6 + 7 = 100%21 ✓"}`
	want := message("5 & 6 + 7 = 100%21 ✓")
	want = strings.ReplaceAll(want, `\u0026`, "&")
	for _, kind := range []string{
		"application/json", "application/json; charset=utf-8", "APPLICATION/JSON", "application/json;", "text/json", "application/vnd.api+json", "application/problem+json; x=y",
		"text/plain", "text/plain;charset=UTF-8", plain, plain + "; charset=UTF-8", "", ";;", "application/octet-stream", "text/html", "application/x-json", "*/*",
	} {
		for name, body := range map[string]string{
			"as it is":  object,
			"a mark":    "\uFEFF" + object,
			"line ends": "\r\n\t " + object + " \r\n",
		} {
			if status, answer := send(t, http.MethodPost, kind, body, secretly, echoMessage); status != 200 || answer != want {
				t.Errorf("%q, %s: %d %s, want %s", kind, name, status, answer, want)
			}
		}
	}
	// A library has taken the object for the name of a field.
	if status, answer := send(t, http.MethodPost, plain, "%7B%22message%22%3A%22a+b%22%7D=", secretly, echoMessage); status != 200 || answer != message("a b") {
		t.Errorf("escaped: %d %s", status, answer)
	}
}

func TestWhatIsNeitherFormNorJSONIsToldSo(t *testing.T) {
	for _, row := range []struct{ kind, body, says string }{
		{"application/json", `{"id": `, "the form cannot be read: the JSON cannot be read: unexpected EOF"},
		{plain, `{"id": "x", "message": "a=b&c"`, "the form cannot be read: the JSON cannot be read: unexpected EOF"},
		{plain, `{'id':'x'}`, "the form cannot be read: the JSON cannot be read: invalid character '\\'' looking for beginning of object key string"},
		{"text/plain", `{"id":"x",}`, "the form cannot be read: the JSON cannot be read: invalid character '}' looking for beginning of object key string"},
		{"", `{"id":"x"} {}`, "the form cannot be read: the JSON cannot be read: something follows the object"},
		{"application/json", `[{"id":"x"}]`, "the form cannot be read: its JSON is no object such as {\"id\":\"…\",\"message\":\"…\"}"},
		{"application/json", `"id=x"`, "the form cannot be read: its JSON is no object such as {\"id\":\"…\",\"message\":\"…\"}"},
		{"application/json", `id=x&message=y`, "the form cannot be read: its Content-Type says JSON, and it is none: send it as application/x-www-form-urlencoded"},
		{"text/plain", "id=x\r\nmessage=y\r\n", "the form cannot be read: a body of type \"text/plain\" cannot be read; send a form or JSON"},
		{"text/csv", "a,b", "the form cannot be read: a body of type \"text/csv\" cannot be read; send a form or JSON"},
	} {
		if status, answer := send(t, http.MethodPost, row.kind, row.body, secretly, echoMessage); status != 400 || answer != `{"message":`+quoted(row.says)+`}` {
			t.Errorf("%s %s: %d %s, want %s", row.kind, row.body, status, answer, row.says)
		}
	}
	// What only begins like JSON is a form.
	if status, answer := send(t, http.MethodPost, plain, "{{contact}}=1&message=x", secretly, echoMessage); status != 200 || answer != message("x") {
		t.Errorf("%d %s", status, answer)
	}
}

func TestValuesOfJSON(t *testing.T) {
	for value, want := range map[string]string{
		`"x"`:                message("x"),
		`null`:               `{}`,
		`""`:                 `{}`,
		`[]`:                 `{}`,
		`["x"]`:              message("x"),
		`[8001]`:             message("8001"),
		`[null]`:             `{}`,
		`"\u0107"`:           message("ć"),
		`"\ud83d\ude00"`:     message("😀"),
		`"a\\ud83d"`:         message(`a\ud83d`),
		`"x","message":"y"`:  message("y"), // the last, as most readers of JSON have it (RFC 8259, 4)
		`"x","message":null`: `{}`,
	} {
		if status, answer := send(t, http.MethodPost, "application/json", `{"message":`+value+`}`, secretly, echoMessage); status != 200 || answer != want {
			t.Errorf("%s: %d %s, want %s", value, status, answer, want)
		}
	}
	for value, says := range map[string]string{
		`true`:             "the field message is true, which is neither a text nor a number",
		`{"en":"x"}`:       "the field message is an object, which is neither a text nor a number",
		`["x","y"]`:        "the field message is a list of 2, which is neither a text nor a number",
		`[["x"]]`:          "the field message is a list, which is neither a text nor a number",
		`"\ud83d"`:         "the field message has half a character, \\ud83d: send it as UTF-8",
		`"x \ude00\ud83d"`: "the field message has half a character, \\ude00: send it as UTF-8",
	} {
		if status, answer := send(t, http.MethodPost, "application/json", `{"message":`+value+`}`, secretly, echoMessage); status != 400 || answer != `{"message":`+quoted(says)+`}` {
			t.Errorf("%s: %d %s, want %s", value, status, answer, says)
		}
	}
}

// TestNumbersOfJSONAreWhole has integers as libraries write them that know
// only floating point: https://github.com/wireservice/csvkit/issues/1143,
// https://github.com/google/gson/issues/968 (1.0389321E7), and as those that
// round: https://github.com/schmittjoh/serializer/issues/405.
func TestNumbersOfJSONAreWhole(t *testing.T) {
	for number, want := range map[string]string{
		"8001": "8001", "8001.0": "8001", "8001.000": "8001", "12125550100.0": "12125550100", "2.125550100E+9": "2125550100", "1.0389321E7": "10389321",
		"1.21255501E10": "12125550100", "8e3": "8000", "8.001e3": "8001", "80010e-1": "8001", "0": "0", "0.0": "0", "5e0": "5", "123456789012345.0": "123456789012345",
		"12345678901234567890": "12345678901234567890",
	} {
		if status, answer := send(t, http.MethodPost, "application/json", `{"message":`+number+`}`, secretly, echoMessage); status != 200 || answer != message(want) {
			t.Errorf("%s: %d %s, want %s", number, status, answer, want)
		}
	}
	for number, says := range map[string]string{
		"8001.5":              "is the number 8001.5, which is not a whole one",
		"0.1":                 "is the number 0.1, which is not a whole one",
		"1e-400":              "is the number 1e-400, which is not a whole one",
		"-8001":               "is the number -8001, which is below zero",
		"-8001.0":             "is the number -8001.0, which is below zero",
		"1e400":               "is the number 1e400, of which digits may be lost: send it as a text",
		"1e999999999":         "is the number 1e999999999, of which digits may be lost: send it as a text",
		"1.21e10":             "is the number 1.21e10, of which digits may be lost: send it as a text",
		"1.21256e+10":         "is the number 1.21256e+10, of which digits may be lost: send it as a text",
		"5.6605316124508e+15": "is the number 5.6605316124508e+15, of which digits may be lost: send it as a text",
		"1234567890123456.0":  "is the number 1234567890123456.0, of which digits may be lost: send it as a text",
	} {
		if status, answer := send(t, http.MethodPost, "application/json", `{"message":`+number+`}`, secretly, echoMessage); status != 400 || answer != `{"message":"the field message `+says+`"}` {
			t.Errorf("%s: %d %s, want %s", number, status, answer, says)
		}
	}
}
