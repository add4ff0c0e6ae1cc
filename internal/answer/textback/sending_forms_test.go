package textback_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

const allCreated = `{"user":"created","dial_rule":"created","answer_rule":"updated"}`

func wantAnswer(t *testing.T, status int, answer string, wantStatus int, want string) {
	t.Helper()
	if status != wantStatus || answer != want {
		t.Errorf("the answer is\n%d %s, want\n%d %s", status, answer, wantStatus, want)
	}
}

func TestAFormSavesAndProvisions(t *testing.T) {
	s := start(t)
	status, answer := s.post(whole(nil))
	wantAnswer(t, status, answer, 200, allCreated)
	want := entry.Text{User: "2000", SystemUser: "8002", FromNumber: from, Message: "We are open from 9 to 5."}
	if got := s.text("example.org-sms"); got != want {
		t.Errorf("the entry is %+v, want %+v", got, want)
	}
	calls := []nstest.Call{nstest.CreateUser, nstest.CreateDialRule, nstest.UpdateAnswerRule}
	if diff := cmp.Diff(calls, s.system.Calls()); diff != "" {
		t.Errorf("the calls that change something (- want, + got):\n%s", diff)
	}
	wantXML(t, s.get(query("example.org-sms", "+19734321440", "call-1")), success) // at once
}

// TestTheThreeStepsHaveTheFieldsOfTheContract compares everything that the
// phone system is sent.
func TestTheThreeStepsHaveTheFieldsOfTheContract(t *testing.T) {
	s := start(t)
	s.post(whole(nil))
	want := []nstest.Object{
		{
			"user": "8002", "name-first-name": "Web", "name-last-name": "Responder", "email-address": "operations@example.net",
			"user-scope": "Simple User", "service-code": "system-webresponder",
		},
		{
			"synchronous": "yes", "dial-rule-matching-to-uri": "webresponder8002", "dial-rule-matching-from-uri": "*",
			"dial-rule-matching-day-of-week": "*", "dial-rule-matching-start-date": "*", "dial-rule-matching-end-date": "*",
			"dial-rule-matching-start-time": "*", "dial-rule-matching-end-time": "*", "enabled": "yes",
			"dial-rule-application": "To Web", "dial-rule-parameter": "https://hooks.example.net/webresponder?id=example.org-sms",
			"dial-rule-translation-destination-scheme": "[*]", "dial-rule-translation-destination-user": "[*]", "dial-rule-translation-destination-host": "[*]",
			"dial-rule-translation-source-name": "[*]", "dial-rule-translation-source-scheme": "[*]", "dial-rule-translation-source-user": "[*]", "dial-rule-translation-source-host": "[*]",
			"dial-rule-description": "Switchhook text-back: example.org-sms",
		},
		{
			"time-frame": "*", "enabled": "yes", "is-active": true,
			"forward-always": nstest.Object{"enabled": "yes", "parameters": []any{"webresponder8002"}},
		},
	}
	var got []nstest.Object
	var paths []string
	for _, r := range s.system.Requests() {
		if r.Method != http.MethodGet {
			got, paths = append(got, r.Fields), append(paths, r.Method+" "+r.Path)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the fields (- want, + got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{
		"POST /ns-api/v2/domains/example.net/users",
		"POST /ns-api/v2/domains/example.net/dialplans/example.net/dialrules",
		"PUT /ns-api/v2/domains/example.net/users/8002/answerrules/*",
	}, paths); diff != "" {
		t.Errorf("the paths (- want, + got):\n%s", diff)
	}
}

func TestAFormWithoutTheSecretIsRefused(t *testing.T) {
	for _, test := range []struct {
		name, field, header string
		status              int
	}{
		{"in the field", secret, "", 200},
		{"in the header", "", secret, 200},
		{"in the header, another in the field", "wrong", secret, 200},
		{"in the field, another in the header", secret, "wrong", 200},
		{"nowhere", "", "", 403},
		{"wrong", "wrong", "", 403},
		{"wrong in both", "wrong", "wrong", 403},
		{"a part of it", secret[:5], "", 403},
		{"longer", secret + "x", "", 403},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := start(t)
			before := s.file()
			status, answer := s.send("application/x-www-form-urlencoded", whole(url.Values{"secret": {test.field}}).Encode(), http.Header{"X-Update-Secret": {test.header}})
			if status != test.status {
				t.Errorf("the status is %d, want %d", status, test.status)
			}
			if test.status != 403 {
				return
			}
			wantAnswer(t, status, answer, 403, `{"message":"the secret is missing or wrong"}`)
			if s.file() != before || len(s.system.Requests()) > 0 {
				t.Error("something was done")
			}
		})
	}
	t.Run("in the URL, which proxies log", func(t *testing.T) {
		s := start(t)
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodPost, "/update-sms?"+whole(nil).Encode(), strings.NewReader(""))
		s.form.ServeHTTP(w, r)
		if w.Code != 403 {
			t.Errorf("the status is %d", w.Code)
		}
	})
	t.Run("none is set", func(t *testing.T) {
		s := start(t)
		s.form.Secret = ""
		if status, _ := s.post(whole(url.Values{"secret": {""}})); status != 403 {
			t.Errorf("the status is %d", status)
		}
	})
}

