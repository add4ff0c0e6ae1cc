package dialog

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// aTimer returns the timer of a call whose sides agreed on 30 minutes at time 0.
func aTimer(ours bool) sessionTimer {
	t := newSessionTimer(rfcTiming(), leastSession, usualSession)
	t.set(usualSession, ours, 0)
	return t
}

func TestSessionExpiresIsRead(t *testing.T) {
	for text, want := range map[string]sessionExpires{
		"1800":                                {1800 * sec, ""},
		" 1800 ; refresher=uac ":              {1800 * sec, refresherUAC},
		"90;refresher=UAS":                    {90 * sec, refresherUAS},
		"90;Refresher = \"uac\";x":            {90 * sec, refresherUAC},
		"90;refresher=proxy":                  {90 * sec, ""},
		"90;note=\"a;refresher=uas\"":         {90 * sec, ""},
		"4294967295":                          {4294967295 * sec, ""},
		"99999999999999999999999":             {4294967295 * sec, ""},
		"0":                                   {},
		"":                                    {},
		"-90":                                 {},
		"90.5":                                {},
		"ninety;refresher=uac":                {},
		";refresher=uac":                      {},
		"1800, 90":                            {},
		"00000000000000000000000000000000090": {90 * sec, ""},
	} {
		if got, ok := parseSessionExpires(text); got != want || ok != (want.interval > 0) {
			t.Errorf("%q is read as %+v, %t, want %+v", text, got, ok, want)
		}
	}
	if d, ok := parseMinSE(" 120;why=load"); d != 120*sec || !ok {
		t.Errorf("Min-SE is read as %v, %t", d, ok)
	}
	if got := writeSeconds(1500 * ms); got != "2" {
		t.Errorf("1.5 s are written as %s", got)
	}
}

