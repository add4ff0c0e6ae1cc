package core_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/fault"
)

func TestTextThatComesInIsPartOfItsConversation(t *testing.T) {
	s := texting(t)
	ctx := t.Context()
	receive := func(from, message string) string {
		t.Helper()
		o, err := s.ReceiveText(ctx, from, "+19294873999", message)
		s.must(err)
		return o.Fields.Text("messagesession-id")
	}
	stranger := receive("12125550199", "Hello?")
	if stranger == session || receive("+12125550199", "Anybody?") != stranger {
		t.Error("a stranger's texts are not a conversation")
	}
	_, err := s.SendText(ctx, text())
	s.must(err)
	if receive("19734321440", "STOP") != session {
		t.Error("an answer is in another conversation")
	}
	kept, err := s.Messages(ctx, domain, "8001", session, 0, 0)
	s.must(err)
	var told []string
	for _, o := range kept {
		f := o.Fields
		told = append(told, strings.Join([]string{f.Text("direction"), f.Text("from-number"), f.Text("dialed"), f.Text("terminating-user-id"), f.Text("text")}, " "))
	}
	if diff := cmp.Diff([]string{"orig 19734321440 19294873999 8001@example.net STOP", "term 19294873999 19734321440  Our hours are 9 to 5."}, told); diff != "" {
		t.Errorf("the conversation (-want +got):\n%s", diff)
	}
	o, err := s.Object(ctx, core.Key{Kind: core.MessageSession, Domain: domain, Owner: "8001", ID: session})
	s.must(err)
	if o.Fields.Text("messagesession-last-message") != "STOP" || o.Fields.Text("messagesession-last-sender") != "19734321440" || o.Fields.Text("messagesession-last-status") != "unread" {
		t.Errorf("the session is %s", o.Fields)
	}
	if len(s.sent) != 1 {
		t.Errorf("%d texts were told of as sent", len(s.sent))
	}
}

func TestTextsThatCannotComeIn(t *testing.T) {
	s := texting(t)
	for _, n := range []fields{{"number": "19294874000", "application": "available"}, {"number": "19294874001", "application": "callqueue", "dest": "9002"}} {
		_, err := s.CreateSMSNumber(t.Context(), domain, n.json(t))
		s.must(err)
	}
	for _, c := range []struct {
		from, to, message string
		code              fault.Code
		want              string
	}{
		{"anonymous", "19294873999", "STOP", fault.Invalid, `sender: "anonymous" is not a telephone number`},
		{"19734321440", "", "STOP", fault.Invalid, "destination: "},
		{"19734321440", "19294873999", "", fault.Invalid, "is empty"},
		{"19734321440", "19294873999", "\xff", fault.Invalid, "UTF-8"},
		{"19734321440", "12125550100", "STOP", fault.NotFound, "SMS number 1212•••0100 does not exist"},
		{"19734321440", "19294874000", "STOP", fault.Unsupported, "SMS number 1929•••4000 belongs to no user"},
		{"19734321440", "19294874001", "STOP", fault.Unsupported, "belongs to no user"},
	} {
		_, err := s.ReceiveText(t.Context(), c.from, c.to, c.message)
		if err == nil || fault.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %s with %q", err, c.code, c.want)
		}
	}
}

// kinds are what a field may hold in JSON.
type kinds []string

var (
	aText     = kinds{"text"}
	textOrNot = kinds{"text", "null"}
	numOrNot  = kinds{"number", "null"}
)

