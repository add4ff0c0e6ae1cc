package provision_test

import (
	"net/http/httptest"
	"testing"

	"github.com/switchhook/switchhook/internal/answer/provision"
	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/core/nsapi"
	"github.com/switchhook/switchhook/netsapiens"
)

// TestTheCoreIsKeptInOrderToo has our own phone side in the vendor's place.
func TestTheCoreIsKeptInOrderToo(t *testing.T) {
	const token = "nss_super-user-of-tests"
	phoneSide := core.New(core.Config{})
	api, err := nsapi.New(nsapi.Config{Core: phoneSide, Keys: []nsapi.Key{{Token: token, Scope: nsapi.SuperUser}}, Hostname: "core1.example.net"})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	client, err := netsapiens.New(netsapiens.Config{URL: server.URL, Token: token})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdle)
	if _, err := phoneSide.CreateDomain(t.Context(), core.Fields{"domain": []byte(`"` + domain + `"`)}); err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, clock: noon}
	s.Provisioner = &provision.Provisioner{API: client, Email: "operations@example.net", Records: noRecords(t)}
	s.movePublicURL("https://hooks.example.net")

	s.want(said{User: "created", DialRule: "created", AnswerRule: "updated"})
	s.want(done)
	if got, err := s.Plan(t.Context(), &textBack); err != nil || got.String() != inOrder {
		t.Errorf("%v, the plan is\n%s", err, got)
	}
	if got := s.run(demanding("k")).Report; got != (said{User: "exists", DialRule: "updated", AnswerRule: "exists"}) {
		t.Errorf("with a key: %+v", got)
	}
	rule := provision.Wanted(demanding("k"), provision.Settings{PublicURL: s.PublicURL}).DialRule
	if err := client.DeleteDialRule(t.Context(), domain, domain, rule.LikelyID()); err != nil {
		t.Fatal(err)
	}
	rule.Days = "[1-5]"
	if err := client.CreateDialRule(t.Context(), domain, domain, rule); err != nil {
		t.Fatal(err)
	}
	if err := client.DeleteAnswerRule(t.Context(), domain, "8001", netsapiens.Any); err != nil {
		t.Fatal(err)
	}
	if got := s.run(demanding("k")).Report; got != (said{User: "exists", DialRule: "updated", AnswerRule: "created", Earlier: "removed"}) {
		t.Errorf("after it was edited: %+v", got)
	}
	if got := s.run(movedTo("8002")).Report; got != (said{User: "created", DialRule: "created", AnswerRule: "updated", Earlier: "removed"}) {
		t.Errorf("moved: %+v", got)
	}
	if got := s.runAll(many(10)); got[said{User: "created", DialRule: "created", AnswerRule: "updated"}] != 9 || len(got) != 2 {
		t.Errorf("many: %v", got) // one of them wants the user that is taken
	}
	if got := s.remove(false); got.DialRule != "removed" || outcomeOf(got.User) != "conflict" {
		t.Errorf("the removal: %+v", got)
	}
}
