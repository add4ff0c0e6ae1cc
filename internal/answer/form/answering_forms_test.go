package form_test

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/form"
	"github.com/switchhook/switchhook/internal/fault"
)

const secret = "correct-horse-battery-staple"

// send sends a form to a Handler that gives back what it got.
func send(t testing.TB, method, kind, body string, header http.Header, save func(context.Context, map[string]string) (any, error)) (int, string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, "/form?secret="+secret, strings.NewReader(body))
	r.Header.Set("Content-Type", kind)
	maps.Copy(r.Header, header)
	w := httptest.NewRecorder()
	h := form.Handler{Secret: secret, Timeout: time.Minute, Save: save}
	h.ServeHTTP(w, r)
	return w.Code, strings.TrimSuffix(w.Body.String(), "\n")
}

func echo(_ context.Context, fields map[string]string) (any, error) {
	fields = maps.Clone(fields)
	delete(fields, "secret")
	return fields, nil
}

// echoMessage gives back a form's message alone.
func echoMessage(_ context.Context, fields map[string]string) (any, error) {
	answer := map[string]string{}
	if text, ok := fields["message"]; ok {
		answer["message"] = text
	}
	return answer, nil
}

// secretly has a form's secret in its header.
var secretly = http.Header{form.HeaderSecret: {secret}}

const (
	plain     = "application/x-www-form-urlencoded"
	multipart = "multipart/form-data; boundary=x"
)

func TestFormsAreReadAsServicesSendThem(t *testing.T) {
	part := func(name, value string) string {
		return "--x\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n"
	}
	for kind, body := range map[string]string{
		plain:              "secret=" + secret + "&id=+caf%C3%A9+&id=other&empty=",
		multipart:          part("secret", secret) + part("id", "caf\xe9 ") + "--x--\r\n", // Windows-1252
		"application/json": `{"secret":"` + secret + `","id":"café"}`,
	} {
		if status, answer := send(t, http.MethodPost, kind, body, nil, echo); status != 200 || answer != `{"id":"café"}` {
			t.Errorf("%s: %d %s", kind, status, answer)
		}
	}
	if status, answer := send(t, http.MethodPost, plain, "id=x", http.Header{form.HeaderSecret: {secret}}, echo); status != 200 || answer != `{"id":"x"}` {
		t.Errorf("%d %s", status, answer)
	}
}

func TestFormsOfStrangersAreRefused(t *testing.T) {
	saved := func(context.Context, map[string]string) (any, error) {
		t.Error("it was saved")
		return nil, nil
	}
	for _, row := range []struct {
		method, body string
		status       int
		says         string
	}{
		{http.MethodPost, "id=x", 403, "the secret is missing or wrong"}, // the one in the URL does not count
		{http.MethodPost, "id=x&secret=" + secret[1:], 403, "the secret is missing or wrong"},
		{http.MethodGet, "", 405, "a form is sent with POST"},
		{http.MethodPost, "id=" + strings.Repeat("x", 64<<10), 413, "the form has more than 65536 bytes"},
	} {
		if status, answer := send(t, row.method, plain, row.body, nil, saved); status != row.status || answer != `{"message":"`+row.says+`"}` {
			t.Errorf("%d %s, want %d %s", status, answer, row.status, row.says)
		}
	}
	w := httptest.NewRecorder()
	(&form.Handler{Timeout: time.Minute, Save: saved}).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/form", strings.NewReader("secret=")))
	if w.Code != 403 {
		t.Errorf("without a secret of ours: %d", w.Code)
	}
}

func TestErrorsAreToldByTheirKind(t *testing.T) {
	for _, row := range []struct {
		err    error
		status int
		says   string
	}{
		{fault.Newf(fault.Invalid, "missing: id"), 400, "missing: id"},
		{fault.Newf(fault.Unavailable, "nothing was saved"), 503, "nothing was saved"},
		{errors.New("password=x"), 500, "something went wrong on our side"},
	} {
		save := func(context.Context, map[string]string) (any, error) { return nil, row.err }
		status, answer := send(t, http.MethodPost, plain, "secret="+secret, nil, save)
		if status != row.status || answer != `{"message":"`+row.says+`"}` {
			t.Errorf("%d %s, want %d %s", status, answer, row.status, row.says)
		}
	}
}

func TestEachFieldIsChecked(t *testing.T) {
	known := []form.Field{{Name: "api_domain", Check: form.Domain}, {Name: "user", Check: form.User}}
	given, err := form.Check(known, map[string]string{"api_domain": "example.net", "user": "", "other": "x"})
	if diff := cmp.Diff(map[string]string{"api_domain": "example.net"}, given); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	_, err = form.Check(known, map[string]string{"api_domain": "example/net", "user": "20 00"})
	const want = "the field api_domain is not a domain of the phone system; the field user is not a user of the phone system"
	if fault.CodeOf(err) != fault.Invalid || err.Error() != want {
		t.Errorf("%v", err)
	}
}

// FuzzRead reads whatever is sent.
func FuzzRead(f *testing.F) {
	f.Add(plain, "secret=x&id=%zz")
	f.Add(multipart, "--x\r\nContent-Disposition: form-data; name=\"id\"\r\n\r\nx\r\n--x--\r\n")
	f.Add("application/json", `{"id":{"a":[1,null]}}`)
	f.Add("", "\xff\xfe")
	f.Add(plain+"; charset=utf-16", "%00i%00d=%D8%3D&_charset_=sjis")
	f.Add("text/plain", `{"id":["\ud83d"],"id":8001.0,"x":-1e400}`)
	f.Fuzz(func(t *testing.T, kind, body string) {
		status, answer := send(t, http.MethodPost, kind, body, http.Header{form.HeaderSecret: {secret}}, echo)
		if status != 200 && status != 400 && status != 413 || !strings.HasPrefix(answer, "{") {
			t.Errorf("%d %s", status, answer)
		}
	})
}
