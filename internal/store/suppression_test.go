package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
)

// listed is a suppression of the caller.
func listed(tenant string, channel ledger.Channel, how string) ledger.Suppression {
	return ledger.Suppression{Number: caller, Tenant: tenant, Channel: channel, At: noon(), How: how, Words: "stop it"}
}

func suppress(t testing.TB, s *store.Store, entries ...ledger.Suppression) {
	t.Helper()
	for _, entry := range entries {
		if err := s.Suppress(t.Context(), entry); err != nil {
			t.Fatal(err)
		}
	}
}

func suppressions(t testing.TB, s *store.Store, number string) []ledger.Suppression {
	t.Helper()
	list, err := s.Suppressions(t.Context(), number)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestASuppressionCoversWhatIsNarrower(t *testing.T) {
	const other = "other.example"
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		for _, c := range []struct {
			tenant  string
			channel ledger.Channel
			covers  map[string][]ledger.Channel // by tenant
		}{
			{tenant, ledger.Texts, map[string][]ledger.Channel{tenant: {ledger.Texts}}},
			{tenant, ledger.Calls, map[string][]ledger.Channel{tenant: {ledger.Calls}}},
			{tenant, ledger.AnyWay, map[string][]ledger.Channel{tenant: {ledger.Texts, ledger.Calls, ledger.AnyWay}}},
			{ledger.AnyTenant, ledger.Texts, map[string][]ledger.Channel{tenant: {ledger.Texts}, other: {ledger.Texts}, ledger.AnyTenant: {ledger.Texts}}},
			{ledger.AnyTenant, ledger.AnyWay, map[string][]ledger.Channel{
				tenant:           {ledger.Texts, ledger.Calls, ledger.AnyWay},
				other:            {ledger.Texts, ledger.Calls, ledger.AnyWay},
				ledger.AnyTenant: {ledger.Texts, ledger.Calls, ledger.AnyWay},
			}},
		} {
			entry := listed(c.tenant, c.channel, ledger.ByOperator)
			suppress(t, s, entry)
			got := make(map[string][]ledger.Channel)
			for _, by := range []string{tenant, other, ledger.AnyTenant} {
				for _, way := range []ledger.Channel{ledger.Texts, ledger.Calls, ledger.AnyWay} {
					found, err := s.Suppressed(t.Context(), by, caller, way)
					if err != nil {
						t.Fatal(err)
					}
					if found == nil {
						continue
					}
					got[by] = append(got[by], way)
					if diff := cmp.Diff(entry, *found); diff != "" {
						t.Errorf("(-want +got):\n%s", diff)
					}
				}
			}
			if diff := cmp.Diff(c.covers, got); diff != "" {
				t.Errorf("%s %s covers (-want +got):\n%s", c.tenant, c.channel, diff)
			}
			if n, err := s.Unsuppress(t.Context(), caller, c.tenant, c.channel); err != nil || n != 1 {
				t.Errorf("taken off: %d, %v", n, err)
			}
		}
		if found, err := s.Suppressed(t.Context(), tenant, "12125550124", ledger.Texts); err != nil || found != nil {
			t.Errorf("another number: %+v, %v", found, err)
		}
	})
}

func TestTheFurthestSuppressionIsShown(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		for _, entry := range []ledger.Suppression{
			listed(tenant, ledger.Texts, ledger.ByText),
			listed(tenant, ledger.AnyWay, ledger.ByCall),
			listed(ledger.AnyTenant, ledger.Texts, ledger.ByImport),
			listed(ledger.AnyTenant, ledger.AnyWay, ledger.ByOperator),
		} {
			suppress(t, s, entry)
			found, err := s.Suppressed(t.Context(), tenant, caller, ledger.Texts)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&entry, found); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		}
	})
}

