package textback_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/answer/textback"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

// TestWhatBecomesOfATextHangsOnHowItFailed goes through the failures of a phone
// system, with and without the queue: what the caller hears, and the status of
// the text at once and after the phone system works again.
func TestWhatBecomesOfATextHangsOnHowItFailed(t *testing.T) {
	type fate struct {
		hears textback.Reason
		state ledger.State
		why   ledger.Why
		end   ledger.State
		ends  ledger.Why
		texts int // that the phone system took
	}
	var (
		sent     = fate{textback.Sent, ledger.Sent, "", ledger.Sent, "", 1}
		refused  = fate{textback.Refused, ledger.Dead, ledger.Refused, ledger.Dead, ledger.Refused, 0}
		failed   = fate{textback.Failed, ledger.Dead, ledger.Failed, ledger.Dead, ledger.Failed, 0}
		queued   = fate{textback.Queued, ledger.Queued, ledger.Failed, ledger.Sent, "", 1}
		lost     = fate{textback.Uncertain, ledger.Queued, ledger.Uncertain, ledger.Dead, ledger.Uncertain, 0} // it was not taken, and is held
		found    = fate{textback.Uncertain, ledger.Queued, ledger.Uncertain, ledger.Sent, "", 1}               // it was taken, or is sent again
		hangsUp  = nstest.HangsUp()
		refusal  = func(status int) nstest.Fault { return nstest.Refuses(status, "No.") }
		gatewayP = nstest.Page(502, "Bad Gateway")
	)
	for _, test := range []struct {
		name    string
		fault   nstest.Fault
		off, on fate
		resend  fate // with the queue, and textback.when_uncertain = resend
		waits   time.Duration
	}{
		{"it works", nstest.Slow(0), sent, sent, sent, 0},
		{"slow", nstest.Slow(3 * time.Second), sent, sent, sent, 3 * time.Second},
		{"too slow", nstest.Slow(5 * time.Second), found, found, found, 4 * time.Second},
		{"frozen", nstest.Silent(), lost, lost, found, 4 * time.Second},
		{"frozen after it was done", nstest.Silent().AfterDoing(), found, found, found, 4 * time.Second},
		{"hangs up", hangsUp, lost, lost, found, 0},
		{"hangs up after it was done", hangsUp.AfterDoing(), found, found, found, 0},
		{"half an answer", nstest.Half().AfterDoing(), found, found, found, 0},
		{"a proxy lost the answer", gatewayP, lost, lost, found, 0},
		{"a proxy lost the answer after it was done", gatewayP.AfterDoing(), found, found, found, 0},
		{"down", refusal(503), failed, queued, queued, 0},
		{"broken", refusal(500), failed, queued, queued, 0},
		{"too many", refusal(429), failed, queued, queued, 0},
		{"bad request", refusal(400), refused, refused, refused, 0},
		{"land line", refusal(422), refused, refused, refused, 0},
		{"old core", nstest.NoRoute(), refused, refused, refused, 0},
	} {
		for _, way := range []struct {
			name   string
			policy textback.Policy
			want   fate
		}{
			{"dead letters", textback.Policy{}, test.off},
			{"dead letters, resend", textback.Policy{Resend: true}, test.off}, // without the queue nothing is sent twice
			{"queue", textback.Policy{QueueOnFailure: true}, test.on},
			{"queue, resend", textback.Policy{QueueOnFailure: true, Resend: true}, test.resend},
		} {
			t.Run(test.name+", "+way.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := startInBubble(t, allTexts, func(c *textback.Config) { c.Policy = way.policy })
					s.system.Break(nstest.SendMessage, 1, test.fault)
					began := time.Now()
					wantXML(t, s.call("+19734321440", "call-1"), hears(way.want.hears))
					if took := time.Since(began); took != test.waits {
						t.Errorf("the caller waits for %v", took)
					}
					got := s.only()
					if got.State != way.want.state || got.Why != way.want.why || got.Doubtful != (got.Why == ledger.Uncertain) || (got.Problem == "") != (got.State == ledger.Sent) {
						t.Errorf("at once the text is %+v", got)
					}
					outbox := s.outbox(way.policy)
					for range 8 {
						time.Sleep(15 * time.Second)
						s.work(outbox)
					}
					if got = s.only(); got.State != way.want.end || got.Why != way.want.ends {
						t.Errorf("in the end the text is %+v", got)
					}
					s.wantTexts(way.want.texts)
					wantXML(t, s.call("+19734321440", "call-1"), hears(way.want.hears)) // whatever its final state
				})
			})
		}
	}
}

func TestTheLedgerHasTheTextBeforeItGoesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := startInBubble(t)
		s.system.Break(nstest.SendMessage, 1, nstest.Slow(2*time.Second))
		began := time.Now().UTC()
		done := make(chan struct{})
		go func() { defer close(done); s.call("+19734321440", "call-1") }()
		time.Sleep(time.Second)
		got := s.only()
		want := ledger.Text{
			Purpose: ledger.Answer, Entry: id, CallID: "call-1", Domain: domain, User: "2000", From: from, To: "19734321440", Message: message, Segments: 1,
			State: ledger.Sending, Attempts: 1, Created: began, Updated: began, Deadline: began.Add(textback.DefaultGiveUpAfter),
			Lease: began.Add(textback.DefaultPatience + 10*time.Second),
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(ledger.Text{}, "ID", "Session")); diff != "" {
			t.Errorf("the text (- want, + got):\n%s", diff)
		}
		<-done
		messages := s.system.Messages()
		if len(messages) != 1 || messages[0].Session != got.Session {
			t.Errorf("the texts are %+v, the ledger's session is %s", messages, got.Session)
		}
	})
}
