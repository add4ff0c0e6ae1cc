package dialog

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// String describes a step in the words of the tests.
func (s uacStep) String() string {
	switch s.do {
	case uacTell:
		text := "tell " + s.tag
		if s.ringing {
			text += " ringing"
		}
		if s.early {
			text += " early"
		}
		return text
	case uacAnswered:
		return "answered " + s.tag
	case uacAck:
		return "ACK " + s.tag
	case uacAckAndBye:
		return "ACK+BYE " + s.tag
	case uacCancel:
		return "CANCEL"
	case uacInvite:
		return "INVITE"
	case uacNoMoreForks:
		return "no more forks"
	}
	text := "over " + strconv.Itoa(s.status)
	if s.retryAfter > 0 {
		text += " retry " + s.retryAfter.String()
	}
	if s.cancelled {
		text += " cancelled"
	}
	if s.unanswered {
		text += " unanswered"
	}
	return text
}

// happen tells u one event: "cancel", or a response as "183 a sdp", "200 a", "401
// worth", "503 30s".
func (u *uac) happen(now time.Duration, event string) []uacStep {
	words := strings.Fields(event)
	if words[0] == "cancel" {
		return u.cancel(now)
	}
	status, _ := strconv.Atoi(words[0])
	words = append(words[1:], "", "")
	switch {
	case status < 200:
		return u.provisional(now, status, words[0], words[1] == "sdp")
	case status < 300:
		return u.success(now, words[0])
	}
	retryAfter, _ := time.ParseDuration(words[0])
	return u.failure(now, uacFinal{status: status, worth: words[0] == "worth", retryAfter: retryAfter})
}

// played returns what u does about a script of "when: event", ticked when it asks
// for it, until it wants nothing any more.
func played(t *testing.T, u uac, script []string) []string {
	t.Helper()
	var done []string
	note := func(now time.Duration, steps []uacStep) {
		for _, s := range steps {
			done = append(done, now.String()+": "+s.String())
		}
	}
	tick := func(until time.Duration) {
		for range 100 {
			at, ok := u.due()
			if !ok || at > until {
				return
			}
			if early := u.tick(at - 1); early != nil {
				t.Fatalf("too early: %v", early)
			}
			note(at, u.tick(at))
		}
		t.Fatal("it never ends")
	}
	for _, line := range script {
		when, event, _ := strings.Cut(line, ": ")
		now, err := time.ParseDuration(when)
		if err != nil {
			t.Fatal(err)
		}
		tick(now)
		note(now, u.happen(now, event))
	}
	tick(time.Hour)
	return done
}

