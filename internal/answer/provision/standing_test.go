package provision_test

import (
	"net/http"
	"testing"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/provision"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

func TestHowAChainStandsIsToldByItsRecord(t *testing.T) {
	s := remembering(t, nstest.Quirks{})
	stands := func(e *entry.Entry, want provision.Condition, reasons int) {
		t.Helper()
		var known *provision.Record
		if r := s.record(); r.Version > 0 {
			known = &r
		}
		if state, why := s.Settings().Standing(e, known); state != want || len(why) != reasons {
			t.Errorf("it is %s, %q; want %s", state, why, want)
		}
	}
	orphans := func(has bool, want int) {
		t.Helper()
		all, err := s.Records.All(t.Context())
		if got := provision.Orphans(all, func(string) bool { return has }); err != nil || len(got) != want {
			t.Errorf("the orphans are %+v, %v", got, err)
		}
	}
	stands(&textBack, provision.Never, 0)
	stands(&entry.Entry{ID: textBack.ID, APIDomain: domain}, provision.Unwanted, 0)
	orphans(false, 0)
	s.system.Break(nstest.CreateDialRule, 1, nstest.Refuses(http.StatusInternalServerError, "Out of order"))
	s.run(&textBack)
	stands(&textBack, provision.Failing, 1)
	s.run(&textBack)
	stands(&textBack, provision.InOrder, 0)
	orphans(true, 0)
	orphans(false, 1)
	moved := textBack
	moved.Text.SystemUser = "8009"
	stands(&moved, provision.Outdated, 0)
	s.remove(true)
	stands(&textBack, provision.Away, 0)
	orphans(false, 0)
}

func TestARemovalRemembersWhereTheEntryWas(t *testing.T) {
	s := remembering(t, nstest.Quirks{})
	for range 2 { // it was never provisioned here
		if _, err := s.Remove(t.Context(), textBack.ID, "other.example", true); err != nil || s.record().Domain != "other.example" || !s.record().Removed {
			t.Errorf("the record is %+v, %v", s.record(), err)
		}
	}
	s.run(&textBack)
	s.remove(true)
	if got := s.record().Domain; got != domain {
		t.Errorf("the domain is %q", got)
	}
}
