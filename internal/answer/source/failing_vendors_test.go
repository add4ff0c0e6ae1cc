package source_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/answer/source"
	"github.com/switchhook/switchhook/internal/answer/sourcetest"
	"github.com/switchhook/switchhook/internal/fault"
)

// temporary reports whether asking again may help.
func temporary(e *source.Error) bool { return fault.AgainOf(e) == fault.Later }

// failed returns the Error of a fetch that has to fail.
func failed(ctx context.Context, t *testing.T, s source.Source) *source.Error {
	t.Helper()
	snapshot, err := s.Fetch(ctx)
	if err == nil {
		t.Fatalf("the fetch succeeds: %+v", snapshot)
	}
	e, ok := errors.AsType[*source.Error](err)
	if !ok {
		t.Fatalf("the error is no *source.Error but %T: %v", err, err)
	}
	if len(snapshot.People) > 0 {
		t.Errorf("a fetch that fails has people: %+v", snapshot.People)
	}
	return e
}

// failures are the ways in which a vendor fails, with the message of each.
var failures = []struct {
	name      string
	fault     sourcetest.Fault
	message   string // a part of it
	status    int
	temporary bool
	after     time.Duration
}{
	{"slow", sourcetest.Slow(time.Minute), "did not answer in 10 s", 0, true, 0},
	{"frozen", sourcetest.Freezes(), "did not answer in 10 s", 0, true, 0},
	{"hangs up", sourcetest.HangsUp(), "there is no connection to", 0, true, 0},
	{"400", sourcetest.Says(400, "{}"), "refuses the request (400)", 400, false, 0},
	{"401", sourcetest.Says(401, "{}"), "does not accept the key (401)", 401, false, 0},
	{"402", sourcetest.Says(402, "{}"), "refuses the request (402)", 402, false, 0},
	{"403", sourcetest.Says(403, "{}"), "may not read what was asked for (403)", 403, false, 0},
	{"404", sourcetest.Says(404, "{}"), "does not know what was asked for (404)", 404, false, 0},
	{"408", sourcetest.Says(408, "{}"), "is not well (408)", 408, true, 0},
	{"425", sourcetest.Says(425, "{}"), "is not well (425)", 425, true, 0},
	{"429 without a header", sourcetest.TooMany(nil), "was asked too often (429)", 429, true, time.Minute},
	{"429 with ratelimit-reset", sourcetest.TooMany(map[string]string{"ratelimit-reset": "42", "ratelimit-remaining": "0"}), "(429)", 429, true, 42 * time.Second},
	{"429 with a reset at a time of day", sourcetest.TooMany(map[string]string{"X-RateLimit-Reset": "1795003230"}), "(429)", 429, true, 30 * time.Second},
	{"429 with Retry-After", sourcetest.TooMany(map[string]string{"Retry-After": "7", "ratelimit-reset": "42"}), "(429)", 429, true, 7 * time.Second},
	{"429 with a date", sourcetest.TooMany(map[string]string{"Retry-After": "Wed, 18 Nov 2026 12:00:20 GMT"}), "(429)", 429, true, 20 * time.Second},
	{"429 for a week", sourcetest.TooMany(map[string]string{"Retry-After": "604800"}), "(429)", 429, true, 15 * time.Minute},
	{"429 for no time", sourcetest.TooMany(map[string]string{"ratelimit-reset": "0"}), "(429)", 429, true, time.Second},
	{"429 with words", sourcetest.TooMany(map[string]string{"Retry-After": "soon"}), "(429)", 429, true, time.Minute},
	{"500", sourcetest.Says(500, ""), "is not well (500)", 500, true, 0},
	{"502 as a page", sourcetest.Page(502), "is not well (502)", 502, true, 0},
	{"503", sourcetest.Says(503, "{}"), "is not well (503)", 503, true, 0},
	{"204", sourcetest.Says(204, ""), "gave no answer to read (204)", 204, true, 0},
	{"a page", sourcetest.Page(200), "a web page where JSON was expected", 0, true, 0},
	{"no JSON", sourcetest.Says(200, "OK"), "is not JSON", 0, true, 0},
	{"nothing", sourcetest.Says(200, ""), "answered with nothing", 0, true, 0},
	{"white space", sourcetest.Says(200, " \n"), "answered with nothing", 0, true, 0},
	{"null", sourcetest.Says(200, "null"), "is not as documented", 0, false, 0},
	{"an empty object", sourcetest.Says(200, "{}"), "is not as documented", 0, false, 0},
	{"a text", sourcetest.Says(200, `"+31611111111"`), "the whole is a string", 0, false, 0},
	{"a number", sourcetest.Says(200, `31611111111`), "the whole is a number", 0, false, 0},
	{"half an answer", sourcetest.Half(), "broke off or was garbled", 0, true, 0},
	{"half an answer that says it is whole", sourcetest.Cuts(20), "ends in the middle", 0, true, 0},
	{"without an end", sourcetest.Floods(), "more than the 4 MiB that are read", 0, false, 0},
	{"a redirect to another protocol", sourcetest.Redirects("ftp://elsewhere.test/"), "redirects to where it is not followed", 0, false, 0},
}

