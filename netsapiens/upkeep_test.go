package netsapiens_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/netsapiens"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

func TestUsersOfALargeDomainComeWhole(t *testing.T) {
	for _, row := range []struct {
		users, requests int
		quirks          nstest.Quirks
	}{
		{0, 1, nstest.Quirks{}},
		{999, 1, nstest.Quirks{}},
		{1000, 2, nstest.Quirks{}},
		{2500, 4, nstest.Quirks{}}, // whole hundreds may be somebody's own limit: one more
		{2501, 3, nstest.Quirks{}},
		{2501, 1, nstest.Quirks{IgnoresLimit: true}},
	} {
		t.Run(fmt.Sprint(row.users, row.quirks.IgnoresLimit), func(t *testing.T) {
			system := nstest.Start(t, row.quirks)
			system.AddDomain("example.com")
			for i := range row.users {
				system.AddUser("example.com", fmt.Sprintf("u%04d", i))
			}
			users, err := netsapiens.Collect(clientOf(t, system.URL).Users(t.Context(), "example.com"))
			if err != nil || len(users) != row.users || row.users > 0 && users[row.users-1].User != fmt.Sprintf("u%04d", row.users-1) {
				t.Errorf("%d users, %v", len(users), err)
			}
			if got := len(system.Requests()); got != row.requests {
				t.Errorf("%d requests, want %d", got, row.requests)
			}
		})
	}
}

// TestAPhoneSystemsOwnLimitHidesNothing has a phone system that gives a hundred
// items whatever it is asked for.
func TestAPhoneSystemsOwnLimitHidesNothing(t *testing.T) {
	all := nstest.New(nstest.Quirks{})
	all.AddDomain("example.com")
	for i := range 249 {
		all.AddDialRule("example.com", nstest.Object{"dial-rule-matching-to-uri": fmt.Sprint("9", i), "dial-rule-application": "To User"})
	}
	c := answering(t, func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		query.Set("limit", "100")
		r.URL.RawQuery = query.Encode()
		all.ServeHTTP(w, r)
	})
	defer all.Close()
	rules, err := netsapiens.Collect(c.DialRules(t.Context(), "example.com", "example.com"))
	if err != nil || len(rules) != 250 {
		t.Errorf("%d rules, %v", len(rules), err)
	}
}

func TestADialRuleIsChanged(t *testing.T) {
	system := nstest.Start(t, nstest.Quirks{EmptyBodies: true})
	system.AddDomain("example.com")
	c := clientOf(t, system.URL)
	rule := toWeb()
	rule.ToURI = "sip:1??????????@*" // its id has characters that cannot stand in a path
	rule.Days = "[1-5]"
	if err := c.CreateDialRule(t.Context(), "example.com", "example.com", rule); err != nil {
		t.Fatal(err)
	}
	made, err := c.DialRule(t.Context(), "example.com", "example.com", rule.LikelyID())
	if err != nil || !made.SameMatch(rule) || made.Match() != rule.Match() || made.ID != rule.LikelyID() {
		t.Fatalf("%+v, %v", made, err)
	}
	changed := made
	changed.ToURI, changed.Enabled, changed.Parameter, changed.SourceName = "another", netsapiens.No, "https://hooks.example.net/", "sales_[*]"
	if err := c.UpdateDialRule(t.Context(), "example.com", "example.com", changed); err != nil {
		t.Fatal(err)
	}
	want := changed
	want.ToURI = made.ToURI // cannot be changed
	got, err := c.DialRule(t.Context(), "example.com", "example.com", made.ID)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if err := c.DeleteDialRule(t.Context(), "example.com", "example.com", made.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := c.DialRule(t.Context(), "example.com", "example.com", made.ID); !netsapiens.NotFound(err) {
		t.Errorf("after it was deleted: %v", err)
	}
	if err := c.UpdateDialRule(t.Context(), "example.com", "example.com", changed); !netsapiens.NotFound(err) {
		t.Errorf("after it was deleted: %v", err)
	}
	if err := c.UpdateDialRule(t.Context(), "example.com", "example.com", netsapiens.DialRule{ID: made.ID}); err == nil {
		t.Error("a rule that does nothing is written")
	}
	if err := c.UpdateDialRule(t.Context(), "example.com", "example.com", toWeb()); err == nil {
		t.Error("a rule without an id is changed")
	}
}

func TestAnAnswerRuleIsDeleted(t *testing.T) {
	system := start(t, nstest.Quirks{})
	c := clientOf(t, system.URL)
	if err := c.DeleteAnswerRule(t.Context(), "example.com", "2000", netsapiens.Any); err != nil {
		t.Fatal(err)
	}
	if err := c.DeleteAnswerRule(t.Context(), "example.com", "2000", netsapiens.Any); !netsapiens.NotFound(err) {
		t.Errorf("the second time: %v", err)
	}
	if system.AnswerRule("example.com", "2000", "*") != nil {
		t.Error("it is still there")
	}
}