// FuzzSessionExpires: what is read is in bounds, and what is written of it is
// read as the same.
func FuzzSessionExpires(f *testing.F) {
	for _, seed := range []string{"1800;refresher=uac", "90", `1;a="\";refresher=uas";refresher=uas`, ";;=;", `"`, `1;refresher="\`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, ok := parseSessionExpires(text)
		if ok != (s.interval > 0) || s.interval > maxSeconds*time.Second || !ok && s.refresher != "" {
			t.Fatalf("%q is read as %+v, %t", text, s, ok)
		}
		if !ok {
			return
		}
		if again, ok := parseSessionExpires(s.String()); again != s || !ok {
			t.Fatalf("%q is written as %q, and read as %+v", text, s, again)
		}
	})
}

func TestWhoRefreshesIsAgreedOn(t *testing.T) {
	for _, c := range []struct {
		name  string
		asked timerFields
		want  timerFields
	}{
		{"they know no timer", timerFields{}, timerFields{}},
		{"a proxy asks", timerFields{expires: sessionExpires{1800 * sec, ""}}, timerFields{expires: sessionExpires{1800 * sec, refresherUAS}}},
		{"nobody asks", timerFields{timer: true}, timerFields{expires: sessionExpires{1800 * sec, refresherUAS}, timer: true}},
		{"left to us", timerFields{expires: sessionExpires{1800 * sec, ""}, timer: true}, timerFields{expires: sessionExpires{1800 * sec, refresherUAS}, timer: true}},
		{"they do it", timerFields{expires: sessionExpires{1800 * sec, refresherUAC}, timer: true}, timerFields{expires: sessionExpires{1800 * sec, refresherUAC}, timer: true}},
		{"we do it", timerFields{expires: sessionExpires{1800 * sec, refresherUAS}, timer: true}, timerFields{expires: sessionExpires{1800 * sec, refresherUAS}, timer: true}},
		{"they do it, without Supported", timerFields{expires: sessionExpires{1800 * sec, refresherUAC}}, timerFields{expires: sessionExpires{1800 * sec, refresherUAC}, timer: true}},
		{"shorter than ours", timerFields{expires: sessionExpires{90 * sec, ""}, timer: true}, timerFields{expires: sessionExpires{90 * sec, refresherUAS}, timer: true}},
		{"longer than ours", timerFields{expires: sessionExpires{7200 * sec, ""}, timer: true}, timerFields{expires: sessionExpires{1800 * sec, refresherUAS}, timer: true}},
		{"longer, and no shorter", timerFields{expires: sessionExpires{7200 * sec, ""}, min: 3600 * sec, timer: true}, timerFields{expires: sessionExpires{3600 * sec, refresherUAS}, timer: true}},
		{"nobody asks, but not for less", timerFields{min: 3600 * sec, timer: true}, timerFields{expires: sessionExpires{3600 * sec, refresherUAS}, timer: true}},
		{"a proxy asks for too little", timerFields{expires: sessionExpires{30 * sec, ""}}, timerFields{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			timer := newSessionTimer(rfcTiming(), leastSession, usualSession)
			if _, ok := timer.admit(c.asked); !ok {
				t.Fatal("refused")
			}
			if got := timer.accept(c.asked, sec); got != c.want {
				t.Errorf("answered %+v, want %+v", got, c.want)
			}
			if at, ok := timer.due(); ok != (c.want.expires.interval > 0) || ok && at <= sec {
				t.Errorf("due at %v, %t", at, ok)
			}
		})
	}
}

func TestSessionsThatAreTooShortAreRefused(t *testing.T) {
	timer := newSessionTimer(rfcTiming(), leastSession, usualSession)
	if minSE, ok := timer.admit(timerFields{expires: sessionExpires{89 * sec, ""}, timer: true}); ok || minSE != 90*sec {
		t.Errorf("89 s: Min-SE %v, %t", minSE, ok)
	}
	if _, ok := timer.admit(timerFields{expires: sessionExpires{90 * sec, ""}, timer: true}); !ok {
		t.Error("90 s are refused")
	}
}

// A 422 is answered with the interval that it wants, once for each that it wants.
func TestRefusedIntervalIsRaised(t *testing.T) {
	timer := newSessionTimer(rfcTiming(), leastSession, usualSession)
	if got := timer.request(); got != (timerFields{expires: sessionExpires{1800 * sec, ""}, timer: true}) {
		t.Errorf("asked at first: %+v", got)
	}
	if timer.raise(1800 * sec) {
		t.Error("the same request is sent again to one that refused it")
	}
	if !timer.raise(3600 * sec) {
		t.Fatal("not sent again")
	}
	if got := timer.request(); got != (timerFields{expires: sessionExpires{3600 * sec, ""}, min: 3600 * sec, timer: true}) {
		t.Errorf("asked again: %+v", got)
	}
	timer.accepted(timerFields{expires: sessionExpires{3600 * sec, refresherUAC}}, 0)
	if got := timer.request(); got != (timerFields{expires: sessionExpires{3600 * sec, refresherUAC}, min: 3600 * sec, timer: true}) {
		t.Errorf("refreshed with %+v", got)
	}
}

func TestIntervalsOfTestsAreShort(t *testing.T) {
	timer := newSessionTimer(timing{t1: 10 * ms, t2: 40 * ms}, 2*sec, 4*sec)
	if got := timer.request(); got != (timerFields{expires: sessionExpires{4 * sec, ""}, min: 2 * sec, timer: true}) {
		t.Errorf("asked: %+v", got)
	}
}

func TestSessionsAreRefreshedAndEndInTime(t *testing.T) {
	for _, c := range []struct {
		interval, refresh, end time.Duration
	}{
		{1800 * sec, 900 * sec, 1768 * sec},
		{90 * sec, 45 * sec, 60 * sec},
		{96 * sec, 48 * sec, 64 * sec},
		{120 * sec, 60 * sec, 88 * sec},
		{1 * sec, 4 * sec, 8*sec - 8*sec/3}, // lengthened to 8 s
	} {
		for _, refreshes := range []refresher{"", refresherUAC, refresherUAS} {
			timer := newSessionTimer(rfcTiming(), leastSession, usualSession)
			timer.accepted(timerFields{expires: sessionExpires{c.interval, refreshes}}, sec)
			var want []event
			if refreshes != refresherUAS {
				want = append(want, event{sec + c.refresh, timerRefresh})
			}
			want = append(want, event{sec + c.end, timerOver})
			if diff := cmp.Diff(want, ticked(&timer), cmp.AllowUnexported(event{})); diff != "" {
				t.Errorf("%v;refresher=%s (-want +got):\n%s", c.interval, refreshes, diff)
			}
		}
	}
}

// event is what a timer wants at its time.
type event struct {
	at   time.Duration
	does timerAction
}

// ticked runs a timer to the end that nobody answers.
func ticked(t *sessionTimer) (all []event) {
	for {
		at, ok := t.due()
		if !ok {
			return all
		}
		if does := t.tick(at); does != timerNothing {
			all = append(all, event{at, does})
		}
	}
}

func TestUnansweredRefreshEndsTheCall(t *testing.T) {
	for _, status := range []int{408, 481} {
		timer := aTimer(true)
		timer.tick(900 * sec)
		if got := timer.refused(status, 0, 932*sec); got != timerOver {
			t.Errorf("after %d it does %d", status, got)
		}
		if _, ok := timer.due(); ok {
			t.Errorf("after %d it goes on", status)
		}
	}
}

func TestRefusedRefreshIsTriedAgainUntilTheEnd(t *testing.T) {
	timer := aTimer(true)
	var all []event
	for at, ok := timer.due(); ok; at, ok = timer.due() {
		does := timer.tick(at)
		all = append(all, event{at, does})
		if does == timerRefresh {
			timer.refused(500, 0, at)
		}
	}
	want := []event{
		{900 * sec, timerRefresh}, {1334 * sec, timerRefresh}, {1551 * sec, timerRefresh}, {1659500 * ms, timerRefresh}, {1713750 * ms, timerRefresh},
		{1740875 * ms, timerRefresh}, {1754437500 * time.Microsecond, timerRefresh}, {1762437500 * time.Microsecond, timerRefresh}, {1768 * sec, timerOver},
	}
	if diff := cmp.Diff(want, all, cmp.AllowUnexported(event{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	timer = aTimer(true)
	timer.tick(900 * sec)
	timer.refused(503, 600*sec, 900*sec)
	if at, _ := timer.due(); at != 1500*sec {
		t.Errorf("Retry-After: 600 is tried again at %v", at)
	}
}

func TestRefreshOfTheirsKeepsTheCall(t *testing.T) {
	timer := aTimer(false)
	reply := timer.accept(timerFields{expires: sessionExpires{1800 * sec, refresherUAC}, timer: true}, 1767*sec)
	if reply.expires != (sessionExpires{1800 * sec, refresherUAC}) {
		t.Errorf("answered %+v", reply)
	}
	if at, _ := timer.due(); at != (1767+1768)*sec {
		t.Errorf("the call ends at %v", at)
	}
}

func TestMessagesWithoutTimerFields(t *testing.T) {
	for _, c := range []struct {
		name string
		take func(*sessionTimer)
		ours bool
		goes bool
	}{
		{"request of theirs, they refresh", func(s *sessionTimer) { s.accept(timerFields{}, sec) }, false, false},
		{"request of theirs, we refresh", func(s *sessionTimer) { s.accept(timerFields{}, sec) }, true, true},
		{"request of theirs that knows timers", func(s *sessionTimer) { s.accept(timerFields{timer: true}, sec) }, false, true},
		{"2xx of theirs, they refresh", func(s *sessionTimer) { s.accepted(timerFields{}, sec) }, false, false},
		{"2xx of theirs, we refresh", func(s *sessionTimer) { s.accepted(timerFields{}, sec) }, true, true},
	} {
		timer := aTimer(c.ours)
		c.take(&timer)
		if at, ok := timer.due(); ok != c.goes {
			t.Errorf("%s: it goes on: %t, want %t", c.name, ok, c.goes)
		} else if ok && (timer.ours != c.ours || at <= 900*sec) {
			t.Errorf("%s: we refresh: %t, due at %v", c.name, timer.ours, at)
		}
	}
	timer := newSessionTimer(rfcTiming(), leastSession, usualSession)
	timer.accepted(timerFields{}, 0)
	if got := timer.request(); got != (timerFields{timer: true}) {
		t.Errorf("a peer without timers is asked again: %+v", got)
	}
	if _, ok := timer.due(); ok {
		t.Error("a peer without timers has one")
	}
}

// pair is two sides of one call, whose requests take their time.
type pair struct {
	t     *rapid.T
	sides [2]sessionTimer
	now   time.Duration
}

// send has one side send an INVITE or UPDATE that the other answers 2xx, perhaps
// after 422.
func (p *pair) send(who int) {
	from, to := &p.sides[who], &p.sides[1-who]
	for refused := 0; ; refused++ {
		request := from.request()
		p.pass()
		minSE, ok := to.admit(request)
		if ok {
			reply := to.accept(request, p.now)
			p.pass()
			from.accepted(reply, p.now)
			return
		}
		if p.pass(); !from.raise(minSE) || refused > 0 {
			p.t.Fatalf("%+v is refused with Min-SE %v, %d times", request, minSE, refused+1)
		}
	}
}

// pass lets a message's time on the way pass.
func (p *pair) pass() {
	p.now += time.Duration(rapid.IntRange(1, 2000).Draw(p.t, "ms on the way")) * ms
}

// due returns the side that is due first.
func (p *pair) due() (who int, at time.Duration, ok bool) {
	first, one := p.sides[0].due()
	second, other := p.sides[1].due()
	if !one || other && second < first {
		return 1, second, other
	}
	return 0, first, one
}

// check fails unless the sides agree, and the one that does not refresh outwaits
// the one that does.
func (p *pair) check() {
	a, b := p.sides[0], p.sides[1]
	if a.interval != b.interval {
		p.t.Fatalf("one session lasts %v, the other %v", a.interval, b.interval)
	}
	if a.interval == 0 {
		return
	}
	if a.ours == b.ours {
		p.t.Fatalf("both sides refresh: %t", a.ours)
	}
	if a.ours && a.next >= b.end || b.ours && b.next >= a.end {
		p.t.Fatalf("the refresh comes too late: %+v, %+v", a, b)
	}
}

func aPair(t *rapid.T) *pair {
	p := &pair{t: t}
	for i := range p.sides {
		least := time.Duration(rapid.IntRange(90, 900).Draw(t, "least")) * sec
		p.sides[i] = newSessionTimer(rfcTiming(), least, time.Duration(rapid.IntRange(90, 3600).Draw(t, "wanted"))*sec)
	}
	return p
}

// Two sides with any settings that refresh, hold in between, and refuse a refresh
// now and then, but not twice in a row, stay in their call.
func TestTwoSidesKeepTheirCall(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := aPair(t)
		p.send(0)
		refused := false
		for range rapid.IntRange(1, 30).Draw(t, "events") {
			p.check()
			if rapid.IntRange(0, 3).Draw(t, "what") == 0 {
				p.send(rapid.IntRange(0, 1).Draw(t, "who holds"))
				refused = false
				continue
			}
			who, at, ok := p.due()
			if !ok {
				t.Fatal("the session has no end")
			}
			p.now = at
			if does := p.sides[who].tick(at); does != timerRefresh {
				t.Fatalf("side %d does %d at %v", who, does, at)
			}
			if refused = !refused && rapid.Bool().Draw(t, "refused"); refused {
				p.sides[who].refused(rapid.SampledFrom([]int{488, 491, 500, 503}).Draw(t, "status"), 0, p.now)
				continue
			}
			p.send(who)
		}
	})
}

// If one side is gone, the other ends the call before the session's end: at the
// refresh that is not answered, or when none comes.
func TestCallEndsWithoutTheOtherSide(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := aPair(t)
		p.send(0)
		left := &p.sides[rapid.IntRange(0, 1).Draw(t, "who is left")]
		end := p.now + left.interval
		refreshes := 0
		for {
			at, ok := left.due()
			if !ok {
				t.Fatal("it waits for ever")
			}
			p.now = max(p.now, at)
			does := left.tick(p.now)
			if does == timerRefresh {
				refreshes++
				p.now += left.timing.limit()
				does = left.refused(408, 0, p.now)
			}
			if does == timerOver {
				break
			}
		}
		if p.now > end || refreshes > 1 {
			t.Fatalf("it ends at %v, after %d refreshes; its session at %v", p.now, refreshes, end)
		}
	})
}
