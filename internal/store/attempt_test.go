package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
)

func finish(t testing.TB, s *store.Store, r ledger.Result) {
	t.Helper()
	if err := s.Finish(t.Context(), r); err != nil {
		t.Fatal(err)
	}
}

func text(t testing.TB, s *store.Store, id string) ledger.Text {
	t.Helper()
	found, err := s.Text(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func claim(t testing.TB, s *store.Store, id string, now time.Time) ledger.Text {
	t.Helper()
	claimed, err := s.Claim(t.Context(), id, now, now.Add(20*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	return claimed
}

func TestATextGoesThroughItsStates(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		id := begin(t, s, callOf("a"), noon(), sendsText).Text.ID
		if _, err := s.Claim(t.Context(), id, noon(), noon()); !errors.Is(err, ledger.ErrTaken) {
			t.Errorf("while the caller waits: %v", err)
		}
		due := noon().Add(time.Minute)
		finish(t, s, ledger.Result{ID: id, Attempt: 1, At: noon(), State: ledger.Queued, Why: ledger.Failed, Problem: "503", Due: due})
		early, err := s.Claim(t.Context(), id, due.Add(-time.Millisecond), due)
		if !errors.Is(err, ledger.ErrTaken) || !early.Due.Equal(due) {
			t.Errorf("before it is due: due %v, %v", early.Due, err)
		}
		got := claim(t, s, id, due)
		want := *textTo(caller)
		want.ID, want.State, want.Attempts, want.Why, want.Problem = id, ledger.Sending, 2, ledger.Failed, "503"
		want.Created, want.Updated, want.Lease = noon(), due, due.Add(20*time.Second)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("claimed (-want +got):\n%s", diff)
		}
		if _, err := s.Claim(t.Context(), id, due, due); !errors.Is(err, ledger.ErrTaken) {
			t.Errorf("claimed twice: %v", err)
		}
		finish(t, s, ledger.Result{ID: id, Attempt: 2, At: due, State: ledger.Dead, Why: ledger.Late, Doubtful: true})
		if err := s.Resend(t.Context(), id, due, due.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		want.State, want.Why, want.Problem, want.Doubtful, want.Ordered = ledger.Queued, ledger.Late, "", true, true
		want.Due, want.Deadline, want.Lease = due, due.Add(time.Hour), time.Time{}
		if diff := cmp.Diff(want, text(t, s, id)); diff != "" {
			t.Errorf("sent again (-want +got):\n%s", diff)
		}
		if err := s.Resend(t.Context(), id, due, due); fault.CodeOf(err) != fault.Refused {
			t.Errorf("sent again twice: %v", err)
		}
		claim(t, s, id, due)
		finish(t, s, ledger.Result{ID: id, Attempt: 3, At: due, State: ledger.Sent})
		want.State, want.Why, want.Doubtful, want.Attempts, want.Due = ledger.Sent, "", false, 3, time.Time{}
		if diff := cmp.Diff(want, text(t, s, id)); diff != "" {
			t.Errorf("sent (-want +got):\n%s", diff)
		}
	})
}

func TestATextThatIsNotThere(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		_, errText := s.Text(t.Context(), "none")
		_, errClaim := s.Claim(t.Context(), "none", noon(), noon())
		for what, err := range map[string]error{"text": errText, "claim": errClaim, "resend": s.Resend(t.Context(), "none", noon(), noon())} {
			if fault.CodeOf(err) != fault.NotFound {
				t.Errorf("%s: %v", what, err)
			}
		}
		if err := s.Finish(t.Context(), ledger.Result{ID: "none", Attempt: 1, State: ledger.Dead}); err != nil {
			t.Errorf("an attempt at a text that was erased: %v", err)
		}
	})
}

func TestStaleResultsChangeNothingButToSent(t *testing.T) {
	late := noon().Add(time.Minute)
	cases := map[string]struct {
		state   ledger.State // of the text whose second attempt began
		attempt int
		result  ledger.State
		want    ledger.State
	}{
		"an old attempt failed":                  {ledger.Sending, 1, ledger.Dead, ledger.Sending},
		"an old attempt is to be tried again":    {ledger.Sending, 1, ledger.Queued, ledger.Sending},
		"an old attempt got through":             {ledger.Sending, 1, ledger.Sent, ledger.Sent},
		"an old attempt got through a dead text": {ledger.Dead, 1, ledger.Sent, ledger.Sent},
		"the attempt failed":                     {ledger.Sending, 2, ledger.Dead, ledger.Dead},
		"the attempt failed after its lease":     {ledger.Queued, 2, ledger.Dead, ledger.Dead},
		"the attempt failed a sent text":         {ledger.Sent, 2, ledger.Dead, ledger.Sent},
		"the attempt ended twice":                {ledger.Dead, 2, ledger.Queued, ledger.Dead},
		"the attempt got through after it died":  {ledger.Dead, 2, ledger.Sent, ledger.Sent},
	}
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		for name, c := range cases {
			t.Run(name, func(t *testing.T) {
				id := begin(t, s, callOf(name), noon(), sendsText).Text.ID
				finish(t, s, ledger.Result{ID: id, Attempt: 1, At: noon(), State: ledger.Queued, Due: noon()})
				claim(t, s, id, noon())
				if c.state != ledger.Sending {
					finish(t, s, ledger.Result{ID: id, Attempt: 2, At: noon(), State: c.state, Due: late})
				}
				before := text(t, s, id)
				finish(t, s, ledger.Result{ID: id, Attempt: c.attempt, At: late, State: c.result, Due: late, Reason: "late"})
				after := text(t, s, id)
				if after.State != c.want {
					t.Errorf("the text is %s, want %s", after.State, c.want)
				}
				changed := c.want != c.state
				if diff := cmp.Diff(before, after); (diff != "") != changed {
					t.Errorf("(-before +after):\n%s", diff)
				}
				reason := map[bool]string{true: "late", false: "sent"}[changed]
				if got := begin(t, s, callOf(name), late, refuses(t)).Reason; got != reason {
					t.Errorf("the caller hears %q, want %q", got, reason)
				}
			})
		}
	})
}

