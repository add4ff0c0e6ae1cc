package textback_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/answer/optout"
	"github.com/switchhook/switchhook/internal/answer/textback"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
	"github.com/switchhook/switchhook/netsapiens"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

var replies = textback.Replies{Stop: "You get no more texts.", Start: "You get texts again.", Help: "Call us."}

// mailbox is a service whose phone system posts people's texts to it.
type mailbox struct {
	*service

	inbox  keyed
	outbox *textback.Outbox
	server *httptest.Server
	words  []optout.Word
}

// keyed is an inbox with the key of the tests' domain.
type keyed struct {
	*textback.Inbox

	Key string
}

// startInbox returns a mailbox that has subscribed.
func startInbox(t *testing.T, quirks nstest.Quirks) *mailbox {
	t.Helper()
	system := newSystem(nstest.Start(t, quirks))
	m := &mailbox{service: startWith(t, system, netsapiens.Config{URL: system.URL, Token: nstest.Token}, allTexts)}
	keys := textback.EventKeys{Secret: secret}
	m.inbox = keyed{Key: keys.Of(domain)}
	m.inbox.Inbox = &textback.Inbox{Keys: keys, Entries: m.entries, Mail: m.store, Replies: replies, Limits: textback.ReplyLimits{Entry: 60, Tenant: 300}, Log: quiet().LogAttrs,
		Count: func(w optout.Word) { m.words = append(m.words, w) }}
	m.outbox = m.service.outbox(textback.Policy{})
	mux := http.NewServeMux()
	mux.Handle("/webresponder/events", m.inbox)
	m.server = httptest.NewServer(mux)
	t.Cleanup(m.server.Close)
	did, err := textback.Subscribe(t.Context(), m.client, domain, m.eventsURL(), time.Now())
	if err != nil || did != "created" {
		t.Fatalf("the subscription is %s, %v", did, err)
	}
	return m
}

func (m *mailbox) eventsURL() string {
	hook, err := url.Parse(m.server.URL + "/webresponder")
	if err != nil {
		m.t.Fatal(err)
	}
	return m.inbox.Keys.URL(hook, domain)
}

// writes has somebody write to a number, and returns what they get back.
func (m *mailbox) writes(number, to, text string) (answers []string) {
	m.t.Helper()
	before := len(m.system.Messages())
	if _, failed := m.system.Receive(number, to, text); failed != nil {
		m.t.Errorf("the events were not taken: %+v", failed)
	}
	m.work(m.outbox)
	for _, sent := range m.system.Messages()[before:] {
		if sent.To != number || sent.From != to || sent.Domain != domain || sent.User != "2000" {
			m.t.Errorf("the answer is %+v", sent)
		}
		answers = append(answers, sent.Text)
	}
	return answers
}

func (m *mailbox) wants(number, text string, want ...string) {
	m.t.Helper()
	if diff := cmp.Diff(want, m.writes(number, from, text), cmpopts.EquateEmpty()); diff != "" {
		m.t.Errorf("%q gets (- want, + got):\n%s", text, diff)
	}
}

const writer = "19734321440"

func TestSTOPIsConfirmedOnceAndThenThereIsSilence(t *testing.T) {
	m := startInbox(t, nstest.Quirks{})
	m.call("+"+writer, "call-1")
	m.wants(writer, "Stop!", replies.Stop)
	m.wants(writer, "STOP")
	m.wants(writer, "unsubscribe")
	wantXML(t, m.call("+"+writer, "call-2"), hears(textback.Suppressed))
	m.wants(writer, "HELP", replies.Help) // who asks is answered
	m.wants(writer, "Thank you, see you on Monday.")

	got := m.dossier(writer)
	want := []ledger.Suppression{{Number: writer, Tenant: domain, Channel: ledger.Texts, How: ledger.ByText, Words: "Stop!"}}
	if diff := cmp.Diff(want, got.Suppressions, cmpopts.IgnoreFields(ledger.Suppression{}, "At")); diff != "" {
		t.Errorf("the list (- want, + got):\n%s", diff)
	}
	if at := got.Suppressions[0].At; time.Since(at) > time.Minute || at.After(time.Now()) {
		t.Errorf("it is on the list since %v", at)
	}
	for _, text := range got.Texts {
		if text.Purpose == ledger.Confirmation && (text.Deadline.Sub(text.Created) != 15*time.Minute || text.State != ledger.Sent || text.CallID != "") {
			t.Errorf("the confirmation is %+v", text)
		}
	}
	if diff := cmp.Diff([]optout.Word{optout.Stop, optout.Stop, optout.Stop, optout.Help, optout.None}, m.words); diff != "" {
		t.Errorf("the words that were counted (- want, + got):\n%s", diff)
	}
}

