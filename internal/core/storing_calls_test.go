package core_test

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/time/rate"

	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/fault/why"
	"github.com/switchhook/switchhook/responder"
)

// storeCall places a call from outside and returns it as it is stored, and what
// was recorded of it.
func (s *system) storeCall() (core.StoredCall, []trace.Stamped) {
	s.t.Helper()
	var stored []core.StoredCall
	var events []trace.Stamped
	x := &core.Exchange{Core: s.Core, Keep: func(call core.StoredCall) { stored = append(stored, call) }}
	x.Place(s.t.Context(), "+19734321440", "2125550100", &line{}, func([]string) {}, func(e trace.Stamped) { events = append(events, e) })
	if len(stored) != 1 {
		s.t.Fatalf("%d calls were stored", len(stored))
	}
	return stored[0], events
}

// TestTheTraceOfALongCallIsBounded has a responder that says a hundred times what
// takes five minutes.
func TestTheTraceOfALongCallIsBounded(t *testing.T) {
	s := newSystem(t)
	asked := 0
	s.rule("webresponder8001", s.handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		_, _ = fmt.Fprintf(w, `<Response><Say action="/">%d %s</Say></Response>`, asked, strings.Repeat("and so on ", 10_000))
	})))
	call, events := s.storeCall()
	if most := 1<<20 + 1<<10; len(call.Trace) > most || len(call.Trace) < most/2 {
		t.Errorf("the trace has %d bytes, want at most %d", len(call.Trace), most)
	}
	lines := bytes.Split(bytes.TrimSuffix(call.Trace, []byte("\n")), []byte("\n"))
	warned := -1
	for i, line := range lines {
		event, err := trace.ParseEvent(line)
		if err != nil {
			t.Fatalf("line %d: %v", i+1, err)
		}
		if warning, ok := event.Event.(trace.Warning); ok && warning.Code == "SH340" {
			if warned >= 0 {
				t.Error("it is warned twice")
			}
			warned = i
			want := fmt.Sprintf("%d events of the call are not stored", len(events)-len(lines)+1)
			if !strings.Contains(warning.Text, want) {
				t.Errorf("the warning is %q, want %q", warning.Text, want)
			}
		}
	}
	if warned < 1 || warned == len(lines)-1 {
		t.Errorf("line %d of %d warns of what is missing", warned+1, len(lines))
	}
	first, last := events[0], events[len(events)-1]
	for i, event := range map[int]trace.Stamped{0: first, len(lines) - 1: last} {
		if want, err := event.AppendJSON(nil); err != nil || !bytes.Equal(want, lines[i]) {
			t.Errorf("line %d is %s, want %s", i+1, lines[i], want)
		}
	}
}

func TestTheTraceOfAUsualCallIsStoredWhole(t *testing.T) {
	s := newSystem(t)
	s.rule("webresponder8001", s.handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, `<Say>Hello.</Say>`)
	})))
	call, events := s.storeCall()
	var want []byte
	for _, event := range events {
		want, _ = event.AppendJSON(want)
		want = append(want, '\n')
	}
	if !bytes.Equal(call.Trace, want) || len(events) != 4 {
		t.Errorf("stored:\n%s\nwant:\n%s", call.Trace, want)
	}
}

// TestTheTracesOfCallsThatLeadNowhereAreBounded: a stranger tries number after number.
func TestTheTracesOfCallsThatLeadNowhereAreBounded(t *testing.T) {
	s := newSystem(t)
	s.rule("webresponder8001", s.responder(responder.Say{Text: "Hello."}))
	var stored []string
	x := &core.Exchange{Core: s.Core, Keep: func(call core.StoredCall) { stored = append(stored, call.To) }, Nowhere: rate.NewLimiter(0, 2)}
	for _, to := range []string{"12125550101", "12125550102", "12125550103", "12125550100", "12125550104"} {
		x.Place(t.Context(), "+19734321440", to, &line{}, func([]string) {}, func(trace.Stamped) {})
	}
	if diff := cmp.Diff([]string{"12125550101", "12125550102", "12125550100"}, stored); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
}

// TestStoredCallsHaveNoSecrets has a responder with a key lead to others with theirs.
func TestStoredCallsHaveNoSecrets(t *testing.T) {
	s := newSystem(t)
	var asked []string
	address := s.handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Query().Get("key"))
		if r.URL.Path == "/next" {
			w.WriteHeader(http.StatusTeapot)
		}
		_, _ = fmt.Fprint(w, `<Response><Say action="/next?key=s3cret3">Hello.</Say></Response>`)
	}))
	s.rule("webresponder8001", address+"/menu?id=7&key=s3cret1")
	call, _ := s.storeCall()
	if stored := string(call.Trace) + call.Outcome; strings.Contains(stored, "s3cret") || !strings.Contains(stored, address+"/menu?id=7&key=<secret>") {
		t.Errorf("stored:\n%s", stored)
	}
	if !slices.Contains(asked, "s3cret1") || !slices.Contains(asked, "s3cret3") {
		t.Errorf("the responder was asked with %q", asked)
	}
}

// TestWhyACallerHeardTheApologyIsTold has a responder fail, and then a number lead
// nowhere, so often that not all calls are told.
func TestWhyACallerHeardTheApologyIsTold(t *testing.T) {
	s := newSystem(t)
	s.rule("webresponder8001", s.handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusTeapot)
	}))+"/?key=s3cret")
	call, _ := s.storeCall()
	told := sentencesOf(call)
	if call.Item.Outcome != "apology" || call.Item.Number != "19734321440" || call.Item.About != call.ID || call.Item.Story == "" || call.Item.Tenant != domain {
		t.Errorf("%+v", call.Item)
	}
	for _, part := range []string{"heard the apology", "it answered 418", "key=<secret> was answered 418", "Call-ID " + call.Item.Story} {
		if !strings.Contains(told, part) {
			t.Errorf("%q is not told: %s", part, told)
		}
	}
	var stored []core.StoredCall
	x := &core.Exchange{Core: s.Core, Keep: func(call core.StoredCall) { stored = append(stored, call) }, Nowhere: rate.NewLimiter(0, 1)}
	nowhere := func() {
		x.Place(t.Context(), "+19734321440", "12125550199", &line{}, func([]string) {}, func(trace.Stamped) {})
	}
	nowhere()
	nowhere()
	x.Nowhere = rate.NewLimiter(0, 1)
	nowhere()
	if len(stored) != 2 || stored[0].Item.Outcome != "nowhere" || !strings.Contains(sentencesOf(stored[1]), "1 more calls led nowhere") {
		t.Errorf("%d calls: %s", len(stored), sentencesOf(stored[len(stored)-1]))
	}
}

// sentencesOf returns how a call is told.
func sentencesOf(call core.StoredCall) string {
	var told []string
	for _, step := range call.Item.Steps {
		told = append(told, why.Step[core.Told]{Code: core.Told(step.Code), Args: step.Args}.String())
	}
	return strings.Join(told, " ")
}
