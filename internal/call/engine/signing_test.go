package engine_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/responder"
)

// TestRequestsToTheRulesOriginAreSigned goes through every kind of request that
// a call makes, and checks that responder.Verify accepts those to the origin of
// the dial rule, and that no other host gets a signature.
func TestRequestsToTheRulesOriginAreSigned(t *testing.T) {
	const secret = "whsec_8hZ2"
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		t.Run(method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				var got []string
				ids := map[string]bool{}
				verify := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					result := "verified"
					if err := responder.Verify(r, time.Now(), "another", secret); err != nil {
						result = err.Error()
					}
					if id := r.Header.Get(responder.HeaderID); id != "" {
						if ids[id] && !strings.HasPrefix(r.URL.Path, "/landed") {
							t.Errorf("the id %s was used twice", id)
						}
						ids[id] = true
						if ts := r.Header.Get(responder.HeaderTimestamp); ts != timestamp(began) {
							t.Errorf("timestamp %s", ts)
						}
					}
					got = append(got, r.Method+" "+r.Host+r.URL.Path+": "+result)
					switch r.Host + r.URL.Path {
					case "responder.example/start":
						_, _ = io.WriteString(w, `<Response><Play>/sound.wav</Play><Gather action="/moved?x=a b" timeout="0"/></Response>`)
					case "responder.example/moved":
						http.Redirect(w, r, "/landed?y=ü", http.StatusTemporaryRedirect)
					case "responder.example/landed":
						_, _ = io.WriteString(w, `<Say action="/away">Here.</Say>`)
					case "responder.example/away":
						http.Redirect(w, r, "http://other.example/", http.StatusTemporaryRedirect)
					case "other.example/":
						_, _ = io.WriteString(w, `<Forward>http://responder.example/back</Forward>`)
					case "responder.example/back":
						_, _ = io.WriteString(w, `<Forward>http://responder.example:8080/port</Forward>`)
					case "responder.example:8080/port":
						_, _ = io.WriteString(w, `<Forward>http://sub.responder.example/</Forward>`)
					case "sub.responder.example/":
						w.WriteHeader(http.StatusInternalServerError)
					case "fallback.example/":
						_, _ = io.WriteString(w, `<Forward>HTTP://RESPONDER.example:80/end</Forward>`)
					case "RESPONDER.example:80/end":
						_, _ = io.WriteString(w, `<Hangup/>`)
					default:
						http.NotFound(w, r)
					}
				})
				calls := over(t, &network{handler: verify}, engine.Config{Now: func() time.Time { return began }})
				_, events := calls.placeCall(newHandset(), engine.Call{
					Method: method, Secret: secret, Fallback: at("http://fallback.example/"),
					URL: at("http://responder.example/start?id=x%20y&a=1;2"),
				})
				const no = "the request is not signed"
				want := []string{
					method + " responder.example/start: verified",
					"GET responder.example/sound.wav: " + no, // a file is no question
					method + " responder.example/moved: verified",
					method + " responder.example/landed: verified",
					method + " responder.example/away: verified",
					method + " other.example/: " + no,
					method + " responder.example/back: verified",
					method + " responder.example:8080/port: " + no,
					method + " sub.responder.example/: " + no,
					method + " fallback.example/: " + no,
					method + " RESPONDER.example:80/end: verified",
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("requests (-want +got):\n%s\n%q", diff, story(events))
				}
				for _, line := range story(events) {
					if strings.Contains(line, secret) {
						t.Errorf("the secret is told: %s", line)
					}
				}
			})
		})
	}
}

func TestRequestsWithoutASecretAreNotSigned(t *testing.T) {
	asked := &noting{Handler: responds{"/start": `<Hangup/>`}}
	against(t, asked).place(newHandset())
	for name := range asked.asked[0].Header {
		if strings.HasPrefix(strings.ToLower(name), "webhook") {
			t.Errorf("the header %s was sent", name)
		}
	}
}

// TestSecondTryIsSignedAnew checks that a responder that refuses replayed
// requests does not refuse the second try.
func TestSecondTryIsSignedAnew(t *testing.T) {
	asked := &noting{Handler: http.HandlerFunc(raw(""))}
	against(t, asked).placeCall(newHandset(), engine.Call{Secret: "s"})
	if len(asked.asked) != 2 || asked.asked[0].Header.Get(responder.HeaderID) == asked.asked[1].Header.Get(responder.HeaderID) {
		t.Errorf("asked %d times", len(asked.asked))
	}
}