func TestSTARTEndsNothingButASTOPByText(t *testing.T) {
	m := startInbox(t, nstest.Quirks{})
	m.wants(writer, "START") // was never off
	m.wants(writer, "yes")
	m.wants(writer, "STOP", replies.Stop)
	m.wants(writer, "Yes please")           // is said about much else
	m.wants(writer, "START", replies.Start) // and is on again
	m.wants(writer, "START")
	wantXML(t, m.call("+"+writer, "call-1"), hears(textback.Sent))

	for i, how := range []string{ledger.ByOperator, ledger.ByCall, ledger.ByPage, ledger.ByImport} {
		number := fmt.Sprint("1973432155", i)
		m.suppress(ledger.Suppression{Number: number, Tenant: domain, Channel: ledger.AnyWay, How: how})
		m.wants(number, "UNSTOP")
		wantXML(t, m.call("+"+number, "call-1"), hears(textback.Suppressed))
	}
}

// TestASTOPOutlivesTheOperatorsEntry: who is on the list for another reason
// when they write STOP stays on it when that reason is gone.
func TestASTOPOutlivesTheOperatorsEntry(t *testing.T) {
	m := startInbox(t, nstest.Quirks{})
	m.suppress(ledger.Suppression{Number: writer, Tenant: ledger.AnyTenant, Channel: ledger.AnyWay, How: ledger.ByOperator, Words: "a trial"})
	m.wants(writer, "STOP")
	if _, err := m.store.Unsuppress(t.Context(), writer, ledger.AnyTenant, ledger.AnyWay); err != nil {
		t.Fatal(err)
	}
	wantXML(t, m.call("+"+writer, "call-1"), hears(textback.Suppressed))
	m.wants(writer, "START", replies.Start)
	wantXML(t, m.call("+"+writer, "call-2"), hears(textback.Sent))
}

func TestHELPIsAnsweredFourTimesADay(t *testing.T) {
	m := startInbox(t, nstest.Quirks{})
	for range 4 {
		m.wants(writer, "help", replies.Help)
	}
	m.wants(writer, "info")
	m.wants(writer, "STOP", replies.Stop) // counts all the same
	m.wants("19734321441", "help", replies.Help)
}

func TestTwoMachinesThatAnswerEachOtherComeToAnEnd(t *testing.T) {
	m := startInbox(t, nstest.Quirks{})
	answer := "START"
	answered := 0
	for range 100 {
		if len(m.writes(writer, from, answer)) > 0 {
			answered++
		}
		if answer = "STOP"; answered%2 == 1 {
			answer = "START"
		}
	}
	if answered == 0 || answered > 8 {
		t.Errorf("%d answers went out", answered)
	}
	// The last word counts, answered or not.
	m.writes(writer, from, "STOP")
	wantXML(t, m.call("+"+writer, "call-1"), hears(textback.Suppressed))
}

func TestOtherWordsAreForPeople(t *testing.T) {
	m := startInbox(t, nstest.Quirks{})
	for _, text := range []string{"Thanks!", "What time do you close?", "Can you stop by tomorrow?", "", "👍", "I need help with my order"} {
		m.wants(writer, text)
	}
	if d := m.dossier(writer); d.Inbound != nil || d.Suppressions != nil || d.Texts != nil {
		t.Errorf("the ledger has %+v", d)
	}
	m.wants(writer, "STOP", replies.Stop)
	want := []ledger.Inbound{{Domain: domain, From: writer, To: from, Message: "STOP"}}
	if diff := cmp.Diff(want, m.dossier(writer).Inbound, cmpopts.IgnoreFields(ledger.Inbound{}, "ID", "At")); diff != "" {
		t.Errorf("what came in (- want, + got):\n%s", diff)
	}
}

func TestOtherPeoplesMailIsLeftAlone(t *testing.T) {
	m := startInbox(t, nstest.Quirks{})
	m.system.AddSMSNumber(domain, "12125550188", "3000")
	if got := m.writes(writer, "12125550188", "STOP"); got != nil { // no entry sends from it
		t.Errorf("it is answered with %q", got)
	}
	m.set("other", map[string]any{"from_number": "12125550166"})
	if got := m.writes("12125550166", from, "STOP"); got != nil { // two numbers of ours
		t.Errorf("it is answered with %q", got)
	}
	if got := m.writes("22345", from, "STOP"); got != nil { // a bank's machine
		t.Errorf("it is answered with %q", got)
	}
	for _, number := range []string{writer, "12125550166", "22345"} {
		if d := m.dossier(number); d.Inbound != nil || d.Suppressions != nil {
			t.Errorf("the ledger has %+v", d)
		}
	}
}