func TestEachFailureOfEachVendorIsTold(t *testing.T) {
	for i, v := range vendors() {
		for _, f := range failures {
			t.Run(v.kind+"/"+f.name, func(t *testing.T) {
				virtual(t, func(t *testing.T) {
					v := vendors()[i]
					s, _ := v.start(t)
					v.standIn.Break(sourcetest.Always, f.fault)
					e := failed(t.Context(), t, s)
					if e.Source != v.kind || !strings.Contains(e.Message, f.message) {
						t.Errorf("%s: %q does not hold %q", e.Source, e.Message, f.message)
					}
					if e.Status != f.status || temporary(e) != f.temporary || e.After != f.after {
						t.Errorf("status %d, temporary %t, after %s", e.Status, temporary(e), e.After)
					}
					tellsNothing(t, e, v.key)

					// The vendor comes back, and so does the answer.
					v.standIn.Heal()
					same(t, "people", untimed(fetched(t, s).People), v.want)
				})
			})
		}
	}
}

// tellsNothing sees that an error holds no secret and no number.
func tellsNothing(t *testing.T, e *source.Error, key string) {
	t.Helper()
	all := e.Error() + e.Hint
	for err := e.Err; err != nil; err = errors.Unwrap(err) {
		all += err.Error()
	}
	for _, secret := range []string{key, "611111111", "9735550123"} {
		if strings.Contains(all, secret) {
			t.Errorf("%q tells %q", all, secret)
		}
	}
	if strings.HasSuffix(e.Message, ".") || e.Message == "" {
		t.Errorf("the sentence is %q", e.Message)
	}
}

func TestADeadVendorIsTold(t *testing.T) {
	eachVendor(t, func(t *testing.T, v vendor) {
		s, network := v.start(t)
		fetched(t, s)
		network.Kill()
		e := failed(t.Context(), t, s)
		if !temporary(e) || !strings.Contains(e.Message, "there is no connection to") {
			t.Errorf("%+v", e)
		}
		network.Revive()
		fetched(t, s)
	})
}

func TestAFetchEndsWithItsContext(t *testing.T) {
	eachVendor(t, func(t *testing.T, v vendor) {
		s, _ := v.start(t)
		v.standIn.Break(sourcetest.Always, sourcetest.Freezes())
		started := time.Now()
		e := failed(within(t, 2*time.Second), t, s)
		if !errors.Is(e, context.DeadlineExceeded) || !temporary(e) {
			t.Errorf("%+v", e)
		}
		same(t, "time", time.Since(started), 2*time.Second)
	})
}

func TestAWrongKeyIsTold(t *testing.T) {
	virtual(t, func(t *testing.T) {
		standIn := sourcetest.NewPagerDuty("PT54U20")
		client, _ := connect(t, standIn)
		s, err := source.NewPagerDuty(source.PagerDutyConfig{URL: "http://x.test", Key: hide("wrong-key"), Policy: "PT54U20", Client: client})
		if err != nil {
			t.Fatal(err)
		}
		e := failed(t.Context(), t, s)
		same(t, "status", e.Status, http.StatusUnauthorized)
		tellsNothing(t, e, "wrong-key")
	})
}

func TestAKeyOfGoAlertForAnotherQueryIsTold(t *testing.T) {
	virtual(t, func(t *testing.T) {
		const service = "4c5f1b2e-0000-4000-8000-000000000001"
		client, _ := connect(t, sourcetest.NewGoAlert(service, source.GoAlertQuery+"\n"))
		s, err := source.NewGoAlert(source.GoAlertConfig{URL: "http://goalert.test", Key: hide(sourcetest.GoAlertKey), Service: service, Client: client})
		if err != nil {
			t.Fatal(err)
		}
		if e := failed(t.Context(), t, s); temporary(e) || !strings.Contains(e.Message, "bound to another query") {
			t.Errorf("%+v", e)
		}
	})
}