func (s *service) file() string {
	s.t.Helper()
	text, err := os.ReadFile(s.path)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}

func TestAnEmptyFieldKeepsWhatIsStored(t *testing.T) {
	s := start(t)
	status, answer := s.post(url.Values{"id": {id}, "secret": {secret}, "message": {"We have moved."}, "user": {""}, "api_domain": {"  "}})
	wantAnswer(t, status, answer, 200, allCreated)
	want := entry.Text{User: "2000", SystemUser: "8001", FromNumber: from, Message: "We have moved."}
	if got := s.text(id); got != want {
		t.Errorf("the entry is %+v, want %+v", got, want)
	}
}

func TestFieldsOfTheOtherFeatureStay(t *testing.T) {
	s := start(t)
	status, _ := s.post(whole(url.Values{"id": {"example.net-sales"}, "queue": {"not ours"}, "unknown": {"x"}}))
	if status != 200 {
		t.Fatalf("the status is %d", status)
	}
	var file map[string]map[string]any
	if err := json.Unmarshal([]byte(s.file()), &file); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"api_domain": domain, "queue": "9002@example.net", "branding": map[string]any{"button_text": "Call Us Now"},
		"user": "2000", "ns_system_user": "8002", "from_number": from, "message": "We are open from 9 to 5.",
	}
	if diff := cmp.Diff(want, file["example.net-sales"]); diff != "" {
		t.Errorf("the entry (- want, + got):\n%s", diff)
	}
}

func TestWhatIsMissingIsListed(t *testing.T) {
	s := start(t)
	before := s.file()
	for want, fields := range map[string]url.Values{
		"missing: id, api_domain, user, ns_system_user, from_number, message": {"secret": {secret}},
		"missing: api_domain, user, ns_system_user, from_number, message":     {"secret": {secret}, "id": {"example.org-sms"}},
		"missing: ns_system_user, message":                                    {"secret": {secret}, "id": {"example.org-sms"}, "api_domain": {domain}, "from_number": {from}},
		"missing: id":                                                         whole(url.Values{"id": {" "}}),
	} {
		status, answer := s.post(fields)
		wantAnswer(t, status, answer, 400, `{"message":"`+want+`"}`)
	}
	if s.file() != before || len(s.system.Requests()) > 0 {
		t.Error("something was done")
	}
}

func TestWhatCannotBeUsedIsNamed(t *testing.T) {
	for want, change := range map[string]url.Values{
		`the id \"a b\" is not 1 to 100 letters, digits, full stops, underscores or hyphens`:                                 {"id": {"a b"}},
		"the field api_domain is not a domain of the phone system":                                                           {"api_domain": {"example.net/users"}},
		"the field user is not a user of the phone system":                                                                   {"user": {"2000@example.net"}},
		"the field ns_system_user is not a user of the phone system":                                                         {"ns_system_user": {"80 01"}},
		"the field from_number is not a telephone number of 7 to 15 digits":                                                  {"from_number": {"2000"}},
		"the field user is not a user of the phone system; the field from_number is not a telephone number: 'n' is no digit": {"user": {"*"}, "from_number": {"none"}},
		"the field from_number is not a telephone number: 'x' is no digit":                                                   {"from_number": {"212 555 0100 x4"}},
		"the field from_number is not a telephone number: 's' is no digit":                                                   {"from_number": {"sip:+12125550100@example.net"}},
		"the field from_number stands for a hidden number":                                                                   {"from_number": {"266696687"}},
		"the field from_number has an extension, which cannot be dialled with it":                                            {"from_number": {"tel:+12125550100;ext=4"}},
	} {
		s := start(t)
		before := s.file()
		status, answer := s.post(whole(change))
		wantAnswer(t, status, answer, 400, `{"message":"`+want+`"}`)
		if s.file() != before || len(s.system.Requests()) > 0 {
			t.Error("something was done")
		}
	}
}

