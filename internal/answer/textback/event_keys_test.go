package textback_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/textback"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

// postTo posts events to the address of a domain, or with an empty one to the
// address that all domains had.
func (m *mailbox) postTo(domain, key, body string) (status int, answer string) {
	m.t.Helper()
	query := url.Values{"key": {key}}
	if domain != "" {
		query.Set("domain", domain)
	}
	w := httptest.NewRecorder()
	m.inbox.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/webresponder/events?"+query.Encode(), strings.NewReader(body)))
	return w.Code, strings.TrimSpace(w.Body.String())
}

func TestAKeySpeaksForItsDomainAlone(t *testing.T) {
	m := startInbox(t, nstest.Quirks{})
	other := m.inbox.Keys.Of("other.example")
	for _, test := range []struct {
		domain, key string
		status      int
	}{
		{"other.example", other, 403}, {domain, other, 403}, {"other.example", m.key(), 403}, {"", m.key(), 403}, {"", other, 403}, {"", "", 403},
		{"Example.NET", m.key(), 200},
	} {
		if status, answer := m.postTo(test.domain, test.key, "["+stop+"]"); status != test.status || m.stopped(writer) != (status == 200) {
			t.Errorf("with the key of %s: %d %s", test.domain, status, answer)
		}
	}
	foreign := strings.Replace(said("m-2", "19734321441", "STOP"), domain, "other.example", 1)
	status, answer := m.post(m.key(), "["+foreign+","+said("m-3", "19734321442", "STOP")+"]")
	wantAnswer(t, status, answer, 403, `{"message":"the key is not one of the events' domain"}`)
	if !m.stopped("19734321442") {
		t.Error("a STOP did not count for what it came with")
	}
}

// TestAForeignPostHasNoSubscriptionLookedAt: otherwise anyone who has the key of
// one domain could make us query the phone system for all others on each post.
func TestAForeignPostHasNoSubscriptionLookedAt(t *testing.T) {
	m := startInbox(t, nstest.Quirks{})
	m.inbox.Stale = func(domain string) { t.Errorf("the subscription of %s is looked at again", domain) }
	status, answer := m.postTo("other.example", m.inbox.Keys.Of("other.example"), "["+stop+"]")
	wantAnswer(t, status, answer, 403, `{"message":"the key is not one of the events' domain"}`)
}

func TestTheKeyOfBeforeCountsUntilADomainHasItsOwn(t *testing.T) {
	m := startInbox(t, nstest.Quirks{})
	var (
		moved  map[string]time.Time
		failed error
		stale  []string
	)
	m.inbox.Keys.Before = textback.KeyOfBefore("correct horse")
	m.inbox.Keys.Moved = func(context.Context) (map[string]time.Time, error) { return moved, failed }
	m.inbox.Stale = func(domain string) { stale = append(stale, domain) }
	now := time.Now()
	for i, test := range []struct {
		name   string
		moved  map[string]time.Time
		failed error
		status int
	}{
		{"nothing was moved", nil, nil, 200},
		{"another was moved", map[string]time.Time{"other.example": now.Add(-time.Hour)}, nil, 200},
		{"it was moved just now", map[string]time.Time{domain: now.Add(-time.Minute)}, nil, 200},
		{"it was moved", map[string]time.Time{domain: now.Add(-11 * time.Minute)}, nil, 403},
		{"nobody knows", nil, errors.New("the database is gone"), 503},
	} {
		moved, failed = test.moved, test.failed
		number := "1973433200" + string(rune('0'+i))
		status, answer := m.postTo("", m.inbox.Keys.Before, said("m-"+number, number, "STOP"))
		if status != test.status || m.stopped(number) != (status == 200) {
			t.Errorf("%s: %d %s", test.name, status, answer)
		}
	}
	if diff := cmp.Diff([]string{domain}, stale); diff != "" {
		t.Errorf("those that are to be moved again (-want +got):\n%s", diff)
	}
}
