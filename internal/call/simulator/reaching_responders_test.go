package simulator_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/fault"
)

func TestTargetIsAResponder(t *testing.T) {
	for _, nothing := range []string{"", "2001", "responder.example", "ftp://responder.example/", "http://", "/path", "http://[::1", "http://a b/"} {
		for name, call := range map[string]func() error{
			"call": func() error { _, err := simulator.Call(t.Context(), simulator.Options{Target: nothing}); return err },
			"ask":  func() error { _, err := simulator.Ask(t.Context(), simulator.Options{Target: nothing}); return err },
			"converse": func() error {
				_, err := simulator.Converse(t.Context(), simulator.Options{Target: nothing}).End()
				return err
			},
		} {
			known, ok := errors.AsType[*fault.Error](call())
			if !ok || known.Message != fmt.Sprintf("%q is not the URL of a responder", nothing) || known.Hint == "" {
				t.Errorf("%s %q: error %v", name, nothing, known)
			}
		}
	}
}

func TestResponderOnThisMachineMayUseThisMachine(t *testing.T) {
	files := httptest.NewServer(documents{})
	defer files.Close()
	responder := httptest.NewServer(documents{"/": `<Play>` + files.URL + `/1s.wav</Play>`})
	defer responder.Close()
	result := place(t, simulator.Options{Target: responder.URL})
	same(t, []string{"0.00 plays " + files.URL + "/1s.wav (1 s)", "1.00 hangs up: the document ended (end)"}, result)
}

func TestResponderOnThisMachineMayUseNoPrivateNetwork(t *testing.T) {
	responder := httptest.NewServer(documents{"/": `<Say action="http://192.168.1.1/">Hello.</Say>`})
	defer responder.Close()
	result := place(t, simulator.Options{Target: responder.URL})
	if story := strings.Join(told(result.Events), "\n"); !strings.Contains(story, "192.168.1.1:80 is a private address and may not be asked") || !result.Outcome.Failed {
		t.Errorf("the call:\n%s", story)
	}
}

func TestResponderMayTakeItsTime(t *testing.T) {
	slow := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(20 * time.Second): // by the bubble's clock
		case <-r.Context().Done():
		}
		documents{"/": `<Say>Here I am.</Say>`}.ServeHTTP(w, r)
	})
	for timeout, want := range map[time.Duration]string{
		0:                "took the request but sent nothing in 15 s",
		5 * time.Second:  "took the request but sent nothing in 5 s",
		30 * time.Second: `"Here I am."`,
	} {
		synctest.Test(t, func(t *testing.T) {
			result := place(t, simulator.Options{Handler: slow, Timeout: timeout})
			if story := strings.Join(told(result.Events), "\n"); !strings.Contains(story, want) {
				t.Errorf("with %v, the call:\n%s", timeout, story)
			}
		})
	}
}

func TestAskGivesTheAnswer(t *testing.T) {
	var asked []string
	response, err := simulator.Ask(t.Context(), simulator.Options{Target: target + "?x=1", Handler: recorded(&asked, documents{"/": `<html/>`}), From: "1001", Method: "POST"})
	if err != nil || response.Status != 200 || string(response.Body) != `<html/>` {
		t.Errorf("%+v, %v", response, err)
	}
	if len(asked) != 1 || !strings.HasPrefix(asked[0], "POST /?x=1&NmsAni=1001&NmsDnis=2125550100&") {
		t.Errorf("asked %q", asked)
	}
}

// TestManyCallsAtOnce makes calls of one responder side by side: none hears
// what another one did.
func TestManyCallsAtOnce(t *testing.T) {
	responder := httptest.NewServer(documents{
		"/": `<Gather numDigits="1" action="next"/>`, "/next": `<Say>Thanks.</Say>`,
	})
	defer responder.Close()
	var calling sync.WaitGroup
	for i := range 32 {
		calling.Go(func() {
			key := fmt.Sprint(i % 10)
			result, err := simulator.Call(t.Context(), simulator.Options{Target: responder.URL, Answers: []simulator.Step{{Do: simulator.Press, Text: key}}})
			if err != nil {
				t.Error(err)
				return
			}
			if gathered, ok := result.Events[2].Event.(trace.Gather); !ok || gathered.Digits != key {
				t.Errorf("call %d: %q", i, told(result.Events))
			}
		})
	}
	calling.Wait()
}

// TestStepsComeWhileTheCallStandsStill talks step by step, and checks that the
// call's clock waits for the next step.
func TestStepsComeWhileTheCallStandsStill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := simulator.Converse(t.Context(), simulator.Options{Target: target, Handler: twoQuestions})
		do := func(step simulator.Step) {
			t.Helper()
			if err := c.Do(step); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Hour) // the test thinks, by the bubble's clock
		}
		do(simulator.Step{Do: simulator.Expect, Text: "now"})
		do(simulator.Step{Do: simulator.Press, Text: "12#"})
		if heard, expected := c.Heard(); len(heard) != 3 || expected != 3 {
			t.Errorf("heard %q, expected up to %d", heard, expected)
		}
		do(simulator.Step{Do: simulator.Expect, Text: "why"})
		do(simulator.Step{Do: simulator.Wait, For: time.Second})
		do(simulator.Step{Do: simulator.Hangup})
		result, err := c.End()
		if err != nil {
			t.Fatal(err)
		}
		same(t, []string{
			welcome, code, now, `3.27 gather "12" "" finishOnKey`, `3.27 "Why do you call?"`, `5.68 gather "" "" hangup`,
			"5.68 hangs up: the caller hung up (caller)",
		}, result)
		if by, to := result.Ended(); by != simulator.ByCaller || to != "" {
			t.Errorf("ended by %q, forwarded to %q", by, to)
		}
		if err := c.Do(simulator.Step{Do: simulator.Press, Text: "1"}); err == nil || !strings.HasPrefix(err.Error(), "the caller could not press 1: the call ended first.\n") {
			t.Errorf("error %v", err)
		}
	})
}

func TestConversationEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hangs := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		c := simulator.Converse(ctx, simulator.Options{Target: target, Handler: hangs})
		if err := c.Do(simulator.Step{Do: simulator.Expect, Text: "hello"}); err == nil {
			t.Error("something was heard")
		}
		result, err := c.End()
		if err != nil || result.Outcome.By != trace.ByEngine {
			t.Errorf("%+v, %v", result, err)
		}
	})
}