func TestChangedFieldsAreTold(t *testing.T) {
	for _, row := range []struct {
		vendor      int
		instead, of string
		message     string
	}{
		{0, `"on_calls"`, `"oncalls"`, "it has no list of on-calls"},
		{0, `"level"`, `"escalation_level"`, "an on-call has no escalation_level"},
		{0, `"person"`, `"user"`, "an on-call has no user with an id"},
		{0, `"offset":5`, `"offset":0`, "it is the page from 5 on where that from 0 on was asked for"},
		{0, `"id":"POTHER"`, `"id":"PT54U20"`, "another escalation policy"},
		{0, `"methods"`, `"contact_methods"`, "has no contact_methods"},
		{0, `"rules"`, `"notification_rules"`, "no notification_rules"},
		{0, `"address":611111111,"x"`, `"address"`, "the field address is a number"},
		{1, `"users"`, `"on_call_users"`, "a calendar has no on_call_users"},
		{1, `"phones"`, `"phone_numbers"`, "a user has no phone_numbers"},
		{1, `"phone_numbers":{},"x"`, `"phone_numbers"`, "the field phone_numbers is no list"},
		{1, `"calendars"`, `"data"`, "it has no list of calendars"},
		{2, `"level"`, `"escalationLevel"`, "an on-call has no escalationLevel"},
		{2, `"escalationPolicy":{"id":9}`, `"escalationPolicy":{"id":4711}`, "another escalation policy"},
		{2, `"number"`, `"target"`, "a number has no target"},
		{2, `"person"`, `"user"`, "an on-call has no user with an id"},
		{3, `"step"`, `"stepNumber"`, "has no stepNumber"},
		{3, `"users"`, `"onCallUsers"`, "the service has no onCallUsers"},
		{3, `"result"`, `"data"`, "it has no data"},
		{3, `"service":null,"x"`, `"service"`, "has no such service"},
		{3, `"methods"`, `"contactMethods"`, "a user has no contactMethods"},
		{4, `"now"`, `"on_call_now"`, "the schedule has no on_call_now"},
		{4, `"id":"S"`, `"id":"SBM7DV7BKFUYU"`, "it is not the schedule"},
		{4, `["a/b"]`, `["UALICE"]`, "has no identifier"},
	} {
		t.Run(row.of+" is "+row.instead, func(t *testing.T) {
			virtual(t, func(t *testing.T) {
				v := vendors()[row.vendor]
				s, _ := v.start(t)
				v.standIn.Break(sourcetest.Always, sourcetest.Lies(row.instead, row.of))
				e := failed(t.Context(), t, s)
				if temporary(e) || e.Hint == "" || !strings.Contains(e.Message, row.message) {
					t.Errorf("%+v does not hold %q", e, row.message)
				}
				tellsNothing(t, e, v.key)
			})
		})
	}
}

func TestHalfAPageIsTold(t *testing.T) {
	virtual(t, func(t *testing.T) {
		v := vendors()[0]
		s, _ := v.start(t)
		for _, row := range []struct{ body, message string }{
			{`{"oncalls":[],"limit":100,"offset":0,"more":true}`, "an empty page says that more follow"},
			{`{"oncalls":[{"escalation_level":1,"user":{"id":"PALICE"}}],"limit":1,"offset":0}`, "does not say whether more follow"},
		} {
			v.standIn.Break(1, sourcetest.Says(200, row.body))
			if e := failed(t.Context(), t, s); !strings.Contains(e.Message, row.message) {
				t.Errorf("%q does not hold %q", e.Message, row.message)
			}
		}
	})
}

func TestClocksThatAreApartAreTold(t *testing.T) {
	eachVendor(t, func(t *testing.T, v vendor) {
		s, _ := v.start(t)
		for _, row := range []struct {
			skew time.Duration
			odd  string
		}{
			{30 * time.Second, ""},
			{10 * time.Minute, "the clock of this machine is 10 min behind that of"},
			{-3 * time.Hour, "the clock of this machine is 3 h ahead of that of"},
		} {
			v.standIn.Skew(row.skew)
			got := fetched(t, s)
			same(t, "people", untimed(got.People), v.want)
			if odd := strings.Join(got.Oddities, "\n"); row.odd == "" && odd != "" || !strings.HasPrefix(odd, row.odd) || strings.Contains(odd, "\n") {
				t.Errorf("%s apart: %q", row.skew, odd)
			}
		}
	})
}

