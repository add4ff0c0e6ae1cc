package core_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/responder"
	"github.com/switchhook/switchhook/test/await"
)

// identified is a line whose call has an id where it came from.
type identified struct {
	line
	id       string
	prepared int
}

func (l *identified) CallID() string { return l.id }
func (l *identified) Prepare()       { l.prepared++ }

func TestACallHasTheIDOfItsLine(t *testing.T) {
	for _, c := range []struct {
		id   string
		kept bool
	}{
		{"3848276298220188511@atlanta.example.com", true},
		{"a84b4c76e66710", true},
		{strings.Repeat("a", 128), true},
		{strings.Repeat("a", 129), false},
		{"", false},
		{"a/b", false},
		{"..", false},
		{"a b", false},
		{"%2e", false},
		{"naïve", false},
	} {
		s := newSystem(t)
		s.rule("webresponder8001", s.responder(responder.Say{Text: "Hello."}))
		l := &identified{id: c.id}
		if _, err := s.Place(t.Context(), "2125559999", "12125550100", l, nil); err != nil {
			t.Fatal(err)
		}
		if got := s.asked[0].OrigCallID; (got == c.id) != c.kept || got == "" {
			t.Errorf("the call with the id %.40q has %q", c.id, got)
		}
		if l.prepared != 1 {
			t.Errorf("the line was told %d times that its call leads somewhere", l.prepared)
		}
	}
}

func TestALineIsNotPreparedForACallThatLeadsNowhere(t *testing.T) {
	s := newSystem(t)
	l := &identified{id: "1"}
	if _, err := s.Place(t.Context(), "2125559999", "12125551212", l, nil); err == nil || l.prepared != 0 {
		t.Errorf("%v; the line was told %d times that its call leads somewhere", err, l.prepared)
	}
}

// TestTwoCallsHaveTwoIDs has a stranger choose the id of a call that is under way.
func TestTwoCallsHaveTwoIDs(t *testing.T) {
	s := newWaiting(t)
	first := s.begin("1000@example.net", "8001")
	first.hears("Wait here.")
	ids := map[string]bool{s.asked[0].OrigCallID: true, s.asked[0].TermCallID: true}
	var running sync.WaitGroup
	for id := range ids {
		l := &taken{patient: newPatient(), id: id}
		running.Go(func() { _, _ = s.Place(t.Context(), "2125559999", "12125550100", l, nil) })
		await.From(t, "what the caller hears", l.waits)
	}
	if n := len(s.Calls().List(core.Whose{})); n != 1+len(ids) {
		t.Errorf("%d calls are shown, want %d", n, 1+len(ids))
	}
	for id := range ids {
		s.must(s.Calls().Disconnect(core.Whose{}, id))
		break
	}
	first.end()
	for _, shown := range s.Calls().List(core.Whose{}) {
		s.must(s.Calls().Disconnect(core.Whose{}, shown.Text("call-orig-call-id")))
	}
	running.Wait()
}

// taken is a patient whose call has an id that another one has.
type taken struct {
	*patient
	id string
}

func (l *taken) CallID() string { return l.id }
