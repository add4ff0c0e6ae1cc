package provision_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/provision"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

// stored is a result as a record has it.
func stored(text string) (r provision.Result) {
	_ = r.UnmarshalText([]byte(text)) // cannot fail
	return r
}

// recordOf returns a record whose steps came to results.
func recordOf(id string, attempts int, results ...string) provision.Record {
	r := provision.Record{Entry: id, Attempts: attempts, Steps: map[provision.Part]provision.Step{}}
	for i, result := range results {
		r.Steps[provision.Parts[i]] = provision.Step{Result: stored(result), At: noon}
	}
	return r
}

func TestWhatFailedIsTriedAgainLaterAndLater(t *testing.T) {
	for attempts, want := range map[int]time.Duration{
		0: time.Minute, 1: time.Minute, 2: 2 * time.Minute, 3: 4 * time.Minute, 6: 32 * time.Minute, 7: time.Hour, 8: time.Hour, 1 << 40: time.Hour,
	} {
		r := recordOf("a", attempts, "exists", "failed: no answer", "exists")
		wait := provision.Next(&r, noon, 6*time.Hour).Sub(noon)
		if wait < want*3/4 || wait > want*5/4 {
			t.Errorf("after %d attempts: %v, want about %v", attempts, wait, want)
		}
	}
}

func TestWhatIsInOrderIsLookedAtNowAndThen(t *testing.T) {
	waits := map[time.Duration]bool{}
	for i := range 100 {
		for _, results := range [][]string{{"exists", "exists", "exists"}, {"exists", "conflict: it is Jane's", "exists"}} {
			r := recordOf(fmt.Sprint("entry-", i), 0, results...)
			wait := provision.Next(&r, noon, 6*time.Hour).Sub(noon)
			if wait < 6*time.Hour*3/4 || wait > 6*time.Hour*5/4 {
				t.Errorf("%v: %v", results, wait)
			}
			if again := provision.Next(&r, noon, 6*time.Hour).Sub(noon); again != wait {
				t.Errorf("%v and %v for the same entry", wait, again)
			}
			waits[wait] = true
		}
	}
	if len(waits) < 95 {
		t.Errorf("100 entries come at %d times", len(waits))
	}
}

func TestHowAnEntryStands(t *testing.T) {
	for _, row := range []struct {
		record provision.Record
		want   provision.Condition
	}{
		{provision.Record{}, provision.Unknown},
		{recordOf("a", 0, "created", "updated", "exists"), provision.InOrder},
		{recordOf("a", 0, "exists", "conflict: no", "exists"), provision.Disputed},
		{recordOf("a", 0, "exists", "conflict: no", "failed: no"), provision.Failing},
	} {
		if got := row.record.Condition(); got != row.want {
			t.Errorf("%+v: %s, want %s", row.record.Steps, got, row.want)
		}
	}
	r := recordOf("a", 0, "created", "updated", "exists")
	r.Earlier.Result = stored("conflict: no")
	if got := r.Condition(); got != provision.Disputed {
		t.Errorf("with an earlier chain that stays: %s", got)
	}
}

