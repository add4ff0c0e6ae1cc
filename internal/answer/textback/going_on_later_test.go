package textback_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/answer/textback"
	"github.com/switchhook/switchhook/internal/hours"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

// goesOn is a policy with which texts go on by themselves.
var goesOn = textback.Policy{QueueOnFailure: true}

// queued returns a service with a text in the queue, which the phone system was
// too busy to take.
func queued(t *testing.T, p textback.Policy) (*service, *textback.Outbox) {
	t.Helper()
	s := startInBubble(t, func(c *textback.Config) { c.Policy = p })
	s.system.Break(nstest.SendMessage, 1, nstest.Refuses(503, "Down"))
	s.call("+19734321440", "call-1")
	if got := s.only(); got.State != ledger.Queued {
		t.Fatalf("the text is %+v", got)
	}
	outbox := s.outbox(p)
	return s, outbox
}

func (s *service) wantText(state ledger.State, why ledger.Why) ledger.Text {
	s.t.Helper()
	got := s.only()
	if got.State != state || got.Why != why {
		s.t.Errorf("the text is %s because %q (%s), want %s, %q", got.State, got.Why, got.Problem, state, why)
	}
	return got
}

// untilDue lets time pass until the text is due.
func (s *service) untilDue() { time.Sleep(time.Until(s.only().Due)) }

func TestATextIsTriedLessAndLessOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, outbox := queued(t, goesOn)
		s.system.Break(nstest.SendMessage, nstest.Always, nstest.Refuses(503, "Down"))
		var attempts []time.Time
		for s.only().State == ledger.Queued {
			got := s.only()
			wait := got.Due.Sub(got.Updated)
			want := 5 * time.Second
			for range got.Attempts - 1 {
				want = min(3*want, 10*time.Minute)
			}
			if wait > want || wait < want*4/5 {
				t.Errorf("after attempt %d it waits for %v, want %v or a fifth less", got.Attempts, wait, want)
			}
			if again := s.work(outbox)[got.ID]; !again.IsZero() {
				t.Fatalf("it was tried before it was due, and again at %v", again)
			}
			s.untilDue()
			attempts = append(attempts, time.Now())
			again := s.work(outbox)[got.ID]
			if now := s.only(); now.State == ledger.Queued && !again.Equal(now.Due) {
				t.Errorf("it is to be worked on at %v, and is due at %v", again, now.Due)
			}
		}
		got := s.wantText(ledger.Dead, ledger.Late)
		if got.Attempts != len(attempts)+1 || got.Attempts < 9 || got.Attempts > 13 || !strings.Contains(got.Problem, "503") {
			t.Errorf("after %d attempts the text is %+v", len(attempts), got)
		}
		if last := attempts[len(attempts)-1]; last.After(got.Deadline) || got.Deadline.Sub(last) > 10*time.Minute {
			t.Errorf("the last attempt is at %v, the deadline %v", last, got.Deadline)
		}
		if n := len(s.system.Requests()); n != got.Attempts {
			t.Errorf("the phone system was asked %d times", n)
		}
		s.wantTexts(0)
	})
}

func TestWhatFailedTogetherDoesNotComeBackTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := startInBubble(t, func(c *textback.Config) { c.Policy = goesOn })
		s.system.Break(nstest.SendMessage, nstest.Always, nstest.Refuses(503, "Down"))
		for i := range 20 {
			s.call(fmt.Sprintf("+197343214%02d", i), fmt.Sprint("call-", i))
		}
		texts, err := s.store.Texts(t.Context(), ledger.Query{State: ledger.Queued})
		if err != nil || len(texts) != 20 {
			t.Fatalf("%d texts wait: %v", len(texts), err)
		}
		due := map[time.Time]bool{}
		for _, text := range texts {
			due[text.Due] = true
		}
		if len(due) < 10 {
			t.Errorf("20 texts are due at %d moments", len(due))
		}
	})
}

func TestATextThatGoesOnGoesOutOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, outbox := queued(t, goesOn)
		s.untilDue()
		for range 5 {
			s.work(outbox)
			time.Sleep(time.Minute)
		}
		if got := s.wantText(ledger.Sent, ""); got.Attempts != 2 {
			t.Errorf("there were %d attempts", got.Attempts)
		}
		s.wantTexts(1)
	})
}

func TestARefusalInTheQueueIsTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, outbox := queued(t, goesOn)
		s.system.Break(nstest.SendMessage, nstest.Always, nstest.Refuses(422, "Land line"))
		s.untilDue()
		s.work(outbox)
		s.wantText(ledger.Dead, ledger.Refused)
	})
}

func TestPastTheDeadlineNothingGoesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, outbox := queued(t, goesOn)
		time.Sleep(2 * time.Hour) // the server was down
		s.work(outbox)
		s.wantText(ledger.Dead, ledger.Late)
		s.wantTexts(0)
	})
}

func TestSTOPHoldsAlsoForWhatIsInTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, outbox := queued(t, goesOn)
		s.suppress(ledger.Suppression{Number: "19734321440", Tenant: domain, Channel: ledger.Texts, How: ledger.ByText})
		s.untilDue()
		s.work(outbox)
		s.wantText(ledger.Dead, ledger.Suppressed)
		s.wantTexts(0)
		// Nor can an operator send it.
		if err := s.store.Resend(t.Context(), s.only().ID, time.Now(), time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		s.work(outbox)
		s.wantText(ledger.Dead, ledger.Suppressed)
		s.wantTexts(0)
	})
}

