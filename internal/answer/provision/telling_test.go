package provision_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/activity"
	"github.com/switchhook/switchhook/internal/answer/provision"
	"github.com/switchhook/switchhook/internal/fault/why"
	"github.com/switchhook/switchhook/internal/store/storetest"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

// TestRunsAreToldOnceEach has a chain fail, be made, be as it was, be repaired and
// be taken away. A run that finds nothing new is not told.
func TestRunsAreToldOnceEach(t *testing.T) {
	s := start(t, nstest.Quirks{})
	db := storetest.Open(t, storetest.SQLite(t))
	s.Records = db.Provisioned()
	later := func() { s.clock = s.clock.Add(time.Minute) }

	s.system.Break(nstest.CreateDialRule, 2, nstest.Refuses(http.StatusForbidden, "Forbidden"))
	for range 4 { // it fails twice, is made, and is in order
		s.apply()
		later()
	}
	if !s.system.EditDialRule(domain, "webresponder8001", nstest.Object{"enabled": "no"}) {
		t.Fatal("there is no rule to edit")
	}
	s.apply()
	later()
	s.remove(false)

	items, err := db.Activity(t.Context(), activity.Query{Entry: textBack.ID, Kind: activity.Provisioning})
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, i := range items {
		told = append(told, i.Outcome)
		if i.Tenant != domain && i.Outcome != "removed" {
			t.Errorf("%+v", i)
		}
	}
	if diff := cmp.Diff([]string{"removed", "repaired", "repaired", "failed"}, told); diff != "" {
		t.Fatalf("the newest first (-want +got):\n%s", diff)
	}
	var sentences []string
	for _, step := range items[2].Steps {
		sentences = append(sentences, why.Step[provision.Told]{Code: provision.Told(step.Code), Args: step.Args}.String())
	}
	if diff := cmp.Diff([]string{
		"The phone system was not as the entry says, and was repaired.", "System user 8001: exists.", "Dial rule: created.", "Answer rule: exists.",
	}, sentences); diff != "" {
		t.Errorf("how it is told (-want +got):\n%s", diff)
	}
}
