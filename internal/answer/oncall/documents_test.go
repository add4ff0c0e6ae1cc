package oncall_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/oncall"
	"github.com/switchhook/switchhook/responder"
)

const connecting = `<Response><Say>Please hold. We are connecting you to the person on call.</Say><Forward>+31611111111</Forward></Response>`

func TestDocumentSaysAndForwards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		station := answering(person("Ann", 1, annCell))
		o := one(t, station, func(r *oncall.Route) {
			r.Rules.Block = []string{caller}
			r.Rules.Numbers = map[string][]string{"ben": {"1001"}}
			r.Texts.Closed = "Closed."
		})
		defer o.run()()
		get := httptest.NewRequest(http.MethodGet, "/oncall?secret_key="+secret+"&NmsAni=%2B19734321440&NmsDnis=2125551212", http.NoBody)
		form := strings.NewReader(url.Values{"secret_key": {secret}, "NmsAni": {caller}}.Encode())
		post := httptest.NewRequest(http.MethodPost, "/oncall", form)
		post.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		signed := httptest.NewRequest(http.MethodGet, "/oncall?NmsAni=%2B19734321440", http.NoBody)
		responder.Sign(signed, nil, "1", time.Now(), secret)
		forged := httptest.NewRequest(http.MethodGet, "/oncall?NmsAni=%2B19734321440", http.NoBody)
		responder.Sign(forged, nil, "1", time.Now(), "wrong")
		for _, c := range []struct {
			name string
			r    *http.Request
			want reply
		}{
			{"GET", get, reply{status: 200, body: connecting}},
			{"POST, and blocked", post, reply{status: 200, body: `<Response><Say>We are sorry, nobody can be reached at the moment. Please try again later.</Say><Hangup/></Response>`}},
			{"signed", signed, reply{status: 200, body: connecting}},
			{"forged", forged, reply{status: 401, body: "the secret is missing or wrong\n"}},
			{"without a secret", httptest.NewRequest(http.MethodGet, "/oncall", http.NoBody), reply{status: 401, body: "the secret is missing or wrong\n"}},
			{"HEAD", httptest.NewRequest(http.MethodHead, "/oncall?secret_key="+secret, http.NoBody), reply{status: 405, body: "a phone system asks with GET or POST\n"}},
		} {
			got := serve(o.dispatcher.Document(), c.r)
			if got.status != c.want.status || strings.TrimSpace(got.body) != strings.TrimSpace(c.want.body) {
				t.Errorf("%s: %d %q, want %d %q", c.name, got.status, got.body, c.want.status, c.want.body)
			}
		}
	})
}

func TestClosedHoursHaveTheirOwnText(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := one(t, answering(person("Ann", 1, annCell)), func(r *oncall.Route) {
			r.Rules.Hours = office9to5(t) // the virtual clock begins on a Saturday
			r.Texts = oncall.Texts{Closed: "We are closed.", Voice: "female", Language: "en-GB"}
		})
		defer o.run()()
		got := serve(o.dispatcher.Document(), httptest.NewRequest(http.MethodGet, "/oncall?secret_key="+secret, http.NoBody))
		want := `<Response><Say voice="female" language="en-GB">We are closed.</Say><Hangup/></Response>`
		if strings.TrimSpace(got.body) != want {
			t.Errorf("got %s, want %s", got.body, want)
		}
	})
}

func TestProgramsGetJSON(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := one(t, answering(person("Ann", 1, annCell)))
		defer o.run()()
		synctest.Wait()
		time.Sleep(3 * time.Second)
		r := httptest.NewRequest(http.MethodGet, "/oncall?attempt=1", http.NoBody)
		r.Header.Set("X-Secret-Key", secret)
		r.Header.Set("Accept", "application/json")
		got := serve(o.dispatcher.Document(), r)
		if got.status != 200 || got.header.Get("Content-Type") != "application/json" {
			t.Fatalf("%d %v %s", got.status, got.header, got.body)
		}
		var answer map[string]any
		if err := json.Unmarshal([]byte(got.body), &answer); err != nil {
			t.Fatal(err)
		}
		want := map[string]any{
			"status": "ack", "destination": annCell, "reason": "on_call", "route": "support", "attempt": 1.0, "level": 1.0,
			"person": "Ann", "source": "rota", "age_seconds": 3.0, "stale": false, "fallback": false,
		}
		if diff := cmp.Diff(want, answer); diff != "" {
			t.Errorf("answer (-want +got):\n%s", diff)
		}
		r = httptest.NewRequest(http.MethodGet, "/oncall", http.NoBody)
		r.Header.Set("Accept", "application/json")
		if got := serve(o.dispatcher.Document(), r); got.status != 401 || got.body != `{"status":"nak","error":"the secret is missing or wrong"}`+"\n" {
			t.Errorf("got %d %s", got.status, got.body)
		}
	})
}
