package nstest_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/switchhook/switchhook/netsapiens/nstest"
)

const goodForm = "--x\r\nContent-Disposition: form-data; name=\"destination\"\r\n\r\n12125550123\r\n" +
	"--x\r\nContent-Disposition: form-data; name=\"queue\"\r\n\r\n9002@example.com\r\n" +
	"--x\r\nContent-Disposition: form-data; name=\"uid\"\r\n\r\n9002@example.com\r\n--x--\r\n"

// askLegacy sends a form to the legacy API.
func askLegacy(t *testing.T, system *nstest.System, query, kind, body string) (int, string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/ns-api/"+query, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+nstest.Token)
	r.Header.Set("Content-Type", kind)
	w := httptest.NewRecorder()
	system.ServeHTTP(w, r)
	answer, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Code, string(answer)
}

const (
	create    = "?object=queuedcall&action=create"
	multipart = "multipart/form-data; boundary=x"
)

func withQueue(version string) *nstest.System {
	system := furnished(nstest.Quirks{Version: version})
	system.AddQueue("example.com", "9002")
	return system
}

func TestLegacyFormIsTaken(t *testing.T) {
	system := withQueue("")
	if status, body := askLegacy(t, system, create, multipart, goodForm); status != 202 || body != "" || len(system.QueuedCalls()) != 1 {
		t.Errorf("%d %s, %v, %v", status, body, system.QueuedCalls(), system.Violations())
	}
	other := strings.ReplaceAll(goodForm, "9002", "2000") // a user, no queue
	if status, _ := askLegacy(t, system, create, multipart, other); status != 404 || len(system.QueuedCalls()) != 1 {
		t.Errorf("%d, %v", status, system.QueuedCalls())
	}
}

func TestEachPartOfALegacyFormIsChecked(t *testing.T) {
	part := func(name, value string) string {
		return "--x\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n"
	}
	for what, row := range map[string][3]string{
		"JSON":                       {create, "application/json", `{"destination":"12125550123"}`},
		"a plain form":               {create, "application/x-www-form-urlencoded", "destination=12125550123"},
		"no boundary":                {create, "multipart/form-data", goodForm},
		"another boundary":           {create, "multipart/form-data; boundary=y", goodForm},
		"half a form":                {create, multipart, goodForm[:120]},
		"no end":                     {create, multipart, strings.TrimSuffix(goodForm, "--x--\r\n")},
		"something behind":           {create, multipart, goodForm + "x"},
		"no query":                   {"", multipart, goodForm},
		"another action":             {"?object=queuedcall&action=read", multipart, goodForm},
		"more in the query":          {create + "&format=json", multipart, goodForm},
		"a number with a plus":       {create, multipart, strings.Replace(goodForm, "1212", "+1212", 1)},
		"a queue without its domain": {create, multipart, strings.ReplaceAll(goodForm, "@example.com", "")},
		"a uid of another":           {create, multipart, part("destination", "12125550123") + part("queue", "9002@example.com") + part("uid", "9003@example.com") + "--x--\r\n"},
		"no uid":                     {create, multipart, part("destination", "12125550123") + part("queue", "9002@example.com") + "--x--\r\n"},
		"a field twice":              {create, multipart, part("uid", "9002@example.com") + goodForm},
		"a field too many":           {create, multipart, part("caller", "x") + goodForm},
		"a file":                     {create, multipart, strings.Replace(goodForm, `name="uid"`, `name="uid"; filename="uid"`, 1)},
		"a typed part":               {create, multipart, strings.Replace(goodForm, "name=\"uid\"", "name=\"uid\"\r\nContent-Type: text/plain", 1)},
	} {
		system := withQueue("")
		status, body := askLegacy(t, system, row[0], row[1], row[2])
		if status != 400 || len(system.Violations()) != 1 || len(system.QueuedCalls()) != 0 || len(system.Requests()) != 0 {
			t.Errorf("%s: %d %s, %v", what, status, body, system.QueuedCalls())
		}
	}
}

func TestNewerRouteIsThereFrom45On(t *testing.T) {
	post := asked{method: "POST", path: "/domains/example.com/queuedcall/9002", body: `{"destination":"12125550123"}`}
	read := asked{method: "GET", path: "/domains/example.com/queuedcall/9002"}
	old := withQueue("44.9")
	for _, a := range []asked{post, read} {
		if status, body := ask(t, old, a); status != 404 || body != "No Route Found [92]" {
			t.Errorf("%d %s", status, body)
		}
	}
	system := withQueue("45")
	if status, body := ask(t, system, post); status != 200 || body != "{}" {
		t.Errorf("%d %s", status, body)
	}
	if status, body := ask(t, system, read); status != 200 || !strings.Contains(body, `"destination":"12125550123"`) {
		t.Errorf("%d %s", status, body)
	}
	if n := system.TakeQueuedCalls("12125550123"); n != 1 {
		t.Errorf("%d had their turn", n)
	}
	if status, body := ask(t, system, read); status != 200 || body != "[]" {
		t.Errorf("%d %s", status, body)
	}
	for _, missing := range []string{"/domains/example.com/queuedcall/2000", "/domains/example.org/queuedcall/9002"} {
		a := post
		a.path = missing
		if status, _ := ask(t, system, a); status != 404 {
			t.Errorf("%s: %d", missing, status)
		}
	}
	for _, body := range []string{`{"destination":"+12125550123"}`, `{}`, `{"destination":"12125550123","queue":"9002"}`} {
		a := post
		a.body = body
		if status, _ := ask(t, withQueue("45"), a); status != 400 {
			t.Errorf("%s: %d", body, status)
		}
	}
}