func TestASweepQueuesWhatItsProcessLeft(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		left := begin(t, s, callOf("a"), noon(), sendsText).Text
		begin(t, s, callOf("b"), noon().Add(time.Hour), func(ledger.History) ledger.Decision {
			text := textTo(caller)
			text.Lease = noon().Add(2 * time.Hour)
			return ledger.Decision{Text: text}
		})
		if stranded, err := s.Sweep(t.Context(), left.Lease); err != nil || len(stranded) != 0 {
			t.Errorf("within the lease: %v, %v", stranded, err)
		}
		now := left.Lease.Add(time.Millisecond)
		stranded, err := s.Sweep(t.Context(), now)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{left.ID}, stranded); diff != "" {
			t.Errorf("stranded (-want +got):\n%s", diff)
		}
		want := *left
		want.State, want.Why, want.Problem, want.Doubtful = ledger.Queued, ledger.Uncertain, "the attempt did not end in its time", true
		want.Updated, want.Due, want.Lease = now, now, time.Time{}
		if diff := cmp.Diff(want, text(t, s, left.ID)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if stranded, err := s.Sweep(t.Context(), now); err != nil || len(stranded) != 0 {
			t.Errorf("again: %v, %v", stranded, err)
		}
	})
}

func TestTextsAreListedAndCounted(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		counts, oldest, err := s.Counts(t.Context())
		if err != nil || !oldest.IsZero() {
			t.Fatalf("an empty ledger: %v, %v", oldest, err)
		}
		if diff := cmp.Diff(map[ledger.State]int{ledger.Sending: 0, ledger.Queued: 0, ledger.Sent: 0, ledger.Dead: 0}, counts); diff != "" {
			t.Errorf("an empty ledger (-want +got):\n%s", diff)
		}
		id := make(map[string]string)
		add := func(name, entry, number string, at time.Time, r ledger.Result) {
			key := ledger.Key{Entry: entry, CallID: name, Caller: number}
			id[name] = begin(t, s, key, at, func(ledger.History) ledger.Decision {
				text := textTo(number)
				text.Entry = entry
				return ledger.Decision{Text: text}
			}).Text.ID
			if r.State != "" {
				r.ID, r.Attempt, r.At = id[name], 1, at
				finish(t, s, r)
			}
		}
		minute := func(n int) time.Time { return noon().Add(time.Duration(n) * time.Minute) }
		add("a", "shop", caller, minute(1), ledger.Result{State: ledger.Sent})
		add("b", "shop", "12125550124", minute(2), ledger.Result{State: ledger.Dead})
		add("c", "bakery", caller, minute(3), ledger.Result{State: ledger.Queued, Due: minute(9)})
		add("d", "shop", caller, minute(4), ledger.Result{State: ledger.Queued, Due: minute(8)})
		add("e", "shop", caller, minute(5), ledger.Result{})
		for name, c := range map[string]struct {
			query ledger.Query
			want  []string
		}{
			"all":           {ledger.Query{}, []string{"e", "d", "c", "b", "a"}},
			"the youngest":  {ledger.Query{Limit: 2}, []string{"e", "d"}},
			"by state":      {ledger.Query{State: ledger.Queued}, []string{"d", "c"}},
			"by entry":      {ledger.Query{Entry: "bakery"}, []string{"c"}},
			"by number":     {ledger.Query{Number: caller, Limit: 3}, []string{"e", "d", "c"}},
			"since":         {ledger.Query{Since: minute(3)}, []string{"e", "d", "c"}},
			"all that hold": {ledger.Query{State: ledger.Queued, Entry: "shop", Number: caller, Since: minute(1), Limit: 5}, []string{"d"}},
			"none":          {ledger.Query{Number: "1"}, nil},
		} {
			texts, err := s.Texts(t.Context(), c.query)
			if err != nil {
				t.Fatal(err)
			}
			var got, want []string
			for _, text := range texts {
				got = append(got, text.ID)
			}
			for _, name := range c.want {
				want = append(want, id[name])
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
		counts, oldest, err = s.Counts(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[ledger.State]int{ledger.Sending: 1, ledger.Queued: 2, ledger.Sent: 1, ledger.Dead: 1}, counts); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if !oldest.Equal(minute(8)) {
			t.Errorf("the oldest was due at %v", oldest)
		}
	})
}
