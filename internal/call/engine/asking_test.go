package engine_test

import (
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/responder"
)

func TestRequestTellsTheCall(t *testing.T) {
	responds := &noting{Handler: responds{"/start": `<Hangup/>`}}
	against(t, responds).placeCall(newHandset(), engine.Call{
		URL: at("http://responder.example/start?id=example.net-sms"),
		Facts: responder.Request{
			Caller: "+19734321440", Called: "2125551212", AccountUser: "8000", AccountDomain: "a.example", AccountLastDial: "*98",
			ToUser: "webresponder8001", ToDomain: "b.example", OrigCallID: "20 25&x=y", TermCallID: "é",
			Digits: "1", Speech: "no", // of another question
		},
	})
	want := []string{"GET http://responder.example/start?id=example.net-sms&NmsAni=%2B19734321440&NmsDnis=2125551212" +
		"&AccountUser=8000&AccountDomain=a.example&AccountLastDial=%2A98&OrigCallID=20+25%26x%3Dy&TermCallID=%C3%A9" +
		"&ToUser=webresponder8001&ToDomain=b.example"}
	if diff := cmp.Diff(want, responds.notes); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

func TestRequestEscapesTheRulesOwnQuery(t *testing.T) {
	responds := &noting{Handler: responds{"/start": `<Hangup/>`}}
	rule := at("http://responder.example/start?name=J Smith&x=é%20")
	against(t, responds).placeCall(newHandset(), engine.Call{URL: rule})
	want := []string{"GET http://responder.example/start?name=J%20Smith&x=%C3%A9%20&NmsAni=1001"}
	if diff := cmp.Diff(want, responds.notes); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	if rule.RawQuery != "name=J Smith&x=é%20" {
		t.Errorf("the rule was changed: %q", rule.RawQuery)
	}
}

func TestRequestTellsOfAnAnonymousCaller(t *testing.T) {
	for _, c := range []struct{ caller, query string }{{"", "NmsAni="}, {"anonymous", "NmsAni=anonymous"}} {
		responds := &noting{Handler: responds{"/start": `<Hangup/>`}}
		calls := against(t, responds)
		calls.engine.Run(t.Context(), newHandset(), engine.Call{URL: at(start), Facts: responder.Request{Caller: c.caller}}, func(trace.Stamped) {})
		if diff := cmp.Diff([]string{"GET http://responder.example/start?" + c.query}, responds.notes); diff != "" {
			t.Errorf("asked (-want +got):\n%s", diff)
		}
	}
}

// menu asks for digits, once more with another method, and once more with none.
var menu = responds{
	"/start":  `<Gather action="again?case=zip" method="post" timeout="1"/>`,
	"/again":  `<Gather action="thanks" timeout="1"/>`,
	"/thanks": `<Hangup/>`,
}

func TestParametersStandWhereTheMethodWantsThem(t *testing.T) {
	const facts, one, two = "NmsAni=1001", "NmsAni=1001&Digits=1", "NmsAni=1001&Digits=2"
	const host = "http://responder.example"
	for _, c := range []struct {
		name   string
		method string
		place  engine.Placement
		want   []string
	}{
		{"GET by default", "", 0, []string{
			"GET " + host + "/start?" + facts,
			"POST " + host + "/again?case=zip&" + one + " " + one,
			"GET " + host + "/thanks?" + two,
		}},
		{"POST in body and query", "POST", engine.BodyAndQuery, []string{
			"POST " + host + "/start?" + facts + " " + facts,
			"POST " + host + "/again?case=zip&" + one + " " + one,
			"POST " + host + "/thanks?" + two + " " + two,
		}},
		{"POST in the body", "POST", engine.BodyOnly, []string{
			"POST " + host + "/start " + facts,
			"POST " + host + "/again?case=zip " + one,
			"POST " + host + "/thanks " + two,
		}},
		{"POST in the query", "POST", engine.QueryOnly, []string{
			"POST " + host + "/start?" + facts,
			"POST " + host + "/again?case=zip&" + one,
			"POST " + host + "/thanks?" + two,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			responder := &noting{Handler: menu}
			line := newHandset(append(keys("1#", 0, 0), keys("2#", 1, 0)...)...)
			over(t, &network{handler: responder}, engine.Config{PostParameters: c.place}).
				placeCall(line, engine.Call{Method: c.method})
			if diff := cmp.Diff(c.want, responder.notes); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
			for _, r := range responder.asked {
				if r.Method == http.MethodPost && r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
					t.Errorf("a POST has Content-Type %q", r.Header.Get("Content-Type"))
				}
				if _, given := r.Header["Accept-Encoding"]; !given || r.Header.Get("Accept") == "" {
					t.Errorf("headers %v", r.Header)
				}
			}
		})
	}
}

