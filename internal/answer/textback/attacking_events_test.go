package textback_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

// said is an event of somebody who wrote a text to us. The text and the id are
// written as JSON has them, without quotes.
func said(id, number, text string) string {
	return fmt.Sprintf(`{"id":"%s","type":"sms","domain":"example.net","direction":"orig","from-number":"%s","dialed":"12125550100","text":"%s"}`, id, number, text)
}

// eachInbox runs a test with an inbox on each database.
func eachInbox(t *testing.T, body func(t *testing.T, m *mailbox)) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		m := startInbox(t, nstest.Quirks{})
		m.store = open(t)
		m.inbox.Mail = m.store
		body(t, m)
	})
}

// stopped says whether a number is on the suppression list.
func (m *mailbox) stopped(number string) bool {
	m.t.Helper()
	return len(m.dossier(phone.Key(number)).Suppressions) == 1
}

// TestASTOPCountsWhateverElseIsInIt: PostgreSQL takes no NUL, and an index no
// long id; a text that is cut may end in half a letter.
func TestASTOPCountsWhateverElseIsInIt(t *testing.T) {
	eachInbox(t, func(t *testing.T, m *mailbox) {
		for i, text := range []string{
			`STOP\u0000`, `\u0000STOP`, `ST\u0000OP`, `S\u0000T\u0000O\u0000P\u0000`, `STOP \ud83d`, `\udc4dSTOP`, `STOP\ud800\ud800`, "STOP \xf0\x9f", "\xffSTOP",
		} {
			number := fmt.Sprintf("197343216%02d", i)
			status, answer := m.post(m.inbox.Key, "["+said(fmt.Sprint("odd-", i), number, text)+"]")
			if status != 200 || !m.stopped(number) {
				t.Errorf("%q: %d %s, stopped %v", text, status, answer, m.stopped(number))
			}
		}
	})
}

func TestASTOPCountsWhateverItsIDIs(t *testing.T) {
	eachInbox(t, func(t *testing.T, m *mailbox) {
		random := &strings.Builder{} // an index packs what repeats itself
		for i := range 2000 {
			fmt.Fprintf(random, "%x", i*i*7919)
		}
		for i, id := range []string{`a\u0000b`, `\ud800`, random.String(), "\xff\xfe"} {
			number := fmt.Sprintf("197343217%02d", i)
			for range 2 {
				if status, answer := m.post(m.inbox.Key, said(id, number, "STOP")); status != 200 || !m.stopped(number) {
					t.Errorf("%.20q: %d %s, stopped %v", id, status, answer, m.stopped(number))
				}
			}
			if n := len(m.dossier(number).Inbound); n != 1 {
				t.Errorf("%.20q came in %d times", id, n)
			}
		}
	})
}

// TestASTOPCountsInAPostOfAnySize has one at the end of what a phone system
// posts that was cut off from us over a weekend.
func TestASTOPCountsInAPostOfAnySize(t *testing.T) {
	eachInbox(t, func(t *testing.T, m *mailbox) {
		var post strings.Builder
		post.WriteByte('[')
		for i := 0; post.Len() < 5<<20; i++ {
			fmt.Fprintf(&post, "%s,\n", said(fmt.Sprint("chat-", i), "19734321500", "See you at five. "+strings.Repeat("see ", 1000)))
		}
		post.WriteString(said("last", "19734321501", "STOP") + "]")
		if status, answer := m.post(m.inbox.Key, post.String()); status != 200 || !m.stopped("19734321501") {
			t.Errorf("%d bytes: %d %s, stopped %v", post.Len(), status, answer, m.stopped("19734321501"))
		}
	})
}

// TestASTOPCountsBesideWhatCannotBeRead: one bad event must not keep the others
// of its post out, each time that it is posted again.
func TestASTOPCountsBesideWhatCannotBeRead(t *testing.T) {
	eachInbox(t, func(t *testing.T, m *mailbox) {
		for i, test := range []struct {
			post   string // %s: the STOP
			status int
		}{
			{`[%s,{}]`, 400}, {`[{},%s]`, 400}, {`[1,"x",null,[[]],%s]`, 400}, {`[%s,`, 400}, {`[%s] x`, 400}, {`[%s,{"id":"x","text":"…`, 400},
			{`[%s,{"id":"y","text":"` + strings.Repeat("x", 2<<20) + `"}]`, 413},
			{"\xef\xbb\xbf \n[%s]\n", 200},
		} {
			number := fmt.Sprintf("197343218%02d", i)
			status, answer := m.post(m.inbox.Key, fmt.Sprintf(test.post, said(fmt.Sprint("beside-", i), number, "STOP")))
			if status != test.status || !m.stopped(number) {
				t.Errorf("%.40q: %d %s, want %d, stopped %v", test.post, status, answer, test.status, m.stopped(number))
			}
		}
	})
}
