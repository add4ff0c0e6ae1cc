package core_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/fault"
)

const session = "0123456789abcdef0123456789ABCDE_"

func text() core.Text {
	return core.Text{
		Domain: domain, User: "8001", Session: session,
		From: "19294873999", To: []string{"19734321440"}, Message: "Our hours are 9 to 5.",
	}
}

// texting is a system whose user 8001 has a number for texts.
func texting(t *testing.T) *system {
	t.Helper()
	s := newSystem(t)
	_, err := s.CreateSMSNumber(t.Context(), domain, fields{"number": "19294873999", "application": "user", "dest": "8001"}.json(t))
	s.must(err)
	return s
}

func TestTextIsKeptAndShown(t *testing.T) {
	s := texting(t)
	ctx := t.Context()
	if _, err := s.SendText(ctx, text()); err != nil {
		t.Fatal(err)
	}
	second := text()
	second.To, second.Message = []string{"+19734321440"}, "Bye."
	if _, err := s.SendText(ctx, second); err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, sent := range s.sent {
		told = append(told, sent.From+" to "+strings.Join(sent.To, ",")+": "+sent.Message)
	}
	if diff := cmp.Diff([]string{"19294873999 to 19734321440: Our hours are 9 to 5.", "19294873999 to 19734321440: Bye."}, told); diff != "" {
		t.Errorf("the observer was told (-want +got):\n%s", diff)
	}
	kept, err := s.Messages(ctx, domain, "8001", session, 0, 0)
	if err != nil || len(kept) != 2 {
		t.Fatalf("%d messages, %v", len(kept), err)
	}
	if got := kept[1].Fields; got.Text("text") != "Our hours are 9 to 5." || got.Text("direction") != "term" || got.Text("from-user-id") != "8001@example.net" || got.Text("timestamp") != "2026-03-04T12:00:00.00Z" {
		t.Errorf("the first message is %s", got)
	}
	o, err := s.Object(ctx, core.Key{Kind: core.MessageSession, Domain: domain, Owner: "8001", ID: session})
	if err != nil || o.Fields.Text("messagesession-last-message") != "Bye." || o.Fields.Text("messagesession-remote") != "19734321440" {
		t.Errorf("the session is %s, %v", o.Fields, err)
	}
}

func TestTextsThatCannotBeSent(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*core.Text)
		code   fault.Code
		want   string
	}{
		{"session", func(t *core.Text) { t.Session = "short" }, fault.Invalid, "message session"},
		{"session with hyphens", func(t *core.Text) { t.Session = "6c1ea5a9-3ee1-4b10-9ee0-3d7ba9c50a8e" }, fault.Invalid, "message session"},
		{"empty", func(t *core.Text) { t.Message = " \n" }, fault.Invalid, "is empty"},
		{"not UTF-8", func(t *core.Text) { t.Message = "\xff" }, fault.Invalid, "UTF-8"},
		{"no destination", func(t *core.Text) { t.To = nil }, fault.Invalid, "no destination"},
		{"bad destination", func(t *core.Text) { t.To = []string{"bob"} }, fault.Invalid, `destination: "bob" is not a telephone number`},
		{"bad sender", func(t *core.Text) { t.From = "" }, fault.Invalid, "from-number"},
		{"another's number", func(t *core.Text) { t.From = "12125550100" }, fault.Refused, "SMS number 1212•••0100 does not belong to user 8001"},
		{"no such user", func(t *core.Text) { t.User = "4711" }, fault.NotFound, "user 4711"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := texting(t)
			message := text()
			c.change(&message)
			_, err := s.SendText(t.Context(), message)
			if err == nil || fault.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %s with %q", err, c.code, c.want)
			}
			if len(s.sent) > 0 {
				t.Errorf("a text was told of: %+v", s.sent)
			}
		})
	}
}

func TestNumberThatChangesHandsIsTheOldUsersNoMore(t *testing.T) {
	s := texting(t)
	s.user("2000", "webresponder8001")
	s.must(s.UpdateSMSNumber(t.Context(), domain, "19294873999", fields{"application": "user", "dest": "2000"}.json(t)))
	if _, err := s.SendText(t.Context(), text()); fault.CodeOf(err) != fault.Refused {
		t.Errorf("the old user: %v", err)
	}
	message := text()
	message.User = "2000"
	if _, err := s.SendText(t.Context(), message); err != nil {
		t.Errorf("the new user: %v", err)
	}
}

func TestNewSessionsFitTheRule(t *testing.T) {
	s := texting(t)
	message := text()
	message.Session = core.NewSession()
	if _, err := s.SendText(t.Context(), message); err != nil {
		t.Error(err)
	}
	if core.NewSession() == message.Session {
		t.Error("two sessions are the same")
	}
}