func TestTheListIsKeptByNumberTenantAndChannel(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		first := listed(tenant, ledger.Texts, ledger.ByOperator)
		second := first
		second.Words, second.At = "asked by letter", noon().Add(time.Hour)
		suppress(t, s, first, second)
		if diff := cmp.Diff([]ledger.Suppression{second}, suppressions(t, s, caller)); diff != "" {
			t.Errorf("an operator's takes the place of an operator's (-want +got):\n%s", diff)
		}
		suppress(t, s, listed(tenant, ledger.Texts, ledger.ByText))
		if diff := cmp.Diff([]ledger.Suppression{second}, suppressions(t, s, caller)); diff != "" {
			t.Errorf("a STOP does not (-want +got):\n%s", diff)
		}
		other := listed("other.example", ledger.Calls, ledger.ByPage)
		other.Number = "12125550124"
		suppress(t, s, other, listed(tenant, ledger.Calls, ledger.ByCall))
		want := []ledger.Suppression{listed(tenant, ledger.Calls, ledger.ByCall), second, other}
		if diff := cmp.Diff(want, suppressions(t, s, "")); diff != "" {
			t.Errorf("the list (-want +got):\n%s", diff)
		}
		if n, err := s.Unsuppress(t.Context(), caller, "other.example", ledger.Texts); err != nil || n != 0 {
			t.Errorf("one that is not there: %d, %v", n, err)
		}
		if n, err := s.Unsuppress(t.Context(), caller, "", ""); err != nil || n != 2 {
			t.Errorf("every one of the number: %d, %v", n, err)
		}
		if diff := cmp.Diff([]ledger.Suppression{other}, suppressions(t, s, "")); diff != "" {
			t.Errorf("what stays (-want +got):\n%s", diff)
		}
	})
}

func TestStartLiftsWhatStopSuppressed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		for name, c := range map[string]struct{ before, after []ledger.Suppression }{
			"a STOP":                 {[]ledger.Suppression{listed(tenant, ledger.Texts, ledger.ByText)}, nil},
			"a STOP for every way":   {[]ledger.Suppression{listed(tenant, ledger.AnyWay, ledger.ByText)}, []ledger.Suppression{listed(tenant, ledger.Calls, ledger.ByText)}},
			"a STOP to all tenants":  {[]ledger.Suppression{listed(ledger.AnyTenant, ledger.Texts, ledger.ByText)}, []ledger.Suppression{listed(ledger.AnyTenant, ledger.Texts, ledger.ByText)}},
			"a STOP to another":      {[]ledger.Suppression{listed("other.example", ledger.Texts, ledger.ByText)}, []ledger.Suppression{listed("other.example", ledger.Texts, ledger.ByText)}},
			"an operator's":          {[]ledger.Suppression{listed(tenant, ledger.Texts, ledger.ByOperator)}, []ledger.Suppression{listed(tenant, ledger.Texts, ledger.ByOperator)}},
			"a key in a call":        {[]ledger.Suppression{listed(tenant, ledger.AnyWay, ledger.ByCall)}, []ledger.Suppression{listed(tenant, ledger.AnyWay, ledger.ByCall)}},
			"calls":                  {[]ledger.Suppression{listed(tenant, ledger.Calls, ledger.ByText)}, []ledger.Suppression{listed(tenant, ledger.Calls, ledger.ByText)}},
			"calls by page and STOP": {[]ledger.Suppression{listed(tenant, ledger.AnyWay, ledger.ByText), listed(tenant, ledger.Calls, ledger.ByPage)}, []ledger.Suppression{listed(tenant, ledger.Calls, ledger.ByPage)}},
		} {
			if _, err := s.Unsuppress(t.Context(), caller, "", ""); err != nil {
				t.Fatal(err)
			}
			suppress(t, s, c.before...)
			m := ledger.Inbound{ID: name, Domain: tenant, From: caller, To: "12125550000", Message: "START", At: noon()}
			if _, err := s.Receive(t.Context(), m, tenant, func(ledger.History) ledger.Reply { return ledger.Reply{Lift: true} }); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.after, suppressions(t, s, "")); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
	})
}

func TestATenantIsTheSameInCapitals(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		if err := s.Suppress(t.Context(), ledger.Suppression{Number: "12125550123", Tenant: "Example.NET", Channel: ledger.Texts, At: time.Now(), How: ledger.ByText}); err != nil {
			t.Fatal(err)
		}
		for _, tenant := range []string{"example.net", "EXAMPLE.net", "Example.NET"} {
			if off, err := s.Suppressed(t.Context(), tenant, "12125550123", ledger.Texts); off == nil || err != nil {
				t.Errorf("for %s: %v, %v", tenant, off, err)
			}
		}
		if removed, err := s.Unsuppress(t.Context(), "12125550123", "example.NET", ledger.Texts); removed != 1 || err != nil {
			t.Errorf("%d removed, %v", removed, err)
		}
	})
}
