package textback_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/answer/textback"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

// doubtful returns a service with a text in doubt: the service cannot know
// whether the phone system took it. It did not.
func doubtful(t *testing.T, p textback.Policy) (*service, *textback.Outbox) {
	t.Helper()
	s := startInBubble(t, func(c *textback.Config) { c.Policy = p })
	s.system.Break(nstest.SendMessage, 1, nstest.HangsUp())
	s.call("+19734321440", "call-1")
	if got := s.only(); got.State != ledger.Queued || !got.Doubtful || got.Why != ledger.Uncertain {
		t.Fatalf("the text is %+v", got)
	}
	time.Sleep(15 * time.Second)
	outbox := s.outbox(p)
	return s, outbox
}

// TestADoubtfulTextIsLookedFor goes through what the phone system says of a
// text that may have got through, and what the settings say then.
func TestADoubtfulTextIsLookedFor(t *testing.T) {
	asked := []struct {
		name string
		do   func(s *service)
	}{
		{"found", func(s *service) {
			text := s.only()
			if err := s.client.SendSMS(s.t.Context(), smsOf(text)); err != nil { // as the attempt did
				s.t.Fatal(err)
			}
		}},
		{"not found", func(*service) {}},
		{"cannot be asked just now", func(s *service) { s.system.Break(nstest.ListMessages, 2, nstest.Refuses(503, "Down")) }},
		{"may not be asked", func(s *service) { s.system.Break(nstest.ListMessages, nstest.Always, nstest.Refuses(403, "Scope")) }},
		{"does not know the question", func(s *service) { s.system.Break(nstest.ListMessages, nstest.Always, nstest.NoRoute()) }},
		{"never answers", func(s *service) { s.system.Break(nstest.ListMessages, nstest.Always, nstest.Silent()) }},
	}
	for _, policy := range []struct {
		name string
		textback.Policy
		resends bool
	}{
		{"hold", textback.Policy{}, false},
		{"hold, queue", goesOn, false},
		{"resend without the queue", textback.Policy{Resend: true}, false},
		{"resend", textback.Policy{QueueOnFailure: true, Resend: true}, true},
	} {
		for _, ask := range asked {
			t.Run(policy.name+", "+ask.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s, outbox := doubtful(t, policy.Policy)
					ask.do(s)
					for s.only().State == ledger.Queued {
						s.untilDue()
						s.work(outbox)
					}
					switch {
					case ask.name == "found":
						s.wantText(ledger.Sent, "")
						s.wantTexts(1)
					case policy.resends && ask.name == "never answers":
						// It may go out as long as there is time for it.
						if got := s.only(); got.State == ledger.Dead && len(s.system.Messages()) > 0 {
							t.Errorf("the text went out and is %+v", got)
						}
					case policy.resends:
						s.wantText(ledger.Sent, "")
						s.wantTexts(1)
					default:
						got := s.wantText(ledger.Dead, ledger.Uncertain)
						if !got.Doubtful {
							t.Error("an operator who sends it again would not look for it first")
						}
						want := "it does not show it"
						if strings.HasPrefix(ask.name, "may not") || strings.HasPrefix(ask.name, "does not") || strings.HasPrefix(ask.name, "never") {
							want = "it cannot be asked"
						}
						if !strings.Contains(got.Problem, want) {
							t.Errorf("the problem is %q, want %q in it", got.Problem, want)
						}
						s.wantTexts(0)
					}
				})
			})
		}
	}
}

func TestAnOperatorSendsADeadLetter(t *testing.T) {
	resend := func(s *service) {
		s.t.Helper()
		if err := s.store.Resend(s.t.Context(), s.only().ID, time.Now(), time.Now().Add(time.Hour)); err != nil {
			s.t.Fatal(err)
		}
	}
	for name, test := range map[string]struct {
		fault   nstest.Fault
		before  func(*service)
		texts   int
		state   ledger.State
		why     ledger.Why
		lookups int
	}{
		"failed":                         {nstest.Refuses(503, "Down"), func(*service) {}, 1, ledger.Sent, "", 0},
		"refused":                        {nstest.Refuses(403, "Scope"), func(*service) {}, 1, ledger.Sent, "", 0},
		"refused again":                  {nstest.Refuses(403, "Scope"), func(s *service) { s.system.Break(nstest.SendMessage, nstest.Always, nstest.Refuses(403, "Scope")) }, 0, ledger.Dead, ledger.Refused, 0},
		"failed again, and then it goes": {nstest.Refuses(503, "Down"), func(s *service) { s.system.Break(nstest.SendMessage, 1, nstest.Refuses(503, "Down")) }, 1, ledger.Sent, "", 0},
		"doubtful, and not there":        {nstest.HangsUp(), func(*service) {}, 1, ledger.Sent, "", 2},
		"doubtful, and there after all": {nstest.HangsUp(), func(s *service) {
			if err := s.client.SendSMS(s.t.Context(), smsOf(s.only())); err != nil {
				s.t.Fatal(err)
			}
		}, 1, ledger.Sent, "", 2},
		"doubtful, and cannot be asked": {nstest.HangsUp(), func(s *service) { s.system.Break(nstest.ListMessages, nstest.Always, nstest.NoRoute()) }, 1, ledger.Sent, "", 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := startInBubble(t) // nothing goes on by itself
				s.system.Break(nstest.SendMessage, 1, test.fault)
				wantXML(t, s.call("+19734321440", "call-1"), apology)
				outbox := s.outbox(textback.Policy{})
				time.Sleep(15 * time.Second)
				s.work(outbox)
				if got := s.only(); got.State != ledger.Dead {
					t.Fatalf("the text is %+v", got)
				}
				test.before(s)
				resend(s)
				for range 4 {
					s.work(outbox)
					time.Sleep(20 * time.Second)
				}
				s.wantText(test.state, test.why)
				s.wantTexts(test.texts)
				lookups := 0
				for _, r := range s.system.Requests() {
					if r.Call == nstest.ListMessages {
						lookups++
					}
				}
				if lookups != test.lookups {
					t.Errorf("the phone system was asked for the text %d times, want %d", lookups, test.lookups)
				}
				wantXML(t, s.call("+19734321440", "call-1"), apology) // what the caller heard stays
			})
		})
	}
}
