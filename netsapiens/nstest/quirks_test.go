package nstest_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/netsapiens/nstest"
)

func TestAnswersToWhatIsThereAndWhatIsNot(t *testing.T) {
	system := furnished(nstest.Quirks{NoAnswerRules: true})
	user, rule := writes[nstest.CreateUser].asked, writes[nstest.CreateDialRule].asked
	put, post := writes[nstest.UpdateAnswerRule].asked, writes[nstest.CreateAnswerRule].asked
	text := writes[nstest.SendMessage].asked
	foreign, free, nobody, nowhere := text, text, text, text
	foreign.body = strings.Replace(text.body, "19294873999", "19990000000", 1)
	free.body = strings.Replace(text.body, "19294873999", "19294874000", 1)
	nobody.path = strings.Replace(text.path, "2000", "2001", 1)
	nowhere.path = strings.Replace(text.path, "example.com", "example.org", 1)
	const accepted = `{"code":202,"message":"Accepted"}`
	for _, row := range []struct {
		asked
		status int
		body   string // a part of it
	}{
		{user, 202, accepted},
		{user, 409, `{"code":409,"message":"UID already exists."}`},
		{rule, 200, `"dialrule":"d2Vi`},
		{rule, 409, `{"code":409,"message":"Dial rule already exists."}`},
		{put, 404, `{"code":404,"message":"Answer rule does not exist."}`},
		{post, 200, `"time-frame":"Holiday"`},
		{post, 409, `already exists`},
		{foreign, 403, `does not belong`},
		{free, 403, `does not belong`},
		{nobody, 404, `User does not exist.`},
		{nowhere, 404, `Domain does not exist.`},
		{asked{method: "GET", path: "/domains/example.com/dialplans/other/dialrules"}, 404, `Dial plan does not exist.`},
		{asked{method: "DELETE", path: "/domains/example.com/dialplans/example.com/dialrules/x"}, 404, `Dial rule does not exist.`},
		{asked{method: "DELETE", path: "/domains/example.com/users/2000"}, 202, accepted},
		{asked{method: "GET", path: "/domains/example.com/users/2000"}, 404, `User does not exist.`},
		{asked{method: "GET", path: "/domains/example.com/users/2000/answerrules/Holiday"}, 404, `User does not exist.`},
	} {
		if status, body := ask(t, system, row.asked); status != row.status || !strings.Contains(body, row.body) {
			t.Errorf("%s %s: %d %s, want %d %s", row.method, row.path, status, body, row.status, row.body)
		}
	}
	if bad := system.Violations(); len(bad) != 0 {
		t.Errorf("violations %v", bad)
	}
	if got := system.Calls(); len(got) != 13 || got[0] != nstest.CreateUser {
		t.Errorf("calls %v", got)
	}
}

func TestListsArePaged(t *testing.T) {
	for _, row := range []struct {
		quirks      nstest.Quirks
		query       string
		first, last int
	}{
		{nstest.Quirks{}, "", 0, 99},
		{nstest.Quirks{}, "?start=200", 200, 249},
		{nstest.Quirks{}, "?limit=10&start=20", 20, 29},
		{nstest.Quirks{IgnoresLimit: true}, "?limit=10&start=20", 20, 249},
		{nstest.Quirks{IgnoresStart: true}, "?limit=10&start=20", 0, 9},
		{nstest.Quirks{}, "?start=250", 0, -1},
	} {
		system := nstest.New(row.quirks)
		system.AddDomain("example.com")
		for i := range 250 {
			system.AddSMSNumber("example.com", fmt.Sprintf("N%03d", i), "")
		}
		_, body := ask(t, system, asked{method: "GET", path: "/domains/example.com/smsnumbers" + row.query})
		n := strings.Count(body, `"number"`)
		if n != row.last-row.first+1 || n > 0 && (!strings.Contains(body, fmt.Sprintf("N%03d", row.first)) || !strings.Contains(body, fmt.Sprintf("N%03d", row.last))) || n == 0 && body != "[]" {
			t.Errorf("%+v %s: %d items, %.80s", row.quirks, row.query, n, body)
		}
	}
}

func TestQuirksOfBodies(t *testing.T) {
	if status, body := ask(t, furnished(nstest.Quirks{EmptyBodies: true}), writes[nstest.CreateDialRule].asked); status != 202 || body != "" {
		t.Errorf("a synchronous write: %d %s", status, body)
	}
	if _, body := ask(t, furnished(nstest.Quirks{DigitsAsNumber: true}), reads[nstest.ListSMSNumbers]); !strings.Contains(body, `"dest":2000`) || !strings.Contains(body, `"number":19294873999`) {
		t.Errorf("digits: %s", body)
	}
	if _, body := ask(t, furnished(nstest.Quirks{Version: "Version: 41.1.0"}), reads[nstest.ReadVersion]); !strings.Contains(body, `"apiversion":"Version: 41.1.0"`) {
		t.Errorf("version: %s", body)
	}
}