func TestWhatIsDue(t *testing.T) {
	public, err := url.Parse("https://hooks.example.net")
	if err != nil {
		t.Fatal(err)
	}
	settings := provision.Settings{PublicURL: public, Email: "operations@example.net"}
	named := func(id, domain string) *entry.Entry {
		e := textBack
		e.ID, e.APIDomain = id, domain
		return &e
	}
	inOrder := func(e *entry.Entry) provision.Record {
		r := recordOf(e.ID, 0, "exists", "exists", "exists")
		r.Fingerprint, r.Next = provision.Wanted(e, settings).Fingerprint(), noon.Add(time.Hour)
		return r
	}
	entries := []*entry.Entry{
		named("new", "b.example"), named("in-order", "a.example"), named("late", "a.example"), named("changed", "b.example"),
		named("removed", "a.example"), {ID: "button-alone", APIDomain: "a.example", Queue: "9002@a.example"},
	}
	late, changed, removed := inOrder(entries[2]), inOrder(entries[3]), inOrder(entries[4])
	late.Next = noon
	changed.Fingerprint = "of yesterday"
	removed.Removed, removed.Next = true, noon.Add(-time.Hour)
	left := provision.Record{Entry: "left", Removed: true, Next: noon, Made: []provision.Resource{{Part: provision.User}}}
	left2 := provision.Record{Entry: "left-later", Removed: true, Next: noon.Add(1), Made: []provision.Resource{{Part: provision.User}}}
	deleted := recordOf("deleted", 0, "exists", "exists", "exists") // the entry is gone, but its chain was never removed
	deleted.Made = left.Made
	records := []provision.Record{inOrder(entries[1]), late, changed, removed, left, left2, deleted}

	work := provision.Due(entries, records, settings, noon)
	var apply []string
	for _, e := range work.Apply {
		apply = append(apply, e.ID)
	}
	if diff := cmp.Diff([]string{"late", "new", "changed"}, apply); diff != "" {
		t.Errorf("to apply (- want, + got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"left"}, work.Remove); diff != "" {
		t.Errorf("to remove (- want, + got):\n%s", diff)
	}
	// Without regular checks, what failed is still tried again.
	late.Next = time.Time{}
	for every, want := range map[time.Duration]string{0: "", checkEvery: "late"} {
		settings.CheckEvery = every
		var got string
		for _, e := range provision.Due(entries[2:3], []provision.Record{late}, settings, noon).Apply {
			got = e.ID
		}
		if got != want {
			t.Errorf("looked at every %v: %q is due, want %q", every, got, want)
		}
	}
	if inOrder, failed := recordOf("a", 1, "exists", "exists", "exists"), recordOf("a", 1, "failed: no"); !provision.Next(&inOrder, noon, 0).IsZero() || provision.Next(&failed, noon, 0).IsZero() {
		t.Error("what is in order has a time, or what failed has none")
	}
	settings.Email = "other@example.net"
	if work := provision.Due(entries, records, settings, noon); len(work.Apply) != 4 {
		t.Errorf("with other settings %d are due, want 4", len(work.Apply))
	}
}

func TestTroubleIsTellingOnce(t *testing.T) {
	s := made(t, nstest.Quirks{})
	news := func(want bool, condition provision.Condition) {
		t.Helper()
		if got := s.run(&textBack); got.News != want || got.Condition != condition {
			t.Errorf("news %v, %s, want %v, %s: %+v", got.News, got.Condition, want, condition, got.Report)
		}
		s.clock = s.clock.Add(time.Minute)
	}
	news(false, provision.InOrder)
	s.system.Break(nstest.ReadUser, nstest.Always, nstest.Refuses(http.StatusInternalServerError, "Out of order"))
	s.system.Break(nstest.CreateUser, 1, nstest.Refuses(http.StatusInternalServerError, "Out of order"))
	news(true, provision.Failing)
	s.system.Break(nstest.CreateUser, 1, nstest.Refuses(http.StatusBadGateway, "Out of order as well"))
	news(false, provision.Failing)
	if r := s.record(); r.Attempts != 2 || r.Steps[provision.User].At != noon.Add(time.Minute) {
		t.Errorf("the record is %+v", r)
	}
	s.system.Break(nstest.ReadUser, 0, nstest.NoRoute())
	news(false, provision.InOrder)
	if r := s.record(); r.Attempts != 0 || r.Next.Before(s.clock.Add(4*time.Hour)) {
		t.Errorf("the record is %+v", r)
	}
	s.system.EditUser(domain, "8001", nstest.Object{"service-code": "system-fax"})
	news(true, provision.Disputed)
	news(false, provision.Disputed)
	s.system.EditUser(domain, "8001", nstest.Object{"service-code": "system-door"})
	news(true, provision.Disputed)
}