func TestAnEventThatComesTwiceCountsOnce(t *testing.T) {
	m := startInbox(t, nstest.Quirks{RepeatsEvents: true})
	m.wants(writer, "HELP", replies.Help)
	m.wants(writer, "STOP", replies.Stop)
	m.wants(writer, "START", replies.Start)
	m.wants(writer, "STOP", replies.Stop)
	if n := len(m.dossier(writer).Inbound); n != 4 {
		t.Errorf("%d texts came in", n)
	}
	if len(m.words) != 4 {
		t.Errorf("%v were counted", m.words)
	}
}

func TestAnEntryMayAnswerInItsOwnWords(t *testing.T) {
	m := startInbox(t, nstest.Quirks{})
	m.set(id, map[string]any{"texts": map[string]string{"stop": "Adiós.", "start": "Hola.", "help": "Llámenos."}})
	m.wants(writer, "AYUDA", "Llámenos.")
	m.wants(writer, "STOP", "Adiós.")
	m.wants(writer, "START", "Hola.")
	m.inbox.Replies = textback.Replies{} // silence, but the word counts
	m.set(id, nil)
	m.wants(writer, "STOP")
	wantXML(t, m.call("+"+writer, "call-1"), hears(textback.Suppressed))
}

// TestASTOPCountsHoweverItComes posts events as phone systems write them.
func TestASTOPCountsHoweverItComes(t *testing.T) {
	m := startInbox(t, nstest.Quirks{})
	m.set("lacking", map[string]any{"from_number": "12125550177", "message": nil, "user": nil})
	for i, test := range []struct {
		name, event string
		heeded      bool
	}{
		{"as sms", `{"id":"%[1]s","type":"sms","domain":"example.net","direction":"orig","from-number":"%[2]s","dialed":"12125550100","text":"STOP"}`, true},
		{"numbers as numbers", `{"id":"%[1]s","type":"sms","domain":"example.net","direction":"orig","from-number":%[2]s,"dialed":12125550100,"text":"STOP"}`, true},
		{"with a plus", `{"id":"%[1]s","type":"sms","domain":"example.net","direction":"orig","from-number":"+%[2]s","dialed":"+12125550100","text":"STOP"}`, true},
		{"as mms", `{"id":"%[1]s","type":"mms","domain":"example.net","direction":"orig","from-number":"%[2]s","dialed":"12125550100,12125550999","text":"Stop"}`, true},
		{"without our number", `{"id":"%[1]s","type":"sms","domain":"example.net","direction":"orig","from-number":"%[2]s","dialed":null,"terminating-user-id":"2000@example.net","text":"STOP"}`, true},
		{"the domain in capitals", `{"id":"%[1]s","type":"sms","domain":"Example.NET","direction":"orig","from-number":"%[2]s","dialed":"12125550100","text":"STOP"}`, true},
		{"to an entry that lacks something", `{"id":"%[1]s","type":"sms","domain":"example.net","direction":"orig","from-number":"%[2]s","dialed":"12125550177","text":"STOP"}`, true},
		{"among others, and alone", `{"id":"%[1]s","type":"sms","domain":"example.net","direction":"orig","from-number":"%[2]s","dialed":"2125550100","text":" stop. "}`, true},
		{"sent by us", `{"id":"%[1]s","type":"sms","domain":"example.net","direction":"term","from-number":"%[2]s","dialed":"12125550100","text":"STOP"}`, false},
		{"among users", `{"id":"%[1]s","type":"chat","domain":"example.net","direction":"orig","from-number":"%[2]s","dialed":"12125550100","text":"STOP"}`, false},
		{"deleted", `{"id":"%[1]s","type":"sms","domain":"example.net","direction":"orig","from-number":"%[2]s","dialed":"12125550100","text":"STOP","remove":"yes"}`, false},
		{"of another domain", `{"id":"%[1]s","type":"sms","domain":"example.org","direction":"orig","from-number":"%[2]s","dialed":"12125550100","text":"STOP"}`, false},
		{"to another user", `{"id":"%[1]s","type":"sms","domain":"example.net","direction":"orig","from-number":"%[2]s","terminating-user-id":"3000@example.net","text":"STOP"}`, false},
	} {
		number := fmt.Sprintf("1973432160%d", i%10)
		if i >= 10 {
			number = fmt.Sprintf("1973432161%d", i%10)
		}
		status, _ := m.post(m.key(), fmt.Sprintf("["+test.event+"]", fmt.Sprint("event-", i), number))
		suppressed := m.dossier(number).Suppressions != nil
		want := 200
		if test.name == "of another domain" { // the key is not its
			want = 403
		}
		if status != want || suppressed != test.heeded {
			t.Errorf("%s: %d, heeded %v, want %v", test.name, status, suppressed, test.heeded)
		}
	}
	for _, written := range []string{"9734321699", "19734321699"} { // without the country's code, and then with it
		m.post(m.key(), fmt.Sprintf(`{"id":"%s","type":"sms","domain":"example.net","direction":"orig","from-number":%q,"dialed":"12125550100","text":"STOP"}`, written, written))
	}
	wantXML(t, m.call("+19734321699", "call-1"), hears(textback.Suppressed))
	wantXML(t, m.call("9734321699", "call-2"), hears(textback.Suppressed))
	if got := m.dossier("19734321699").Suppressions; len(got) != 1 {
		t.Errorf("the list has %+v", got)
	}
}

