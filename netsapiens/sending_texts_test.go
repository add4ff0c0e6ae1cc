package netsapiens_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/netsapiens"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

func TestTextIsSentAsTheAPIWantsIt(t *testing.T) {
	system := start(t, nstest.Quirks{})
	sms := text()
	sms.Session, sms.Message = strings.Repeat("s", 32), "Café & bar <open> \u2014 https://example.com/?a=1&b=2"
	if err := clientOf(t, system.URL).SendSMS(t.Context(), sms); err != nil {
		t.Fatal(err)
	}
	got := system.Requests()[0]
	for _, name := range []string{"Accept-Encoding", "Content-Length"} { // net/http's own
		got.Header.Del(name)
	}
	want := nstest.Request{
		Call:   nstest.SendMessage,
		Method: "POST",
		Path:   "/ns-api/v2/domains/example.com/users/2000/messagesessions/ssssssssssssssssssssssssssssssss/messages",
		Header: http.Header{"Authorization": {"Bearer " + nstest.Token}, "Accept": {"application/json"},
			"Content-Type": {"application/json"}, "User-Agent": {"Switchhook"}},
		Body:   `{"type":"sms","message":"Café & bar <open> — https://example.com/?a=1&b=2","destination":"19734321440","from-number":"19294873999"}`,
		Fields: nstest.Object{"type": "sms", "message": sms.Message, "destination": "19734321440", "from-number": "19294873999"},
		Status: 202,
		Done:   true,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
	taken := []nstest.Message{{Domain: "example.com", User: "2000", Session: sms.Session, From: "19294873999", To: "19734321440", Text: sms.Message}}
	if diff := cmp.Diff(taken, system.Messages()); diff != "" {
		t.Errorf("texts (-want +got):\n%s", diff)
	}
}

func TestEachTextHasASessionOfItsOwn(t *testing.T) {
	system := start(t, nstest.Quirks{})
	c := clientOf(t, system.URL)
	for range 2 {
		if err := c.SendSMS(t.Context(), text()); err != nil {
			t.Fatal(err)
		}
	}
	sent := system.Messages()
	uuid := regexp.MustCompile("^[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}$")
	if a, b := sent[0].Session, sent[1].Session; a == b || !uuid.MatchString(a) || !uuid.MatchString(b) {
		t.Errorf("sessions %q and %q", a, b)
	}
}

// TestWhatTakesAText has the answers that mean "done", and those that only
// look like it.
func TestWhatTakesAText(t *testing.T) {
	for _, row := range []struct {
		name   string
		status int
		body   string
		want   string // empty: taken
	}{
		{"accepted", 202, `{"code":202,"message":"Accepted"}`, ""},
		{"accepted, and nothing more", 202, "", ""},
		{"accepted, in a word", 202, "Accepted", ""},
		{"accepted, by a PHP that warns", 202, "<br />\n<b>Notice</b>: Undefined index in messages.php", ""},
		{"an object", 200, `{"id":"1","status":"sent"}`, ""},
		{"nothing", 200, "", ""},
		{"nothing but white space and a byte order mark", 200, "\uFEFF \n", ""},
		{"no content", 204, "", ""},
		{"a page", 200, "<html><head><title>Portal login</title></head></html>", `answered 200 with a web page: "Portal login" instead of an answer: permanent uncertain`},
		{"a text", 200, "Session expired", `answered 200 with the text: "Session expired" instead of an answer: permanent uncertain`},
		{"half an object", 200, `{"code":202,"mess`, `answered 200 with JSON that is broken or cut off instead of an answer: permanent uncertain`},
		{"an error in disguise", 200, `{"code":400,"message":"Invalid destination 19734321440"}`, `answered 200, but its body says 400: "Invalid destination 1973•••1440": permanent`},
		{"an error accepted", 202, `{"code":"500","message":"Carrier down"}`, `answered 202, but its body says 500: "Carrier down": temporary`},
		{"no such call", 200, "No Route Found [92]", `does not know this call: "No Route Found [92]": unsupported permanent`},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := answering(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(row.status)
				w.Write([]byte(row.body))
			})
			err := c.SendSMS(t.Context(), text())
			if row.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			_, message, _ := strings.Cut(failed(t, err).Message, " ")
			if got := message + ": " + verdict(err); got != row.want {
				t.Errorf("got  %s\nwant %s", got, row.want)
			}
		})
	}
}

func TestTextThatCannotBeSentIsNotSent(t *testing.T) {
	system := start(t, nstest.Quirks{})
	c := clientOf(t, system.URL)
	for name, row := range map[string]struct {
		change func(*netsapiens.SMS)
		want   string
	}{
		"anonymous caller":   {func(s *netsapiens.SMS) { s.To = "anonymous" }, `send a text to anonymous as user 2000 of example.com: the number of the destination, "anonymous", has more than digits in it`},
		"nobody":             {func(s *netsapiens.SMS) { s.To = "+" }, `send a text to + as user 2000 of example.com: the number of the destination is empty`},
		"number with dashes": {func(s *netsapiens.SMS) { s.To = "973-432-1440" }, `send a text to 973•••1440 as user 2000 of example.com: the number of the destination, "973•••1440", has more than digits in it`},
		"number too long":    {func(s *netsapiens.SMS) { s.To = "1234567890123456" }, `send a text to 1234•••3456 as user 2000 of example.com: the number of the destination, "1234•••3456", has more than 15 digits`},
		"no sender":          {func(s *netsapiens.SMS) { s.From = "" }, `send a text to +1973•••1440 as user 2000 of example.com: the number of the sender is empty`},
		"no words":           {func(s *netsapiens.SMS) { s.Message = " \n" }, `send a text to +1973•••1440 as user 2000 of example.com: the text is empty`},
		"not UTF-8":          {func(s *netsapiens.SMS) { s.Message = "caf\xe9" }, `send a text to +1973•••1440 as user 2000 of example.com: the text is not valid UTF-8`},
		"short session":      {func(s *netsapiens.SMS) { s.Session = strings.Repeat("s", 31) }, `send a text to +1973•••1440 as user 2000 of example.com: the id of the message session must have 32 to 128 characters of A-Z, a-z, 0-9 and _`},
		"session with dashes": {func(s *netsapiens.SMS) { s.Session = "11111111-2222-3333-4444-555555555555" },
			`send a text to +1973•••1440 as user 2000 of example.com: the id of the message session must have 32 to 128 characters of A-Z, a-z, 0-9 and _`},
		"no domain":    {func(s *netsapiens.SMS) { s.Domain = "" }, `send a text to +1973•••1440 as user 2000 of : the domain is empty`},
		"all domains":  {func(s *netsapiens.SMS) { s.Domain = "*" }, `send a text to +1973•••1440 as user 2000 of *: the domain is "*", which means all of them`},
		"another path": {func(s *netsapiens.SMS) { s.User = ".." }, `send a text to +1973•••1440 as user .. of example.com: the user cannot stand in an address`},
		"a line break": {func(s *netsapiens.SMS) { s.Domain = "a\x00b" }, "send a text to +1973•••1440 as user 2000 of ab: the domain cannot stand in an address"},
	} {
		t.Run(name, func(t *testing.T) {
			sms := text()
			row.change(&sms)
			err := c.SendSMS(t.Context(), sms)
			if e := failed(t, err); e.Error() != row.want || verdict(err) != "permanent" {
				t.Errorf("got  %s (%s)\nwant %s", e, verdict(err), row.want)
			}
		})
	}
	if asked := system.Requests(); len(asked) != 0 {
		t.Errorf("sent %v", asked)
	}
}