func TestTheUserIsTakenFromTheInventory(t *testing.T) {
	s := start(t)
	status, answer := s.post(whole(url.Values{"user": {""}}))
	wantAnswer(t, status, answer, 200, allCreated)
	if got := s.text("example.org-sms").User; got != "2000" {
		t.Errorf("the user is %q", got)
	}
}

func TestWithoutAnOwnerTheUserIsMissing(t *testing.T) {
	for want, number := range map[string]string{
		"missing: user (the number 1212•••0199 sends texts for no user)":  "12125550199",
		"missing: user (example.net has no number 1212•••0177 for texts)": "12125550177",
	} {
		s := start(t)
		before := s.file()
		status, answer := s.post(whole(url.Values{"user": {""}, "from_number": {number}}))
		wantAnswer(t, status, answer, 400, `{"message":"`+want+`"}`)
		if s.file() != before || len(s.system.Calls()) > 0 {
			t.Error("something was done")
		}
	}
}

func TestAFormIsSavedWhereTheInventoryCannotBeRead(t *testing.T) {
	for name, fault := range map[string]nstest.Fault{
		"down":         nstest.Refuses(503, "Service Unavailable"),
		"not allowed":  nstest.Refuses(403, "Forbidden"),
		"no such call": nstest.NoRoute(),
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			s.system.Break(nstest.ListSMSNumbers, nstest.Always, fault)
			status, answer := s.post(whole(url.Values{"user": {""}}))
			if status != 200 || !strings.HasPrefix(answer, strings.TrimSuffix(allCreated, "}")+`,"from_number":"failed: read the SMS numbers of example.net: `) {
				t.Errorf("the answer is %d %s", status, answer)
			}
			if got := s.text("example.org-sms"); got.User != "" || got.Message == "" {
				t.Errorf("the entry is %+v", got)
			}
			wantXML(t, s.get(query("example.org-sms", "+19734321440", "call-1")), apology)

			s.system.Break(nstest.ListSMSNumbers, 0, fault) // it is well again
			status, answer = s.post(whole(url.Values{"user": {""}}))
			wantAnswer(t, status, answer, 200, `{"user":"exists","dial_rule":"exists","answer_rule":"exists"}`)
			wantXML(t, s.get(query("example.org-sms", "+19734321440", "call-2")), success)
		})
	}
}

func TestANumberOfAnotherUserIsReported(t *testing.T) {
	for name, test := range map[string]struct {
		change url.Values
		want   string
	}{
		"another user's": {url.Values{"user": {"3000"}}, "conflict: the number belongs to user 2000, not to 3000; texts from it will be refused"},
		"nobody's":       {url.Values{"from_number": {"12125550199"}}, "conflict: the number 1212•••0199 sends texts for no user"},
		"not there":      {url.Values{"from_number": {"12125550177"}}, "conflict: example.net has no number 1212•••0177 for texts"},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			status, answer := s.post(whole(test.change))
			wantAnswer(t, status, answer, 200, strings.TrimSuffix(allCreated, "}")+`,"from_number":"`+test.want+`"}`)
			if s.text("example.org-sms").Message == "" { // saved all the same
				t.Error("the entry was not saved")
			}
			if !strings.Contains(s.log.String(), "level=WARN") {
				t.Errorf("the log is\n%s", s.log.String())
			}
		})
	}
}

func TestAFormIsSavedWhateverBecomesOfTheSteps(t *testing.T) {
	s := start(t)
	for _, call := range []nstest.Call{nstest.ReadUser, nstest.CreateUser, nstest.ListDialRules, nstest.CreateDialRule, nstest.ReadAnswerRule, nstest.UpdateAnswerRule} {
		s.system.Break(call, nstest.Always, nstest.Refuses(500, "Out of order"))
	}
	status, answer := s.post(whole(nil))
	var report map[string]string
	if err := json.Unmarshal([]byte(answer), &report); err != nil || status != 200 {
		t.Fatalf("the answer is %d %s", status, answer)
	}
	for _, step := range []string{"user", "dial_rule", "answer_rule"} {
		if !strings.HasPrefix(report[step], "failed: ") {
			t.Errorf("%s is %q", step, report[step])
		}
	}
	if s.text("example.org-sms").Message == "" {
		t.Error("the entry was not saved")
	}
}

