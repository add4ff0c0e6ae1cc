package oncall_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/oncall"
	"github.com/switchhook/switchhook/internal/fault/why"
)

const (
	from = "&callerid=%2B31655555555&did=%2B31201111111"
	did  = "+31201111111"
)

// ladder has two people at level 1 and one at level 2.
func ladder(change ...func(*oncall.Route)) (*station, []func(*oncall.Route)) {
	ordered := func(r *oncall.Route) { r.Rules.Policy = oncall.Ordered }
	return answering(person("Ann", 1, annCell), person("Ben", 1, benCell), person("Cleo", 2, cleoTel)), append([]func(*oncall.Route){ordered}, change...)
}

func TestDialPlanEscalates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, change := ladder()
		o := one(t, s, change...)
		defer o.run()()
		o.wants(o.ask(from), ack(annCell))
		o.wants(o.ask(from+"&attempt=1"), ack(annCell))
		o.wants(o.ask(from+"&attempt=2"), ack(cleoTel))
		o.wants(o.ask(from+"&attempt=3"), ack(cleoTel))
		for _, attempt := range []string{"0", "-1", "x", "1000000", "{attempt}"} {
			o.wants(o.ask(from+"&attempt="+attempt), ack(annCell))
		}
	})
}

func TestRepeatedCallIsTheNextAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, change := ladder(func(r *oncall.Route) { r.RepeatWithin, r.Rules.CallingCode = 5*time.Minute, "31" })
		o := one(t, s, change...)
		defer o.run()()
		o.wants(o.ask(from), ack(annCell))
		time.Sleep(time.Minute)
		o.wants(o.ask("&callerid=%2B31644444444"), ack(annCell)) // somebody else
		o.wants(o.ask("&callerid=0655555555"), ack(cleoTel))     // the same number, written otherwise
		if steps := strings.Join(why.Sentences(o.dispatcher.Recent(1)[0].Steps), " "); !strings.Contains(steps, "attempt 2: this caller was not helped, and calls again within 5m") {
			t.Errorf("steps: %s", steps)
		}
		time.Sleep(5*time.Minute + time.Second)
		o.wants(o.ask(from), ack(annCell))
		o.wants(o.ask("&callerid=anonymous"), ack(annCell))
		o.wants(o.ask("&callerid=anonymous"), ack(annCell)) // a caller with a hidden number cannot be recognised
	})
}

// A fallback is no level: once the source is back, the caller begins with it.
func TestFallbackIsNoAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, change := ladder(withFallback, func(r *oncall.Route) { r.RepeatWithin = 5 * time.Minute })
		s.fail(errRefused)
		o := one(t, s, change...)
		defer o.run()()
		o.wants(o.ask(from), ack(spare))
		s.answer(person("Ann", 1, annCell), person("Cleo", 2, cleoTel))
		time.Sleep(time.Minute)
		o.wants(o.ask(from), ack(annCell))
		o.wants(o.ask(from), ack(cleoTel))
	})
}

func TestPickedUpCallClosesTheAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, change := ladder(func(r *oncall.Route) { r.RepeatWithin = 5 * time.Minute })
		o := one(t, s, change...)
		defer o.run()()
		tell := func(status, reason string) {
			t.Helper()
			if got := o.notify("call-1", status, reason, caller); got.status != http.StatusNoContent {
				t.Errorf("%s: %d %s", status, got.status, got.body)
			}
		}
		tell("created", "") // comes before the webhook
		o.wants(o.ask(from), ack(annCell))
		tell("ringing", "")
		time.Sleep(20 * time.Second)
		tell("in-progress", "")
		if r := o.dispatcher.Recent(1)[0]; r.Outcome != oncall.Answered {
			t.Errorf("outcome %q", r.Outcome)
		}
		time.Sleep(time.Minute)
		tell("ended", "completed")
		tell("in-progress", "") // late, or twice
		if r := o.dispatcher.Recent(1)[0]; r.Outcome != oncall.Talked || r.Ended.Sub(r.At) != 80*time.Second {
			t.Errorf("record %+v", r)
		}
		o.wants(o.ask(from), ack(annCell)) // helped before: the first attempt

		o.notify("call-2", "ended", "no-answer", caller)
		if r := o.dispatcher.Recent(1)[0]; r.Outcome != oncall.Unanswered {
			t.Errorf("outcome %q", r.Outcome)
		}
		o.wants(o.ask(from), ack(cleoTel))               // nobody picked up: the next
		o.notify("call-3", "ended", "completed", caller) // that it was picked up got lost
		if r := o.dispatcher.Recent(1)[0]; r.Outcome != oncall.Talked {
			t.Errorf("outcome %q", r.Outcome)
		}
		if got := o.notify("call-9", "ended", "completed", "+31699999999"); got.status != http.StatusNoContent {
			t.Errorf("a call that nobody asked about: %d", got.status)
		}
	})
}

func TestAttemptsOfOneCallAreToldApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, change := ladder()
		o := one(t, s, change...)
		defer o.run()()
		o.wants(o.ask(from), ack(annCell))
		o.notify("call-1", "ringing", "", caller)
		time.Sleep(30 * time.Second)
		o.wants(o.ask(from+"&attempt=2"), ack(cleoTel))
		o.notify("call-1", "in-progress", "", caller)
		records := o.dispatcher.Recent(2)
		if records[0].Outcome != oncall.Answered || records[0].Name != "Cleo" || records[1].Outcome != "" {
			t.Errorf("records %+v", records)
		}
	})
}

func TestAnotherTelephonePickedUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, change := ladder()
		o := one(t, s, change...)
		defer o.run()()
		o.wants(o.ask(from), ack(annCell))
		body := `{"call_id":"1","status":"in-progress","caller":{"number":"0655555555"},
			"destination":{"number":"+31201111111","account_number":123456789,"user_numbers":["234"],"targets":null}}`
		serve(o.dispatcher.Notifications(), post(body))
		if r := o.dispatcher.Recent(1)[0]; r.Outcome != oncall.Elsewhere {
			t.Errorf("outcome %q", r.Outcome)
		}
	})
}

func post(body string) *http.Request {
	return httptest.NewRequest(http.MethodPost, "/voys-notifications?secret_key="+secret, strings.NewReader(body))
}

// Who talked last is rung last; who is in a call is not rung.
func TestNotificationsFeedLongestIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := answering(person("Ann", 1, annCell), person("Ben", 1, benCell))
		o := one(t, s, func(r *oncall.Route) { r.Rules.Policy = oncall.LongestIdle })
		defer o.run()()
		call := func(n int, want string) {
			t.Helper()
			time.Sleep(time.Second)
			o.wants(o.ask(fmt.Sprintf("&callerid=%%2B3165000000%d", n)), want)
		}
		tell := func(n int, status, reason string) {
			t.Helper()
			o.notify(fmt.Sprint(n), status, reason, fmt.Sprintf("+3165000000%d", n))
		}
		call(1, ack(annCell))
		tell(1, "in-progress", "")
		call(2, ack(benCell))
		call(3, ack(benCell)) // Ann talks still
		tell(3, "in-progress", "")
		time.Sleep(time.Minute)
		tell(1, "ended", "completed")
		time.Sleep(time.Minute)
		tell(3, "ended", "completed")
		call(4, ack(annCell)) // Ben has hung up last
	})
}

func TestRoundRobinTakesTurnsAlsoAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := answering(person("Ann", 1, annCell), person("Ben", 1, benCell), person("Cleo", 1, cleoTel))
		o := one(t, s, func(r *oncall.Route) { r.Rules.Policy = oncall.RoundRobin })
		defer o.run()()
		synctest.Wait()
		var got []string
		for range 6 {
			got = append(got, o.ask("").body)
			time.Sleep(time.Second)
		}
		if diff := cmp.Diff([]string{ack(annCell), ack(benCell), ack(cleoTel), ack(annCell), ack(benCell), ack(cleoTel)}, got); diff != "" {
			t.Errorf("turns (-want +got):\n%s", diff)
		}
		answers := make(chan string, 3)
		for range 3 {
			go func() { answers <- o.ask("").body }()
		}
		seen := map[string]int{}
		for range 3 {
			seen[<-answers]++
		}
		if len(seen) != 3 {
			t.Errorf("three callers at once got %v", seen)
		}
	})
}

func TestNotificationsAreRefusedWithAReason(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := one(t, answering())
		defer o.run()()
		get := post("")
		get.Method = http.MethodGet
		foreign := post(`{"call_id":"1","status":"ended"}`)
		foreign.URL.RawQuery = "secret_key=wrong"
		for name, c := range map[string]struct {
			r    *http.Request
			want int
		}{
			"GET":          {get, 405},
			"wrong secret": {foreign, 401},
			"no JSON":      {post("call_id=1"), 400},
			"no id":        {post(`{"status":"ended"}`), 400},
			"too long":     {post(`{"call_id":"` + strings.Repeat("x", 70_000) + `"}`), 413},
			"odd fields":   {post(`{"call_id":7,"status":"parked","caller":{"number":null},"destination":{"targets":[{"user_numbers":"901"}]}}`), 204},
		} {
			if got := serve(o.dispatcher.Notifications(), c.r); got.status != c.want {
				t.Errorf("%s: %d %q, want %d", name, got.status, got.body, c.want)
			}
		}
	})
}

func TestNotificationsAreRead(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "notification-ringing.json"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := oncall.ParseNotification(data)
	if err != nil {
		t.Fatal(err)
	}
	want := oncall.Notification{
		CallID: "example-1693575683.1", Status: oncall.Ringing, Caller: "+31655555555", DID: did,
		Targets: []oncall.Target{
			{Number: did, Account: "123450001", Users: []string{"901"}},
			{Number: did, Account: "123450002", Users: []string{"902", "903"}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("notification (-want +got):\n%s", diff)
	}
}

func FuzzParseNotification(f *testing.F) {
	data, err := os.ReadFile(filepath.Join("testdata", "notification-ringing.json"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"call_id":"1","status":"ended","reason":"completed","caller":{"number":"anonymous"},"destination":{"user_numbers":[1]}}`))
	f.Add([]byte(`{"call_id":1e9,"status":[],"caller":null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := oncall.ParseNotification(data)
		if err == nil && (n.CallID == "" || n.Status == "") {
			t.Errorf("%q gave %+v", data, n)
		}
	})
}

func FuzzVoysQuery(f *testing.F) {
	f.Add("&callerid=%2B31655555555&did=+31201111111&attempt=2&code=1")
	f.Add("&attempt={attempt}&callerid=anonymous&route=%00")
	f.Add("&callerid=0000&did=*&callername=" + strings.Repeat("%F0%9F%98%80", 50))
	o := one(f, answering(), withFallback, func(r *oncall.Route) {
		r.RepeatWithin = time.Hour
		r.Rules.CallingCode, r.Rules.Block = "31", []string{"+3165*", "0612345678"}
	})
	o.keeper.Refresh(f.Context())
	f.Fuzz(func(t *testing.T, query string) {
		r := httptest.NewRequest(http.MethodGet, "/voys-webhook", http.NoBody)
		r.URL.RawQuery = "secret_key=" + secret + query
		got := serve(o.dispatcher.Voys(), r)
		if got.status == 200 && got.body != "status=NAK" && got.body != ack(spare) || got.status != 200 && got.status != 401 {
			t.Errorf("%q: %d %q", query, got.status, got.body)
		}
	})
}
