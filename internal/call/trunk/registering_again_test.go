package trunk

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// String describes an outcome in the words of the tests.
func (o outcome) String() string {
	return [...]string{"accepted", "again", "silence", "refusal"}[o]
}

// replies are what a carrier can say to a REGISTER.
var replies = map[string]reply{
	"nothing":          {},
	"200":              {status: 200},
	"200 for 60":       {status: 200, granted: time.Minute},
	"200 for 1":        {status: 200, granted: time.Second},
	"423 at least 900": {status: 423, least: 900 * time.Second},
	"423 at least 1":   {status: 423, least: time.Second},
	"423 for a week":   {status: 423, least: 7 * 24 * time.Hour},
	"423":              {status: 423},
	"401":              {status: 401},
	"403":              {status: 403},
	"408":              {status: 408},
	"500":              {status: 500},
	"503 in 100":       {status: 503, retryAfter: 100 * time.Second},
	"503 in a day":     {status: 503, retryAfter: 24 * time.Hour},
}

func TestRegistrationsAreRenewedInTime(t *testing.T) {
	never, most := func(int) int { return 0 }, func(n int) int { return n - 1 }
	for _, c := range []struct {
		name    string
		draw    func(int) int
		replies []string
		want    string // what each means, and when the next is sent, since the first
	}{
		{"for as long as we ask", never, []string{"200", "200"}, "accepted 7m30s, accepted 15m0s"},
		{"a little sooner", most, []string{"200", "200"}, "accepted 7m0s, accepted 14m0s"},
		{"for as long as they say", never, []string{"200 for 60", "200"}, "accepted 45s, accepted 8m15s"},
		{"for hardly any time", most, []string{"200 for 1", "200 for 1"}, "accepted 1s, accepted 2s"},
		{"they insist on longer", never, []string{"423 at least 900", "200", "200"}, "again 0s, accepted 11m15s, accepted 22m30s"},
		{"and again, later", never, []string{"423 at least 900", "200", "423 at least 900"}, "again 0s, accepted 11m15s, refusal 11m45s"},
		{"and again, at once", never, []string{"423 at least 900", "423 for a week"}, "again 0s, refusal 30s"},
		{"for no longer", never, []string{"423 at least 1"}, "refusal 30s"},
		{"for far too long", never, []string{"423 for a week"}, "refusal 30s"},
		{"they do not say for how long", never, []string{"423"}, "refusal 30s"},
		{"nobody answers", never, []string{"nothing", "nothing", "nothing", "200"}, "silence 2.5s, silence 7.5s, silence 17.5s, accepted 7m47.5s"},
		{"for longer", most, []string{"nothing", "408", "500", "nothing", "nothing", "nothing", "nothing", "nothing"},
			"silence 5s, silence 15s, silence 35s, silence 1m15s, silence 2m35s, silence 5m15s, silence 10m15s, silence 15m15s"},
		{"the password is wrong", most, []string{"401", "403", "401", "401", "401", "401", "401"},
			"refusal 1m0s, refusal 3m0s, refusal 7m0s, refusal 15m0s, refusal 30m0s, refusal 45m0s, refusal 1h0m0s"},
		{"they say when", never, []string{"503 in 100"}, "silence 1m40s"},
		{"but not for ever", never, []string{"503 in a day"}, "silence 1h0m0s"},
		{"it works again", never, []string{"nothing", "nothing", "200", "nothing"}, "silence 2.5s, silence 7.5s, accepted 7m37.5s, silence 7m40s"},
	} {
		r := newRegistration(10*time.Minute, clock(0), c.draw)
		var got []string
		for _, name := range c.replies {
			reply, ok := replies[name]
			if !ok {
				t.Fatal(name)
			}
			what := r.took(reply, r.at)
			got = append(got, fmt.Sprintf("%v %v", what, r.at.Sub(clock(0))))
		}
		if diff := cmp.Diff(c.want, strings.Join(got, ", ")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestRegistrationLastsUntilItsEnd(t *testing.T) {
	r := newRegistration(time.Minute, clock(0), func(int) int { return 0 })
	if r.registered(clock(0)) {
		t.Error("registered before the first answer")
	}
	r.took(replies["200 for 60"], clock(0))
	r.took(replies["nothing"], clock(45))
	if !r.registered(clock(59)) || r.registered(clock(60)) {
		t.Error("a failed renewal has ended it, or it does not end")
	}
	before := r.at
	r.soon(clock(46))
	if r.at.Equal(before) || !r.at.Equal(clock(46)) {
		t.Errorf("renewed at %v", r.at)
	}
	r.took(replies["nothing"], clock(61))
	before = r.at
	r.soon(clock(62)) // there is nothing to renew: the carrier is not to be hurried
	if !r.at.Equal(before) {
		t.Errorf("tried at %v", r.at)
	}
}

func TestRegistrationsKeepTheRules(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := newRegistration(time.Duration(rapid.IntRange(60, 86400).Draw(t, "every"))*time.Second, clock(0),
			func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "drawn") })
		now, inARow := clock(0), 0
		for range rapid.IntRange(1, 50).Draw(t, "events") {
			reply := reply{
				status:     rapid.SampledFrom([]int{0, 200, 200, 200, 302, 401, 403, 408, 423, 423, 500, 503, 603}).Draw(t, "status"),
				granted:    time.Duration(rapid.IntRange(0, 100_000).Draw(t, "granted")) * time.Second,
				least:      time.Duration(rapid.IntRange(0, 100_000).Draw(t, "least")) * time.Second,
				retryAfter: time.Duration(rapid.IntRange(0, 100_000).Draw(t, "retry")) * time.Second,
			}
			what := r.took(reply, now)
			pause := r.at.Sub(now)
			switch {
			case what == again:
				if inARow++; inARow > 1 || pause != 0 || r.ask > longestExpiry {
					t.Fatalf("%d times again, in %v, for %v", inARow, pause, r.ask)
				}
				continue
			case what == accepted:
				if pause < soonest || r.until.Sub(now) > soonest && !r.at.Before(r.until) {
					t.Fatalf("registered for %v, and renewed in %v", r.until.Sub(now), pause)
				}
			case pause < firstSilence/2 || pause > max(longestRefusal, maxRetryAfter):
				t.Fatalf("%v: tried again in %v", what, pause)
			}
			inARow = 0
			now = r.at
		}
	})
}