// TestFaultsThatAnswer has the faults that end with an answer.
func TestFaultsThatAnswer(t *testing.T) {
	text := writes[nstest.SendMessage].asked
	for name, row := range map[string]struct {
		fault  nstest.Fault
		status int
		body   string
		sent   int
	}{
		"says":     {nstest.Says(200, "nonsense"), 200, "nonsense", 0},
		"refuses":  {nstest.Refuses(503, "Busy"), 503, `{"code":503,"message":"Busy"}`, 0},
		"page":     {nstest.Page(502, "Bad Gateway"), 502, "<title>Bad Gateway</title>", 0},
		"no route": {nstest.NoRoute(), 404, "No Route Found [92]", 0},
		"redirect": {nstest.Redirects(307, "https://example.net/"), 307, "", 0},
		"slow":     {nstest.Slow(time.Nanosecond), 202, "Accepted", 1},
		"after":    {nstest.Refuses(504, "Gateway").AfterDoing(), 504, "Gateway", 1},
	} {
		t.Run(name, func(t *testing.T) {
			system := furnished(nstest.Quirks{})
			system.Break(nstest.SendMessage, 1, row.fault)
			status, body := ask(t, system, text)
			if status != row.status || !strings.Contains(body, row.body) || len(system.Messages()) != row.sent {
				t.Errorf("%d %s, %d sent", status, body, len(system.Messages()))
			}
			kept := system.Requests()
			if len(kept) != 1 || kept[0].Status != 0 || kept[0].Done != (row.sent == 1) {
				t.Errorf("kept %+v", kept)
			}
			if status, _ := ask(t, system, text); status != 202 || len(system.Messages()) != row.sent+1 {
				t.Errorf("after the fault: %d", status)
			}
		})
	}
}

// TestFaultsThatDoNotAnswer has the faults that break the connection.
func TestFaultsThatDoNotAnswer(t *testing.T) {
	for name, row := range map[string]struct {
		fault nstest.Fault
		want  int // the status that is seen before the end
	}{
		"hangs up": {nstest.HangsUp(), 0},
		"half":     {nstest.Half(), 202},
	} {
		t.Run(name, func(t *testing.T) {
			system := nstest.Start(t, nstest.Quirks{})
			system.Break(nstest.ReadVersion, nstest.Always, row.fault)
			status, err := get(t, system.URL)
			if err == nil || status != row.want {
				t.Errorf("%d, %v", status, err)
			}
		})
	}
}

// get asks for the version over the network.
func get(t *testing.T, url string) (int, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/ns-api/v2/version", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+nstest.Token)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	_, err = io.ReadAll(resp.Body)
	return resp.StatusCode, err
}

func TestSilenceEndsWithTheSystem(t *testing.T) {
	system := furnished(nstest.Quirks{})
	system.Break(nstest.SendMessage, 1, nstest.Silent().AfterDoing())
	done := make(chan any)
	go func() {
		defer func() { done <- recover() }()
		ask(t, system, writes[nstest.SendMessage].asked)
	}()
	system.Close()
	if p := <-done; p != http.ErrAbortHandler {
		t.Errorf("ended with %v", p)
	}
	if diff := cmp.Diff(1, len(system.Messages())); diff != "" {
		t.Errorf("texts (-want +got):\n%s", diff)
	}
}

// TestSomeRequestsFail has a phone system that refuses every other text.
func TestSomeRequestsFail(t *testing.T) {
	system := furnished(nstest.Quirks{})
	text := writes[nstest.SendMessage].asked
	asked := 0
	system.BreakSome(nstest.SendMessage, func(r nstest.Request) (nstest.Fault, bool) {
		if r.Call != nstest.SendMessage || r.Fields["destination"] == nil {
			t.Errorf("asked about %+v", r)
		}
		asked++
		return nstest.Refuses(503, "Busy"), asked%2 == 0
	})
	for _, want := range []int{202, 503, 202, 503} {
		if status, _ := ask(t, system, text); status != want {
			t.Errorf("%d, want %d", status, want)
		}
	}
	system.BreakSome(nstest.SendMessage, nil)
	if status, _ := ask(t, system, text); status != 202 || asked != 4 || len(system.Messages()) != 3 {
		t.Errorf("mended: %d, after %d choices, %d texts", status, asked, len(system.Messages()))
	}
}