func TestQuietHoursHoldTheQueue(t *testing.T) {
	quiet, err := hours.ParseQuiet("00:00-08:00")
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		giveUp time.Duration
		state  ledger.State
		why    ledger.Why
	}{
		"there is time":  {12 * time.Hour, ledger.Sent, ""},
		"it is too long": {time.Hour, ledger.Dead, ledger.Late},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // begins at midnight
				policy := textback.Policy{QueueOnFailure: true, GiveUpAfter: test.giveUp}
				s, outbox := queued(t, policy)
				outbox.Quiet = func(entry string) *hours.Quiet {
					if entry != id {
						t.Errorf("the quiet hours of %q are asked for", entry)
					}
					return quiet.In(time.UTC)
				}
				s.untilDue()
				again := s.work(outbox)[s.only().ID]
				s.wantTexts(0)
				if test.state == ledger.Sent {
					if want := time.Date(2000, 1, 1, 8, 0, 0, 0, time.UTC); !again.Equal(want) || !s.only().Due.Equal(want) {
						t.Errorf("it goes on at %v, want %v", again, want)
					}
					s.untilDue()
					s.work(outbox)
				}
				s.wantText(test.state, test.why)
			})
		})
	}
}

func TestWhatIsOwedToWhoWroteIsNotHeldBack(t *testing.T) {
	quiet, err := hours.ParseQuiet("00:00-23:59")
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		s := startInBubble(t)
		s.suppress(ledger.Suppression{Number: "19734321440", Tenant: domain, Channel: ledger.Texts, How: ledger.ByText})
		for _, purpose := range []ledger.Purpose{ledger.Confirmation, ledger.Help} {
			now := time.Now()
			if _, err := s.store.Enqueue(t.Context(), ledger.Text{
				Purpose: purpose, Entry: id, Domain: domain, User: "2000", Session: strings.Repeat("a", 32), From: from, To: "19734321440",
				Message: string(purpose), Segments: 1, Due: now, Deadline: now.Add(time.Minute),
			}); err != nil {
				t.Fatal(err)
			}
		}
		outbox := s.outbox(textback.Policy{})
		outbox.Quiet = func(string) *hours.Quiet { return quiet.In(time.UTC) }
		s.system.Break(nstest.SendMessage, 1, nstest.Refuses(503, "Down")) // they are tried again also without the queue
		for range 3 {
			s.work(outbox)
			time.Sleep(10 * time.Second)
		}
		s.wantTexts(2)
	})
}

// TestASlowAttemptDoesNotUndoALaterOne: an attempt outlives its lease, and
// somebody else takes the text on.
func TestASlowAttemptDoesNotUndoALaterOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, outbox := queued(t, textback.Policy{QueueOnFailure: true, Resend: true})
		s.untilDue()
		slow := *outbox
		slow.Queue = &slowQueue{s.store, time.Minute} // longer than the lease
		done := make(chan error)
		go func() {
			_, err := slow.Work(t.Context(), s.only().ID)
			done <- err
		}()
		time.Sleep(45 * time.Second)
		s.work(outbox) // the lease has expired: we check the phone system, do not find it, and send it
		s.wantText(ledger.Sent, "")
		if err := <-done; err != nil {
			t.Error(err)
		}
		s.wantText(ledger.Sent, "")
		s.wantTexts(1) // the slow one saw that its time was over
	})
}

// slowQueue is a database that takes long to say who is suppressed.
type slowQueue struct {
	textback.Queue

	takes time.Duration
}

func (q *slowQueue) Suppressed(ctx context.Context, tenant, number string, channel ledger.Channel) (*ledger.Suppression, error) {
	time.Sleep(q.takes)
	return q.Queue.Suppressed(ctx, tenant, number, channel)
}

// failingQueue is a database that cannot say who is suppressed.
type failingQueue struct{ textback.Queue }

func (failingQueue) Suppressed(context.Context, string, string, ledger.Channel) (*ledger.Suppression, error) {
	return nil, errDisk
}

func TestWhoMayBeSuppressedIsNotTextedAndTheTextWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, outbox := queued(t, goesOn)
		s.untilDue()
		ill := *outbox
		ill.Queue = failingQueue{s.store}
		if _, err := ill.Work(t.Context(), s.only().ID); !errors.Is(err, errDisk) {
			t.Errorf("the error is %v", err)
		}
		s.wantTexts(0)
		if got := s.wantText(ledger.Queued, ledger.Failed); got.Doubtful {
			t.Error("it is taken for sent, perhaps")
		}
		s.untilDue()
		s.work(outbox)
		s.wantText(ledger.Sent, "")
		s.wantTexts(1)
	})
}

func TestAnAttemptIsDoneToItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, outbox := queued(t, goesOn)
		s.untilDue()
		s.system.Break(nstest.SendMessage, 1, nstest.Slow(2*time.Second))
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() {
			_, err := outbox.Work(ctx, s.only().ID)
			done <- err
		}()
		time.Sleep(time.Second)
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		s.wantText(ledger.Sent, "")
		s.wantTexts(1)
	})
}

func TestWhatIsDoneIsNotDoneAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, outbox := queued(t, goesOn)
		var told []ledger.State
		outbox.Attempted = func(_ ledger.Text, r ledger.Result) { told = append(told, r.State) }
		id := s.only().ID
		s.untilDue()
		for range 3 {
			if again, err := outbox.Work(t.Context(), id); err != nil || !again.IsZero() {
				t.Errorf("again at %v, %v", again, err)
			}
		}
		if again, err := outbox.Work(t.Context(), "erased"); err != nil || !again.IsZero() {
			t.Errorf("again at %v, %v", again, err)
		}
		if diff := cmp.Diff([]ledger.State{ledger.Sent}, told); diff != "" {
			t.Errorf("told of (- want, + got):\n%s", diff)
		}
		s.wantTexts(1)
	})
}
