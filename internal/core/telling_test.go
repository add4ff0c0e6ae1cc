package core_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/fetch"
	"github.com/switchhook/switchhook/netsapiens"
	"github.com/switchhook/switchhook/responder"
)

func TestSubscriberIsToldOfTextsBothWays(t *testing.T) {
	s, hook := newTelling(t, loopback).run(), newSubscriber(t, nil)
	key := s.subscribe(domain, "message", hook.listen()+"/events", nil)
	sent, err := s.SendText(t.Context(), text())
	s.must(err)
	first := hook.wait(1)[0]
	if len(first.events) != 1 || first.events[0]["id"] != sent.ID || first.events[0]["direction"] != "term" || first.events[0]["dialed"] != "19734321440" {
		t.Errorf("out: %v", first.events)
	}
	if first.header.Get("X-Correlation-ID") == "" || first.header.Get("Content-Type") != "application/json" || first.path != "/events" {
		t.Errorf("posted to %s with %v", first.path, first.header)
	}
	came := s.receive("STOP")
	second := hook.wait(2)[1]
	in := second.events[0]
	if in["id"] != came.ID || in["direction"] != "orig" || in["from-number"] != "19734321440" || in["text"] != "STOP" ||
		in["terminating-user-id"] != "8001@example.net" || in["from-user-id"] != nil || in["messagesession-id"] != session {
		t.Errorf("in: %v", in)
	}
	read, err := netsapiens.ParseMessageEvents(second.body)
	want := netsapiens.Message{ID: came.ID, Time: s.now, Type: "sms", Domain: domain, Direction: netsapiens.Inbound, From: "19734321440", To: "19294873999",
		ToUser: "8001@example.net", Text: "STOP", Status: "received", Session: session}
	if diff := cmp.Diff([]netsapiens.MessageEvent{{Message: want}}, read); diff != "" || err != nil {
		t.Errorf("as the client reads it, %v (-want +got):\n%s", err, diff)
	}
	s.stop()
	if got := s.subscription(key); got != [3]string{"active", "0", "2"} {
		t.Errorf("the subscription is %v", got)
	}
}

func TestSubscriberIsToldOfCalls(t *testing.T) {
	s, hook := newTelling(t, loopback).run(), newSubscriber(t, nil)
	address := hook.listen()
	s.subscribe(domain, "call", address+"/call", nil)
	s.subscribe(core.Everybody, "cdr", address+"/cdr", fields{"user": "8001"})
	s.subscribe(domain, "cdr", address+"/nobody", fields{"user": "8002"})
	s.rule("webresponder8001", s.responder(responder.Say{Text: "Hello."}))
	if _, _, _, err := s.place("+19734321440", "2125550100"); err != nil {
		t.Fatal(err)
	}
	s.stop() // posts what waits
	told := map[string][]fields{}
	for _, p := range hook.posts() {
		told[p.path] = append(told[p.path], p.events...)
	}
	if len(told["/call"]) != 2 || len(told["/cdr"]) != 1 || len(told["/nobody"]) != 0 {
		t.Fatalf("told of %v", told)
	}
	begin, end, record := told["/call"][0], told["/call"][1], told["/cdr"][0]
	if begin["remove"] != nil || end["remove"] != "yes" || begin["call-session-id"] == "" || begin["call-session-id"] != end["call-session-id"] {
		t.Errorf("from %v to %v", begin, end)
	}
	got := []any{begin["call-orig-call-id"], begin["call-term-call-id"], begin["caller-id-number"], begin["call-dialed-number"], begin["call-orig-match-uri"], begin["call-term-user"], begin["call-start-datetime"]}
	want := []any{s.asked[0].OrigCallID, s.asked[0].TermCallID, "+19734321440", "2125550100", "8001@example.net", "webresponder8001", "2026-03-04T12:00:00Z"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the call (-want +got):\n%s", diff)
	}
	if record["call-orig-call-id"] != begin["call-orig-call-id"] || record["call-disconnect-reason-text"] != "Term: Bye" || record["call-total-duration-seconds"] != 0.0 || record["domain"] != domain {
		t.Errorf("the record is %v", record)
	}
}

func TestEachResponderOfACallIsALegOfItsOwn(t *testing.T) {
	s, hook := newTelling(t, loopback).run(), newSubscriber(t, nil)
	s.user("8002", "webresponder8002")
	s.rule("webresponder8001", s.responder(responder.Forward{To: "user_8002"}))
	s.rule("webresponder8002", s.responder(responder.Say{Text: "Second."}))
	s.subscribe(domain, "call", hook.listen(), nil)
	if _, _, _, err := s.place("+19734321440", "2125550100"); err != nil {
		t.Fatal(err)
	}
	s.stop()
	var legs []string
	for _, p := range hook.posts() {
		for _, e := range p.events {
			legs = append(legs, fmt.Sprint(e["call-orig-match-uri"], " ", e["remove"]))
		}
	}
	if diff := cmp.Diff([]string{"8001@example.net <nil>", "8001@example.net yes", "8002@example.net <nil>", "8002@example.net yes"}, legs); diff != "" {
		t.Errorf("legs (-want +got):\n%s", diff)
	}
}