func TestAFormIsSavedBeforeThePhoneSystemIsAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := startInBubble(t)
		for _, call := range []nstest.Call{nstest.ListSMSNumbers, nstest.ReadUser, nstest.CreateUser} {
			s.system.Break(call, nstest.Always, nstest.Silent())
		}
		began := time.Now()
		done := make(chan struct{})
		go func() {
			defer close(done)
			if status, answer := s.post(whole(nil)); status != 200 || strings.Count(answer, "failed: ") != 4 {
				t.Errorf("the answer is %d %s", status, answer)
			}
		}()
		time.Sleep(time.Second)
		if s.text("example.org-sms").Message == "" {
			t.Error("the entry is not saved yet")
		}
		<-done
		if took := time.Since(began); took != 25*time.Second { // form services have no more patience
			t.Errorf("the form is answered after %v", took)
		}
	})
}

func TestAFormServiceThatHangsUpIsServed(t *testing.T) {
	s := start(t)
	ctx, cancel := context.WithCancel(t.Context())
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/update-sms", strings.NewReader(whole(nil).Encode()))
	cancel()
	s.form.ServeHTTP(httptest.NewRecorder(), r)
	if s.text("example.org-sms").Message == "" || len(s.system.Calls()) != 3 {
		t.Errorf("the calls are %v", s.system.Calls())
	}
}

func TestABrokenFileIsNotWrittenOver(t *testing.T) {
	s := start(t)
	const half = `{"example.net-sms": {`
	if err := os.WriteFile(s.path, []byte(half), 0o600); err != nil {
		t.Fatal(err)
	}
	status, answer := s.post(whole(nil))
	if status != 503 || !strings.Contains(answer, "nothing was saved: ") || !strings.Contains(answer, " is broken: line 1: it ends too early") {
		t.Errorf("the answer is %d %s", status, answer)
	}
	if s.file() != half || len(s.system.Calls()) > 0 {
		t.Error("something was done")
	}
}

func TestFormsComeInSeveralWays(t *testing.T) {
	const text = "Café, 9–5; 100% & more: “hello”\nÖffnungszeiten + 2"
	fields := whole(url.Values{"message": {text}})
	object := map[string]string{}
	for name, values := range fields {
		object[name] = values[0]
	}
	asJSON, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	var parts bytes.Buffer
	form := multipart.NewWriter(&parts)
	for name, values := range fields {
		if err := form.WriteField(name, values[0]); err != nil {
			t.Fatal(err)
		}
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	const latinText = "Caf\xE9, 9\x965; 100% & more: \x93hello\x94\n\xD6ffnungszeiten + 2"
	latin := whole(url.Values{"message": {latinText}})
	for name, test := range map[string]struct{ contentType, body string }{
		"URL-encoded":                   {"application/x-www-form-urlencoded", fields.Encode()},
		"with a charset":                {"application/x-www-form-urlencoded;charset=UTF-8", fields.Encode()},
		"without a type":                {"", fields.Encode()},
		"a type that is none":           {";;", fields.Encode()},
		"line break at the end":         {"application/x-www-form-urlencoded", fields.Encode() + "\r\n"},
		"Latin-1":                       {"application/x-www-form-urlencoded; charset=ISO-8859-1", latin.Encode()},
		"Latin-1 that does not say so":  {"application/x-www-form-urlencoded", latin.Encode()},
		"multipart":                     {form.FormDataContentType(), parts.String()},
		"multipart in Latin-1":          {form.FormDataContentType(), strings.ReplaceAll(parts.String(), text, latinText)},
		"JSON":                          {"application/json", string(asJSON)},
		"JSON with a byte order mark":   {"application/json; charset=utf-8", "\uFEFF" + string(asJSON)},
		"JSON with numbers":             {"application/json", strings.ReplaceAll(string(asJSON), `"2000"`, `2000`)},
		"JSON in Latin-1":               {"application/json", strings.ReplaceAll(string(asJSON), "Café, 9–5; 100% \\u0026 more: “hello”\\nÖ", "Caf\xE9, 9\x965; 100% & more: \x93hello\x94\\n\xD6")},
		"stray spaces":                  {"application/x-www-form-urlencoded", strings.ReplaceAll(fields.Encode(), "=", "=+%0D%0A")},
		"line ends of browsers":         {"application/x-www-form-urlencoded", strings.ReplaceAll(fields.Encode(), "%0A", "%0D%0A")},
		"a vertical tab of a word file": {"application/x-www-form-urlencoded", strings.ReplaceAll(fields.Encode(), "%0A", "%0B")},
		"characters that nobody meant":  {"application/x-www-form-urlencoded", strings.ReplaceAll(fields.Encode(), "%0A", "%00%0A%07")},
		"a field twice, empty first":    {"application/x-www-form-urlencoded", "message=&" + fields.Encode() + "&message=other"},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			status, answer := s.send(test.contentType, test.body, nil)
			wantAnswer(t, status, answer, 200, allCreated)
			want := entry.Text{User: "2000", SystemUser: "8002", FromNumber: from, Message: text}
			if diff := cmp.Diff(want, s.text("example.org-sms")); diff != "" {
				t.Errorf("the entry (- want, + got):\n%s", diff)
			}
		})
	}
}