func TestCallsOfOursAreAnsweredOrNot(t *testing.T) {
	for _, c := range []struct {
		name         string
		script, want []string
	}{
		{"answered at once", []string{"1s: 200 a"}, []string{"1s: answered a", "33s: no more forks"}},
		{"rung and answered", []string{"0s: 100", "1s: 180 a", "9s: 200 a"}, []string{"1s: tell a ringing", "9s: answered a", "41s: no more forks"}},
		{"rung for long", []string{"1s: 180 a", "60s: 180 a", "120s: 180 a", "180s: 180 a", "240s: 180 a", "300s: 200 a"},
			[]string{"1s: tell a ringing", "5m0s: answered a", "5m32s: no more forks"}},
		{"busy", []string{"0s: 100", "1s: 486"}, []string{"1s: over 486"}},
		{"rung and refused", []string{"1s: 180 a", "9s: 603"}, []string{"1s: tell a ringing", "9s: over 603"}},
		{"redirected", []string{"1s: 302"}, []string{"1s: over 302"}},
		{"their server is full", []string{"1s: 503 2m"}, []string{"1s: over 503 retry 2m0s"}},
		{"nobody responds", []string{"32s: 408"}, []string{"32s: over 408"}},
		{"the 2xx comes again", []string{"1s: 200 a", "1.5s: 200 a", "2.5s: 200 a", "33s: 200 a"},
			[]string{"1s: answered a", "1.5s: ACK a", "2.5s: ACK a", "33s: no more forks", "33s: ACK a"}},
		{"a 2xx without a tag", []string{"1s: 200", "2s: 200"}, []string{"1s: answered ", "2s: ACK ", "33s: no more forks"}},
		{"two phones answer", []string{"1s: 180 a", "1s: 180 b", "5s: 200 b", "5.1s: 200 a", "5.6s: 200 a", "5.7s: 200 b", "6s: 200 c"},
			[]string{"1s: tell a ringing", "1s: tell b ringing", "5s: answered b", "5.1s: ACK+BYE a", "5.6s: ACK a", "5.7s: ACK b", "6s: ACK+BYE c", "37s: no more forks"}},
		{"too late", []string{"1s: 200 a", "2s: 180 b", "2s: 486", "2s: 401 worth", "3s: cancel"}, []string{"1s: answered a", "33s: no more forks"}},
		{"after the end", []string{"1s: 486", "2s: 180 a", "2s: 603", "2s: cancel", "3s: 200 a", "3.5s: 200 a"}, []string{"1s: over 486", "3s: ACK+BYE a", "3.5s: ACK a"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, played(t, newUAC(rfcTiming(), middle, 0), c.script)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// A phone that has not answered may send sound already: its own ringback, or an
// announcement. Which of both a caller is to hear is for others to say; here is
// what they need for it.
func TestRingingAndEarlySoundAreToldApart(t *testing.T) {
	for _, c := range []struct {
		name         string
		script, want []string
	}{
		{"180 alone", []string{"1s: 180 a"}, []string{"1s: tell a ringing"}},
		{"180 with a description", []string{"1s: 180 a sdp"}, []string{"1s: tell a ringing early"}},
		{"183 with a description", []string{"1s: 183 a sdp"}, []string{"1s: tell a early"}},
		{"183 alone", []string{"1s: 183 a"}, []string{}},
		{"183, then 180: they ring, and no sound may have come", []string{"1s: 183 a sdp", "2s: 180 a"}, []string{"1s: tell a early", "2s: tell a ringing early"}},
		{"180, then 183", []string{"1s: 180 a", "2s: 183 a sdp"}, []string{"1s: tell a ringing", "2s: tell a ringing early"}},
		{"180 again and again", []string{"1s: 180 a", "2s: 180 a", "3s: 180 a sdp", "4s: 180 a sdp"}, []string{"1s: tell a ringing", "3s: tell a ringing early"}},
		{"forwarded and queued", []string{"1s: 181 a", "2s: 182 a", "3s: 182 a sdp"}, []string{"3s: tell a early"}},
		{"two phones", []string{"1s: 183 a sdp", "2s: 180 b", "3s: 180 a"}, []string{"1s: tell a early", "2s: tell b ringing", "3s: tell a ringing early"}},
		{"of a challenged INVITE nothing stays", []string{"1s: 183 a sdp", "2s: 407 worth", "3s: 180 a"}, []string{"1s: tell a early", "2s: INVITE", "3s: tell a ringing"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, append([]string{}, played(t, newUAC(rfcTiming(), middle, 0), c.script)...)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestCallsThatAreGivenUpLeaveNothing(t *testing.T) {
	for _, c := range []struct {
		name         string
		script, want []string
	}{
		{"while it rings", []string{"1s: 180 a", "2s: cancel", "2.1s: 487"}, []string{"1s: tell a ringing", "2s: CANCEL", "2.1s: over 487 cancelled"}},
		{"after the 100", []string{"0s: 100", "1s: cancel", "1.1s: 487"}, []string{"1s: CANCEL", "1.1s: over 487 cancelled"}},
		{"before any response", []string{"1s: cancel", "2s: 100", "2.1s: 180 a", "2.2s: 487"}, []string{"2s: CANCEL", "2.2s: over 487 cancelled"}},
		{"before the only response", []string{"1s: cancel", "2s: 486"}, []string{"2s: over 486 cancelled"}},
		{"before it is answered at once", []string{"1s: cancel", "2s: 200 a"}, []string{"2s: ACK+BYE a", "2s: over 487 cancelled", "34s: no more forks"}},
		{"nobody ever responds", []string{"1s: cancel"}, []string{"33s: over 487 cancelled unanswered"}},
		{"nobody responds in time", []string{"1s: cancel", "32s: 408"}, []string{"32s: over 408 cancelled"}},
		{"twice", []string{"1s: 180 a", "2s: cancel", "3s: cancel", "4s: 180 a", "5s: 487", "6s: cancel"}, []string{"1s: tell a ringing", "2s: CANCEL", "5s: over 487 cancelled"}},
		{"the 200 crosses the CANCEL", []string{"1s: 180 a", "2s: cancel", "2.1s: 200 a", "2.6s: 200 a"},
			[]string{"1s: tell a ringing", "2s: CANCEL", "2.1s: ACK+BYE a", "2.1s: over 487 cancelled", "2.6s: ACK a", "34.1s: no more forks"}},
		{"the 200 comes after that to the CANCEL", []string{"1s: 180 a", "2s: cancel", "20s: 200 a"},
			[]string{"1s: tell a ringing", "2s: CANCEL", "20s: ACK+BYE a", "20s: over 487 cancelled", "52s: no more forks"}},
		{"two 200 cross it", []string{"1s: 180 a", "2s: cancel", "2.1s: 200 a", "2.2s: 200 b"},
			[]string{"1s: tell a ringing", "2s: CANCEL", "2.1s: ACK+BYE a", "2.1s: over 487 cancelled", "2.2s: ACK+BYE b", "34.1s: no more forks"}},
		{"another final crosses it", []string{"1s: 180 a", "2s: cancel", "2.1s: 486"}, []string{"1s: tell a ringing", "2s: CANCEL", "2.1s: over 486 cancelled"}},
		{"a challenge crosses it", []string{"0s: 100", "2s: cancel", "2.1s: 407 worth"}, []string{"2s: CANCEL", "2.1s: over 407 cancelled"}},
		{"no final after the CANCEL", []string{"1s: 180 a", "2s: cancel", "10s: 180 a"}, []string{"1s: tell a ringing", "2s: CANCEL", "34s: over 487 cancelled unanswered"}},
		{"the 200 comes after we gave up", []string{"1s: 180 a", "2s: cancel", "40s: 200 a"}, []string{"1s: tell a ringing", "2s: CANCEL", "34s: over 487 cancelled unanswered", "40s: ACK+BYE a"}},
		{"before the challenged INVITE has a response", []string{"0s: 100", "1s: 407 worth", "1.5s: cancel", "2s: 100", "3s: 487"},
			[]string{"1s: INVITE", "2s: CANCEL", "3s: over 487 cancelled"}},
		{"in the pause after a 491", []string{"1s: 491", "2s: cancel", "9s: cancel"}, []string{"2s: over 487 cancelled"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, played(t, newUAC(rfcTiming(), middle, 0), c.script)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestInvitesAreSentAgainWhereItMayHelp(t *testing.T) {
	for _, c := range []struct {
		name         string
		script, want []string
	}{
		{"challenged", []string{"1s: 407 worth", "2s: 401 worth", "3s: 200 a"}, []string{"1s: INVITE", "2s: INVITE", "3s: answered a", "35s: no more forks"}},
		{"a password that is wrong", []string{"1s: 401 worth", "2s: 401"}, []string{"1s: INVITE", "2s: over 401"}},
		{"no account", []string{"1s: 407"}, []string{"1s: over 407"}},
		{"the session is too short for them", []string{"1s: 422 worth", "2s: 200 a"}, []string{"1s: INVITE", "2s: answered a", "34s: no more forks"}},
		{"and again", []string{"1s: 422 worth", "2s: 422 worth"}, []string{"1s: INVITE", "2s: over 422"}},
		{"and they do not say by how much", []string{"1s: 422"}, []string{"1s: over 422"}},
		{"they are not ready", []string{"1s: 491", "5s: 200 a"}, []string{"4.05s: INVITE", "5s: answered a", "37s: no more forks"}},
		{"and again not", []string{"1s: 491", "5s: 491"}, []string{"4.05s: INVITE", "5s: over 491"}},
		{"nothing counts in the pause", []string{"1s: 491", "2s: 180 a", "2s: 486", "2.5s: 200 a", "5s: 486"}, []string{"2.5s: ACK+BYE a", "4.05s: INVITE", "5s: over 486"}},
		{"all of it", []string{"1s: 407 worth", "2s: 422 worth", "3s: 491", "7s: 401 worth", "8s: 183 a sdp", "9s: 200 a"},
			[]string{"1s: INVITE", "2s: INVITE", "6.05s: INVITE", "7s: INVITE", "8s: tell a early", "9s: answered a", "41s: no more forks"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, played(t, newUAC(rfcTiming(), middle, 0), c.script)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	endless := slices.Repeat([]string{"1s: 401 worth"}, 100)
	if got := played(t, newUAC(rfcTiming(), middle, 0), endless); len(got) != maxInvites || got[maxInvites-1] != "1s: over 401" {
		t.Errorf("challenged without an end: %v", got)
	}
}

// A peer cannot make us remember more dialogs than there may be, and each 2xx of
// more is still confirmed and ended.
func TestForksAreRememberedUpToABound(t *testing.T) {
	u := newUAC(rfcTiming(), middle, 0)
	for i := range 3 * maxEarlyDialogs {
		u.provisional(0, 180, strconv.Itoa(i), false)
	}
	for i := range 3 * maxEarlyDialogs {
		want := uacAckAndBye
		if i == 0 {
			want = uacAnswered
		}
		if steps := u.success(0, strconv.Itoa(i)); len(steps) != 1 || steps[0].do != want || steps[0].tag != strconv.Itoa(i) {
			t.Errorf("2xx %d: %v", i, steps)
		}
	}
	if len(u.early) > maxEarlyDialogs || len(u.up) > maxEarlyDialogs {
		t.Errorf("%d early dialogs and %d answered ones", len(u.early), len(u.up))
	}
	if steps := u.tick(32 * sec); len(steps) != 1 || steps[0].do != uacNoMoreForks || len(u.early) != 0 {
		t.Errorf("in the end %v, and %d early dialogs", steps, len(u.early))
	}
}

// uacRules are those that hold for any call of ours.
type uacRules struct {
	invites, cancels            int
	responded, gaveUp, up, over bool
	heard                       bool            // something came of them, if only a challenge
	tags                        map[string]bool // that had a 2xx
}

// check returns the rule that a step breaks, or "".
func (r *uacRules) check(s uacStep) string {
	ended := r.up || r.over
	switch s.do {
	case uacTell:
		if ended || r.gaveUp {
			return "told of a phone that nobody waits for"
		}
	case uacAnswered:
		if ended || r.gaveUp {
			return "answered after its end"
		}
		r.up = true
	case uacCancel:
		if r.cancels++; ended || !r.gaveUp || !r.responded || r.cancels > 1 {
			return "a CANCEL out of place"
		}
	case uacInvite:
		if r.invites++; ended || r.gaveUp || r.invites > maxInvites {
			return "an INVITE out of place"
		}
		r.responded = false
	case uacOver:
		if ended || s.cancelled != r.gaveUp || s.unanswered && r.heard && !r.gaveUp {
			return "an end out of place"
		}
		r.over = true
	case uacNoMoreForks:
		if !ended || len(r.tags) == 0 {
			return "forks given up out of place"
		}
	}
	return ""
}

// checkSuccess returns the rule that the steps after a 2xx break, or "".
func (r *uacRules) checkSuccess(tag string, steps []uacStep) string {
	if len(steps) == 0 || steps[0].tag != tag {
		return "a 2xx without an ACK"
	}
	want := uacAckAndBye
	switch {
	case r.tags[tag]:
		want = uacAck
	case !r.up && !r.over && !r.gaveUp:
		want = uacAnswered
	}
	r.tags[tag] = true
	if steps[0].do != want {
		return "another step than " + uacStep{do: want, tag: tag}.String()
	}
	return ""
}

func TestCallsOfOursKeepTheRules(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		patience := time.Duration(rapid.IntRange(0, 5).Draw(t, "patience")) * time.Second
		u := newUAC(rfcTiming(), func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "drawn") }, patience)
		rules := uacRules{invites: 1, tags: make(map[string]bool)}
		now, limit := time.Duration(0), time.Duration(-1)
		log := []string{}
		apply := func(event string, steps []uacStep) {
			log = append(log, fmt.Sprintf("%v: %s → %v", now, event, steps))
			for _, s := range steps {
				if broken := rules.check(s); broken != "" {
					t.Fatalf("%s:\n%s", broken, strings.Join(log, "\n"))
				}
			}
		}
		tick := func(until time.Duration) {
			for at, ok := u.due(); ok && at <= until; at, ok = u.due() {
				now = max(now, at)
				apply("tick", u.tick(now))
				if next, ok := u.due(); ok && next <= at {
					t.Fatalf("it is still due:\n%s", strings.Join(log, "\n"))
				}
			}
			now = until
		}
		for range rapid.IntRange(1, 40).Draw(t, "events") {
			tick(now + time.Duration(rapid.IntRange(0, 5000).Draw(t, "ms"))*time.Millisecond)
			event := rapid.SampledFrom([]string{"100", "180 a", "183 b sdp", "180 b", "200 a", "200 b", "200 c", "401 worth", "407 worth", "401", "422 worth", "491", "486", "503 9s", "cancel", "cancel"}).Draw(t, "event")
			pausing := u.state == uacPausing
			rules.responded = rules.responded || event[0] == '1' && !pausing
			rules.heard = rules.heard || event != "cancel"
			if event == "cancel" && !rules.up && !rules.over {
				rules.gaveUp = true
				limit = max(limit, now)
			}
			steps := u.happen(now, event)
			if event[0] == '2' && !pausing {
				if broken := rules.checkSuccess(event[4:], steps); broken != "" {
					t.Fatalf("%s, but %v:\n%s", broken, steps, strings.Join(log, "\n"))
				}
			} else if event[0] == '2' {
				rules.tags[event[4:]] = true
			}
			apply(event, steps)
		}
		// From giving up to CANCEL it takes 64·T1 at most, and as long again to the end.
		tick(now + 2*rfcTiming().limit())
		if rules.gaveUp && !rules.over {
			t.Fatalf("given up, and still not over:\n%s", strings.Join(log, "\n"))
		}
		if at, ok := u.due(); ok {
			t.Fatalf("it is due at %v:\n%s", at, strings.Join(log, "\n"))
		}
	})
}