func TestInputIsToldOnceAndOnlyWhereItWasAskedFor(t *testing.T) {
	responder := &noting{Handler: responds{
		"/start": `<Gather input="speech" action="keys" timeout="1"/>`,
		"/keys":  `<Gather input="dtmf,speech" action="both" numDigits="1"/>`,
		"/both":  `<Say action="say">Thanks.</Say>`,
		"/say":   `<Hangup/>`,
	}}
	does := append(words("a table & two chairs", 0, 1), keys("9", 2, 0)...)
	against(t, responder).place(newHandset(does...))
	const base = "GET http://responder.example"
	want := []string{
		base + "/start?NmsAni=1001",
		base + "/keys?NmsAni=1001&Digits=&SpeechResult=a+table+%26+two+chairs",
		base + "/both?NmsAni=1001&Digits=9&SpeechResult=",
		base + "/say?NmsAni=1001",
	}
	if diff := cmp.Diff(want, responder.notes); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

func TestCookiesAreKeptForOneCall(t *testing.T) {
	counter := &noting{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		steps := 0
		if cookie, err := r.Cookie("step"); err == nil {
			steps = len(cookie.Value)
		}
		http.SetCookie(w, &http.Cookie{Name: "step", Value: "xxx"[:steps+1], Path: "/"})
		documents := []string{
			`<Gather action="2" timeout="0"/>`,
			`<Response action="http://other.example/3"><Say>Two.</Say></Response>`,
			`<Say>Too many.</Say>`,
		}
		if r.Host == "other.example" {
			_, _ = io.WriteString(w, `<Forward>http://responder.example/4</Forward>`)
			return
		}
		_, _ = io.WriteString(w, documents[steps])
	})}
	calls := against(t, counter)
	for range 2 {
		counter.asked, counter.notes = nil, nil
		line := newHandset()
		calls.place(line)
		if line.said() != "Two. | Too many." {
			t.Errorf("heard %q", line.said())
		}
		var cookies []string
		for _, r := range counter.asked {
			cookies = append(cookies, r.Host+r.URL.Path+" "+r.Header.Get("Cookie"))
		}
		want := []string{"responder.example/start ", "responder.example/2 step=x", "other.example/3 ", "responder.example/4 step=xx"}
		if diff := cmp.Diff(want, cookies); diff != "" {
			t.Errorf("cookies (-want +got):\n%s", diff)
		}
	}
}

func TestContentTypeOfAnAnswerSaysNothing(t *testing.T) {
	for _, kind := range []string{"text/xml", "application/xml", "text/html", "text/html; charset=utf-8", "image/png", "nonsense"} {
		line := newHandset()
		_, events := against(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			_, _ = io.WriteString(w, "\n <Say>Hello.</Say>")
		})).place(line)
		if line.said() != "Hello." {
			t.Errorf("%s: %q", kind, story(events))
		}
		if exchange := of[trace.Request](events)[0].Exchange; exchange.ContentType != kind || string(exchange.Body) != "\n <Say>Hello.</Say>" {
			t.Errorf("exchange %+v", exchange)
		}
	}
}

func TestEventsOfRequestsHaveStatusAndTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, events := against(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(1234 * time.Millisecond) // by the bubble's clock
			if r.URL.Path == "/start" {
				_, _ = io.WriteString(w, `<Response action="/next"/>`)
				return
			}
			w.WriteHeader(http.StatusTeapot)
		})).place(newHandset())
		requests := of[trace.Request](events)
		for i := range requests {
			requests[i].Exchange = nil
		}
		want := []trace.Request{
			{Method: "GET", URL: start, Status: 200, Ms: 1234},
			{Method: "GET", URL: "http://responder.example/next", Status: 418, Ms: 1234, Error: "it answered 418 I'm a teapot", Code: "SH303"},
		}
		if diff := cmp.Diff(want, requests); diff != "" {
			t.Errorf("requests (-want +got):\n%s", diff)
		}
	})
}

func TestEventsOfRequestsHoldNeitherNumbersNorPasswords(t *testing.T) {
	_, events := against(t, menu).placeCall(newHandset(), engine.Call{
		URL: at("http://user:password@responder.example/start?id=7"), Facts: responder.Request{Caller: "+19734321440"},
	})
	request := of[trace.Request](events)[0]
	if request.URL != "http://<secret>@responder.example/start?id=7" {
		t.Errorf("url %q", request.URL)
	}
}

func TestAskGivesTheAnswerUnread(t *testing.T) {
	responder := &noting{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "no", http.StatusTeapot)
	})}
	response, err := against(t, responder).engine.Ask(t.Context(), engine.Call{URL: at(start), Facts: facts})
	if err != nil || response.Status != http.StatusTeapot || string(response.Body) != "no\n" {
		t.Errorf("%+v, %v", response, err)
	}
	if diff := cmp.Diff([]string{"GET http://responder.example/start?NmsAni=1001"}, responder.notes); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}