// key returns the key of the domain.
func (m *mailbox) key() string { return m.inbox.Keys.Of(domain) }

// post posts events, and returns status and answer.
func (m *mailbox) post(key, body string) (int, string) {
	m.t.Helper()
	w := httptest.NewRecorder()
	m.inbox.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/webresponder/events?"+url.Values{"domain": {domain}, "key": {key}}.Encode(), strings.NewReader(body)))
	return w.Code, strings.TrimSpace(w.Body.String())
}

const stop = `{"id":"m-1","type":"sms","domain":"example.net","direction":"orig","from-number":"19734321440","dialed":"12125550100","text":"STOP"}`

func TestEventsWithoutTheKeyAreRefused(t *testing.T) {
	m := startInbox(t, nstest.Quirks{})
	key := m.key()
	for _, wrong := range []string{"", "wrong", key[:10], key + "0", strings.ToUpper(key)} {
		status, answer := m.post(wrong, stop)
		wantAnswer(t, status, answer, 403, `{"message":"the key is missing or wrong"}`)
	}
	m.inbox.Keys.Secret = ""
	status, _ := m.post(m.key(), stop)
	if status != 403 {
		t.Errorf("without a key to compare with the status is %d", status)
	}
	if d := m.dossier(writer); d.Inbound != nil {
		t.Errorf("the ledger has %+v", d.Inbound)
	}
	if other := (textback.EventKeys{Secret: "another secret"}).Of(domain); other == key || len(other) != 64 {
		t.Errorf("the key of another secret is %s", other)
	}
}

func TestEventsThatCannotBeReadAreToldSo(t *testing.T) {
	m := startInbox(t, nstest.Quirks{})
	for body, want := range map[string]int{
		"": 400, "{": 400, "null": 400, `"x"`: 400, "[1]": 400, "[null]": 400, `{"id":""}`: 400, `[{}]`: 400,
		"[]": 200, `[{"id":"m-2"}]`: 200, `{"id":"m-3","text":{"a":1}}`: 200,
		strings.Repeat(" ", 1<<20+1): 413,
	} {
		status, answer := m.post(m.key(), body)
		if status != want || !strings.HasPrefix(answer, `{"message":"`) {
			t.Errorf("%.40q is answered with %d %s, want %d", body, status, answer, want)
		}
	}
	if d := m.dossier(writer); d.Inbound != nil {
		t.Errorf("of a post that cannot be read something is kept: %+v", d.Inbound)
	}
	w := httptest.NewRecorder()
	m.inbox.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/webresponder/events?domain="+domain+"&key="+m.key(), nil))
	if w.Code != 405 || w.Header().Get("Allow") != http.MethodPost {
		t.Errorf("GET is answered with %d", w.Code)
	}
}

func TestEventsThatCannotBeKeptAreSentAgain(t *testing.T) {
	m := startInbox(t, nstest.Quirks{})
	closed, err := store.Open(t.Context(), storetest.SQLite(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	m.inbox.Mail = closed
	status, answer := m.post(m.key(), "["+stop+"]")
	wantAnswer(t, status, answer, 503, `{"message":"the events could not be kept"}`)
	status, _ = m.post(m.key(), `[{"id":"m-2","text":"hello"}]`) // nothing to keep
	if status != 200 {
		t.Errorf("the status is %d", status)
	}
	m.inbox.Mail = m.store
	status, answer = m.post(m.key(), "["+stop+"]")
	wantAnswer(t, status, answer, 200, `{"message":"ok"}`)
	wantXML(t, m.call("+"+writer, "call-1"), hears(textback.Suppressed))
	// The phone system counts the failure.
	m.inbox.Keys.Secret = "another"
	if _, failed := m.system.Receive(writer, from, "START"); len(failed) != 1 || failed[0].Status != 403 {
		t.Errorf("the posts that failed are %+v", failed)
	}
}