func TestPagerDutysLimitIsRespected(t *testing.T) {
	virtual(t, func(t *testing.T) {
		v := vendors()[0]
		s, _ := v.start(t)
		v.standIn.Limit(4, true)
		fetched(t, s) // three requests
		time.Sleep(10 * time.Second)
		fetched(t, s)
		e := failed(t.Context(), t, s)
		same(t, "pause", e.After, 50*time.Second)
		time.Sleep(e.After)
		fetched(t, s)
	})
}

func TestOnePersonsFailureIsNotEverybodys(t *testing.T) {
	for _, row := range []struct {
		name   string
		fault  sourcetest.Fault
		known  bool // both had been asked about before
		alice  []string
		oddity string // "": the fetch fails
	}{
		{"500 for one", sourcetest.Says(500, "").On("/users/PALICE"), false, nil, "Alice Example: PagerDuty (api.pagerduty.test) is not well (500)"},
		{"500 for one who is known", sourcetest.Says(500, "").On("/users/PALICE"), true, []string{"+31611111111"}, "what was known 11 min ago is used"},
		{"404 for one", sourcetest.Says(404, "{}").On("/users/PALICE"), false, nil, "does not know what was asked for (404)"},
		{"404 for one who was known", sourcetest.Says(404, "{}").On("/users/PALICE"), true, nil, "does not know what was asked for (404)"},
		{"half for one", sourcetest.Cuts(9).On("/users/PALICE"), false, nil, "ends in the middle"},
		{"429 for one", sourcetest.TooMany(nil).On("/users/PALICE"), false, nil, ""},
		{"429 for one who is known", sourcetest.TooMany(nil).On("/users/PALICE"), true, []string{"+31611111111"}, "was asked too often"},
		{"500 for all", sourcetest.Says(500, "").On("/users/"), false, nil, ""},
		{"changed fields for all", sourcetest.Lies("x", "contact_methods").On("/users/"), false, nil, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			virtual(t, func(t *testing.T) {
				v := vendors()[0]
				s, _ := v.start(t)
				if row.known {
					fetched(t, s)
					time.Sleep(11 * time.Minute)
				}
				v.standIn.Break(sourcetest.Always, row.fault)
				if row.oddity == "" {
					failed(t.Context(), t, s)
					return
				}
				got := fetched(t, s)
				same(t, "Alice's numbers", got.People[0].Numbers, row.alice)
				same(t, "Bob's numbers", got.People[1].Numbers, []string{"+19735550123"})
				if len(got.Oddities) != 1 || !strings.Contains(got.Oddities[0], row.oddity) {
					t.Errorf("oddities %q do not hold %q", got.Oddities, row.oddity)
				}
			})
		})
	}
}

func TestAKeyThatHidesNumbersStillSaysWho(t *testing.T) {
	virtual(t, func(t *testing.T) {
		v := vendors()[2]
		s, _ := v.start(t)
		v.standIn.Break(sourcetest.Always, sourcetest.Says(403, "{}").On("/phone-numbers"))
		got := fetched(t, s)
		want := []source.Person{v.want[0], v.want[1]}
		want[0].Numbers, want[1].Numbers = nil, nil
		same(t, "people", untimed(got.People), want)
		same(t, "oddities", len(got.Oddities), 2)
	})
}

func TestGrafanaWithoutNamesStillSaysWho(t *testing.T) {
	virtual(t, func(t *testing.T) {
		v := vendors()[4]
		s, _ := v.start(t)
		v.standIn.Break(sourcetest.Always, sourcetest.Says(500, "").On("/users/"))
		got := fetched(t, s)
		same(t, "people", untimed(got.People), []source.Person{{ID: "UALICE", Name: "UALICE", Level: 1}, {ID: "UBOB", Name: "UBOB", Level: 2}})
		same(t, "oddities", len(got.Oddities), 2)

		v.standIn.Heal()
		same(t, "people", untimed(fetched(t, s).People), v.want)

		// What was known once is used for a day.
		time.Sleep(time.Hour)
		v.standIn.Break(sourcetest.Always, sourcetest.Says(500, "").On("/users/"))
		same(t, "people", untimed(fetched(t, s).People), v.want)
	})
}