func TestAnswersAboveFoundCountAsErrors(t *testing.T) {
	for _, row := range []struct {
		answer int
		want   [3]string
	}{
		{200, [3]string{"active", "0", "1"}},
		{302, [3]string{"active", "0", "1"}},
		{307, [3]string{"error", "1", "1"}},
		{404, [3]string{"error", "1", "1"}},
		{500, [3]string{"error", "1", "1"}}, // once, as the test stops it there
	} {
		s, hook := newTelling(t, loopback).run(), newSubscriber(t, func(int) int { return row.answer })
		key := s.subscribe(domain, "message", hook.listen(), nil)
		s.receive("STOP")
		hook.wait(1)
		s.stop()
		if got := s.subscription(key); got != row.want {
			t.Errorf("after %d the subscription is %v, want %v", row.answer, got, row.want)
		}
		s.must(s.UpdateSubscription(t.Context(), domain, key.ID, fields{"error-count": 0, "posts-count": 0}.json(t)))
		if got := s.subscription(key); got != [3]string{row.want[0], "0", "0"} {
			t.Errorf("after a reset it is %v", got)
		}
	}
}

func TestPrivateAddressesAreNotPostedTo(t *testing.T) {
	s, hook := newTelling(t, fetch.Options{}).run(), newSubscriber(t, nil)
	key := s.subscribe(domain, "message", hook.listen(), nil)
	s.receive("STOP")
	s.stop()
	if got := s.subscription(key); got != [3]string{"error", "1", "1"} || len(hook.posts()) != 0 {
		t.Errorf("the subscription is %v after %d posts", got, len(hook.posts()))
	}
}

// TestFailingSubscriberIsAskedAgain has a subscriber that is away for a while,
// and events that happen meanwhile.
func TestFailingSubscriberIsAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hook := newSubscriber(t, func(post int) int { return []int{503, 429, 200, 200}[post] })
		s := newTelling(t, piped(t, hook)).run()
		key := s.subscribe(domain, "message", "http://hooks.example.net/events?key=k", nil)
		began := time.Now()
		s.receive("One")
		synctest.Wait()
		s.receive("Two")
		s.receive("Three")
		<-time.After(time.Minute)
		s.stop()
		var got []string
		for _, p := range hook.posts() {
			texts := ""
			for _, e := range p.events {
				texts += fmt.Sprint(" ", e["text"])
			}
			got = append(got, p.at.Sub(began).String()+texts)
		}
		if diff := cmp.Diff([]string{"0s One", "1s One", "6s One", "6s Two Three"}, got); diff != "" {
			t.Errorf("posts (-want +got):\n%s", diff)
		}
		id := func(i int) string { return hook.posts()[i].header.Get("X-Correlation-ID") }
		if id(0) != id(1) || id(0) != id(2) || id(0) == id(3) {
			t.Error("what is posted again is not known by its id, or another thing is")
		}
		if got := s.subscription(key); got != [3]string{"active", "2", "4"} {
			t.Errorf("the subscription is %v", got)
		}
	})
}

func TestSubscriberThatStaysAwayIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		hook := newSubscriber(t, func(int) int { return 503 })
		s := newTellingWith(t, core.Config{Log: slog.New(slog.NewTextHandler(&log, nil))}, piped(t, hook)).run()
		key := s.subscribe(domain, "message", "http://hooks.example.net/events?key=k", nil)
		s.receive("One")
		<-time.After(time.Minute)
		s.stop()
		if got := s.subscription(key); got != [3]string{"error", "4", "4"} {
			t.Errorf("the subscription is %v", got)
		}
		if text := log.String(); !strings.Contains(text, "attempts=4 status=503") || strings.Contains(text, "One") || strings.Contains(text, "key=k") {
			t.Errorf("the log has %s", text)
		}
	})
}

func TestSubscriberThatHangsHoldsUpNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hook := newSubscriber(t, nil)
		hangs := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/hangs" {
				_, _ = io.Copy(io.Discard, r.Body) // else the end of the request is not seen
				<-r.Context().Done()
				return
			}
			hook.ServeHTTP(w, r)
		})
		s := newTelling(t, piped(t, hangs)).run()
		s.subscribe(domain, "message", "http://hooks.example.net/hangs", nil)
		s.subscribe(domain, "message", "http://hooks.example.net/events", nil)
		s.receive("One")
		synctest.Wait()
		if len(hook.posts()) != 1 {
			t.Errorf("%d posts while another subscriber hangs", len(hook.posts()))
		}
		began := time.Now()
		s.stop()
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("it stopped after %s", took)
		}
	})
}

func TestWhatWaitsAtTheEndIsPosted(t *testing.T) {
	hook := newSubscriber(t, nil)
	s := newTelling(t, loopback)
	s.subscribe(domain, "message", hook.listen(), nil)
	for i := range 250 {
		s.receive(fmt.Sprint("Text ", i))
	}
	s.run().stop()
	var sizes []int
	n := 0
	for _, p := range hook.posts() {
		for _, e := range p.events {
			if e["text"] != fmt.Sprint("Text ", n) {
				t.Fatalf("event %d is %v", n, e["text"])
			}
			n++
		}
		sizes = append(sizes, len(p.events))
	}
	if n != 250 || len(sizes) > 250 {
		t.Errorf("%d events in posts of %v", n, sizes)
	}
}

func TestEventsThatThereIsNoRoomForAreLostAndTold(t *testing.T) {
	var log bytes.Buffer
	s := newTellingWith(t, core.Config{Log: slog.New(slog.NewTextHandler(&log, nil))}, loopback)
	hook := newSubscriber(t, nil)
	s.subscribe(domain, "call", hook.listen(), nil)
	const room = 4096
	for range room + 5 {
		s.receive("Text")
	}
	s.run().stop()
	if !strings.Contains(log.String(), "events lost") || !strings.Contains(log.String(), "events=5") {
		t.Errorf("the log has %s", &log)
	}
}

func TestWithoutAPosterNothingIsPosted(t *testing.T) {
	s := texting(t)
	s.PostEvents(t.Context()) // returns
	if _, err := s.SendText(t.Context(), text()); err != nil {
		t.Error(err)
	}
}