// The fields that the API's description requires, and what they hold.
var (
	messageForm = map[string]kinds{
		"id": {"text", "number"}, "timestamp": aText, "type": aText, "domain": aText, "direction": aText, "from-number": {"text", "number", "null"},
		"from-user-id": textOrNot, "from-video-attendee-id": textOrNot, "from-user-agent": textOrNot, "dialed": textOrNot,
		"text": {"text", "number", "null", "truth", "list", "object"}, "terminating-user-id": textOrNot, "terminating-number": textOrNot, "status": aText,
		"media-type": textOrNot, "media-size": numOrNot, "messagesession-reciever-hostname": aText,
		"messagesession-id": aText, "messagesession-participants": textOrNot,
	}
	sessionForm = map[string]kinds{
		"user": aText, "domain": aText, "messagesession-remote": {"text", "number", "null"}, "messagesession-muted": aText, "messagesession-id": aText,
		"messagesession-sms-number": {"text", "number", "null"}, "messagesession-last-datetime": textOrNot, "messagesession-start-datetime": textOrNot,
		"messagesession-last-message": {"text", "number", "null"}, "messagesession-last-sender": textOrNot, "messagesession-last-status": textOrNot,
		"messagesession-last-email-reminder-datetime": textOrNot, "messagesession-reciever-hostname": aText,
		"messagesession-queue-termination": textOrNot, "messagesession-queue-status": textOrNot, "messagesession-queue-session-id": textOrNot,
		"messagesession-agent-start-datetime": textOrNot, "messagesession-last-type": textOrNot, "messagesession-last-media-type": textOrNot,
		"messagesession-last-media-size": numOrNot, "messagesession-type": aText,
	}
	callForm = map[string]kinds{
		"core-server": aText, "call-session-id": aText, "call-orig-call-id": aText, "call-orig-match-uri": aText, "call-orig-user": aText, "call-orig-domain": aText,
		"call-orig-uri": aText, "call-orig-name": aText, "caller-id-number": aText, "call-dialed-number": aText, "call-by-action": aText, "call-by-user": aText,
		"call-by-domain": aText, "call-by-call-id": aText, "call-term-call-id": aText, "call-term-user": aText, "call-term-domain": aText, "call-term-uri": aText,
		"call-start-datetime": aText, "call-answer-datetime": aText, "call-orig-info": aText, "term-orig-info": aText, "call-audio-codec": aText,
	}
	subscriptionForm = map[string]kinds{
		"id": aText, "model": aText, "post-url": aText, "subscription-geo-support": aText, "reseller": aText, "domain": aText, "user": aText,
		"subscription-creation-datetime": aText, "subscription-expires-datetime": aText, "preferred-server": aText, "current-active-server": aText,
		"status": aText, "error-count": {"number"}, "posts-count": {"number"},
	}
)

// conforms checks that an object has the fields of a form.
func conforms(t *testing.T, what string, object any, form map[string]kinds) {
	t.Helper()
	encoded, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	var f map[string]any
	if err := json.Unmarshal(encoded, &f); err != nil {
		t.Fatal(err)
	}
	for name, allowed := range form {
		value, there := f[name]
		kind := "object"
		switch value.(type) {
		case string:
			kind = "text"
		case float64:
			kind = "number"
		case bool:
			kind = "truth"
		case []any:
			kind = "list"
		case nil:
			kind = "null"
		}
		if !there || !slices.Contains(allowed, kind) {
			t.Errorf("%s: the field %s is %v (%s), want one of %v", what, name, value, kind, allowed)
		}
	}
}

func TestObjectsHaveTheFieldsOfTheAPI(t *testing.T) {
	s, hook := newTelling(t, loopback).run(), newSubscriber(t, nil)
	ctx, address := t.Context(), hook.listen()
	s.subscribe(domain, "call", address+"/call", nil)
	key := s.subscribe(domain, "message", address+"/message", nil)
	s.rule("webresponder8001", s.responder())
	_, err := s.SendText(ctx, text())
	s.must(err)
	s.receive("STOP")
	if _, _, _, err := s.place("+19734321440", "2125550100"); err != nil {
		t.Fatal(err)
	}
	s.stop()
	told := map[string]int{}
	for _, p := range hook.posts() {
		for _, e := range p.events {
			told[p.path]++
			conforms(t, p.path, e, map[string]map[string]kinds{"/call": callForm, "/message": messageForm}[p.path])
		}
	}
	if diff := cmp.Diff(map[string]int{"/call": 2, "/message": 2}, told); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	kept, err := s.Messages(ctx, domain, "8001", session, 0, 0)
	s.must(err)
	for _, o := range kept {
		conforms(t, "a message", o.Fields, messageForm)
	}
	for what, key := range map[string]core.Key{"a session": {Kind: core.MessageSession, Domain: domain, Owner: "8001", ID: session}, "a subscription": key} {
		o, err := s.Object(ctx, key)
		s.must(err)
		conforms(t, what, o.Fields, map[string]map[string]kinds{"a session": sessionForm, "a subscription": subscriptionForm}[what])
	}
}