func TestAFormWrittenByHandIsTakenAsItStands(t *testing.T) {
	s := start(t)
	body := "id=example.org-sms&secret=" + secret + "&api_domain=example.net&ns_system_user=8002&from_number=12125550100&message=Open 9-5; 10% off = good"
	status, answer := s.send("application/x-www-form-urlencoded", body, nil) // curl -d "…"
	wantAnswer(t, status, answer, 200, allCreated)
	if got := s.text("example.org-sms").Message; got != "Open 9-5; 10% off = good" {
		t.Errorf("the message is %q", got)
	}
}

func TestFormsThatCannotBeReadAreToldSo(t *testing.T) {
	for name, test := range map[string]struct{ contentType, body, want string }{
		"another type": {"text/csv", "a,b", `a body of type \"text/csv\" cannot be read; send a form or JSON`},
		"broken JSON":  {"application/json", `{"id": `, "the JSON cannot be read: unexpected EOF"},
		"no boundary":  {"multipart/form-data", "--x", "the multipart form cannot be read: its Content-Type names no boundary"},
	} {
		t.Run(name, func(t *testing.T) {
			status, answer := start(t).send(test.contentType, test.body, http.Header{"X-Update-Secret": {secret}})
			wantAnswer(t, status, answer, 400, `{"message":"the form cannot be read: `+test.want+`"}`)
		})
	}
}

func TestAFormOfAGigabyteIsNotRead(t *testing.T) {
	s := start(t)
	body := &zeros{}
	r := httptest.NewRequest(http.MethodPost, "/update-sms", body)
	r.ContentLength = 1 << 30
	w := httptest.NewRecorder()
	s.form.ServeHTTP(w, r)
	wantAnswer(t, w.Code, strings.TrimSpace(w.Body.String()), 413, `{"message":"the form has more than 65536 bytes"}`)
	if body.read > 1<<20 {
		t.Errorf("%d bytes were read", body.read)
	}
}

func TestAFormIsPosted(t *testing.T) {
	s := start(t)
	for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodHead} {
		w := httptest.NewRecorder()
		s.form.ServeHTTP(w, httptest.NewRequest(method, "/update-sms?"+whole(nil).Encode(), nil))
		if w.Code != 405 || w.Header().Get("Allow") != http.MethodPost {
			t.Errorf("%s is answered with %d and Allow %q", method, w.Code, w.Header().Get("Allow"))
		}
	}
}

func TestAFormMayBeSentAgain(t *testing.T) {
	s := start(t)
	s.post(whole(nil))
	before := len(s.system.Calls())
	for range 2 {
		status, answer := s.post(whole(nil))
		wantAnswer(t, status, answer, 200, `{"user":"exists","dial_rule":"exists","answer_rule":"exists"}`)
	}
	if n := len(s.system.Calls()); n != before {
		t.Errorf("%d calls changed something", n-before)
	}
}

func TestFormsAtTheSameTimeLoseNothing(t *testing.T) {
	s := start(t)
	var posts sync.WaitGroup
	const forms = 12
	for i := range forms {
		posts.Go(func() {
			status, answer := s.post(whole(url.Values{"id": {fmt.Sprintf("customer-%d", i)}, "ns_system_user": {fmt.Sprint(8100 + i)}}))
			wantAnswer(t, status, answer, 200, allCreated)
		})
	}
	posts.Wait()
	if n := len(s.entries.All()); n != forms+2 {
		t.Errorf("there are %d entries", n)
	}
}
