package clicktocall_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/netsapiens/nstest"
)

// stranger is a number that no button ever called.
const stranger = "12125550177"

// answered is all that somebody sees of an answer: its time, too.
type answered struct {
	Took   time.Duration
	Status int
	Header http.Header
	Body   string
}

// once are the parts of a page that no two pages share, and the number that is
// asked about.
var once = regexp.MustCompile(`(data-challenge|data-bits|value)="[^"]*"`)

// timed returns what somebody sees who sends the form.
func (v *victim) timed(address string, fields url.Values) answered {
	v.t.Helper()
	began := time.Now()
	w := v.send(address, fields)
	return answered{time.Since(began), w.Code, w.Header(), once.ReplaceAllString(w.Body.String(), `$1=""`)}
}

// alike fails where two numbers are told apart by what the page answers.
func alike(t *testing.T, what string, called, uncalled answered) {
	t.Helper()
	if diff := cmp.Diff(uncalled, called); diff != "" {
		t.Errorf("%s: the answer tells whom we called (-stranger +called):\n%s", what, diff)
	}
}

func asking(number string) url.Values { return url.Values{"number": {number}, "by": {"text"}} }

func giving(number, code string) url.Values { return url.Values{"number": {number}, "code": {code}} }

func TestAnswerDoesNotTellWhomWeCalled(t *testing.T) {
	for name, breaks := range map[string]func(v *victim){
		"the phone system takes texts":  func(*victim) {},
		"the phone system hangs":        func(v *victim) { v.system.Break(nstest.SendMessage, nstest.Always, nstest.Silent()) },
		"the phone system fails":        func(v *victim) { v.system.Break(nstest.SendMessage, 1, nstest.Says(503, "")) },
		"the phone system refuses":      func(v *victim) { v.system.Break(nstest.SendMessage, 1, nstest.Says(400, "")) },
		"all codes of the day are sent": func(v *victim) { v.useUpCodes() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := startNever(t)
				v.called(number)
				breaks(v)
				alike(t, "asking", v.timed("192.0.2.7", asking(number)), v.timed("203.0.113.7", asking(stranger)))
				alike(t, "asking again", v.timed("192.0.2.7", asking(number)), v.timed("203.0.113.7", asking(stranger)))
				alike(t, "guessing", v.timed("192.0.2.7", giving(number, "x")), v.timed("203.0.113.7", giving(stranger, "x")))
			})
		})
	}
}

// useUpCodes has codes sent to the number and to others, until there are no more
// in a day.
func (v *victim) useUpCodes() {
	v.t.Helper()
	v.send("198.51.100.1", asking(number))
	time.Sleep(time.Hour)
	for i := 0; len(v.system.Messages()) < 200; i++ {
		if i > 400 {
			v.t.Fatalf("%d codes were sent", len(v.system.Messages()))
		}
		v.called(anyNumber(i))
		v.send(fmt.Sprintf("%d.%d.0.1", 31+i%90, i/90), asking(anyNumber(i)))
	}
}

func TestRequestsWithoutWorkOfOneNetworkHaveTwoCodesSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := startNever(t)
		for i := range 1000 {
			if i < 50 {
				v.called(anyNumber(i))
			}
			v.sendBare(fmt.Sprintf("192.0.2.%d", 1+i%250), asking(anyNumber(i%50)))
		}
		if n := len(v.system.Messages()); n != 2 {
			t.Errorf("%d codes were sent", n)
		}
	})
}

func TestCodeIsGuessedAHundredTimesByAllTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := startNever(t)
		v.called(number)
		v.send(visitor, asking(number))
		code := v.code()
		for i := range 500 {
			v.send(fmt.Sprintf("%d.%d.0.1", 31+i%90, i/90), giving(number, "x"))
		}
		if w := v.send("203.0.113.1", giving(number, code)); w.Code != 403 || v.suppressed() != nil {
			t.Errorf("the right code is taken after 500 wrong ones of 500 networks: %d", w.Code)
		}
		whole := v.whole()
		for _, guess := range []string{code + " 00000000", "00000000" + whole[8:], whole + "0", whole[:16]} {
			if w := v.send("203.0.113.1", giving(number, guess)); w.Code != 403 || v.suppressed() != nil {
				t.Errorf("%q is taken for the whole code: %d", guess, w.Code)
			}
		}
		if w := v.send("203.0.113.1", giving(number, whole)); w.Code != 200 || v.suppressed() == nil {
			t.Errorf("the victim gives the whole code, and hears %d", w.Code)
		}
	})
}

// TestGuessCountsWhereThereIsNoCode: what is not counted is done sooner, and that
// tells whether a code was sent.
func TestGuessCountsWhereThereIsNoCode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := startNever(t)
		for range 5 {
			v.send(visitor, giving(number, "x"))
		}
		v.called(number)
		v.send("203.0.113.1", asking(number))
		if w := v.send(visitor, giving(number, v.code())); w.Code != 403 || v.suppressed() != nil {
			t.Errorf("the guesses before it were for nothing: %d", w.Code)
		}
	})
}
