package netsapiens_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/netsapiens"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

// callBack is a call to a number by the queue of startQueue.
func callBack() netsapiens.QueuedCall {
	return netsapiens.QueuedCall{Domain: "example.org", Queue: "9002@example.com", Number: "12125550123"}
}

func startQueue(t *testing.T, version string) (*nstest.System, *netsapiens.Client) {
	t.Helper()
	system := start(t, nstest.Quirks{Version: version})
	system.AddQueue("example.com", "9002")
	return system, clientOf(t, system.URL)
}

func calls(system *nstest.System) []nstest.Call {
	var all []nstest.Call
	for _, r := range system.Requests() {
		all = append(all, r.Call)
	}
	return all
}

func TestCallIsQueuedByTheAPIThatTheVersionHas(t *testing.T) {
	for version, by := range map[string]nstest.Call{
		"44.4.10": nstest.QueueCallLegacy, "Version: 41.1.0": nstest.QueueCallLegacy, "edge": nstest.QueueCallLegacy,
		"45.0.1": nstest.QueueCall, "Version: 46.2": nstest.QueueCall,
	} {
		system, c := startQueue(t, version)
		for range 2 {
			if err := c.QueueCall(t.Context(), callBack()); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff([]nstest.Call{nstest.ReadVersion, by, by}, calls(system)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", version, diff)
		}
		one := nstest.QueuedCall{Domain: "example.com", Queue: "9002", Number: "12125550123", Legacy: by == nstest.QueueCallLegacy, Waiting: true}
		if diff := cmp.Diff([]nstest.QueuedCall{one, one}, system.QueuedCalls()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", version, diff)
		}
	}
}

func TestLegacyRequestIsAWholeForm(t *testing.T) {
	system, c := startQueue(t, "")
	q := callBack()
	q.Queue, q.Domain, q.Number = "9002", "example.com", "+12125550123"
	if err := c.QueueCall(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	got := system.Requests()[1]
	if got.Path != "/ns-api/?object=queuedcall&action=create" || got.Status != 202 || !got.Done || got.Header.Get("Authorization") != "Bearer "+nstest.Token {
		t.Errorf("%+v", got)
	}
	want := nstest.Object{"destination": "12125550123", "queue": "9002@example.com", "uid": "9002@example.com"}
	if diff := cmp.Diff(want, got.Fields); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
}

func TestVersionIsAskedOnceByAll(t *testing.T) {
	system, c := startQueue(t, "45")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if err := c.QueueCall(t.Context(), callBack()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	asked := 0
	for _, call := range calls(system) {
		if call == nstest.ReadVersion {
			asked++
		}
	}
	if asked != 1 {
		t.Errorf("the version was asked %d times", asked)
	}
}

func TestQueueingFailsAsOtherWritesDo(t *testing.T) {
	for _, row := range []struct {
		name    string
		version string
		call    nstest.Call
		fault   nstest.Fault
		verdict string
		queued  int
	}{
		{"the version cannot be asked", "", nstest.ReadVersion, nstest.Says(503, ""), "temporary", 0},
		{"the version is not told", "", nstest.ReadVersion, nstest.Refuses(403, "No"), "", 1},
		{"an old one refuses", "", nstest.QueueCallLegacy, nstest.Refuses(400, "No"), "permanent", 0},
		{"an old one hangs up when it is done", "", nstest.QueueCallLegacy, nstest.HangsUp().AfterDoing(), "temporary uncertain", 1},
		{"a portal answers", "", nstest.QueueCallLegacy, nstest.Page(200, "Log in"), "permanent uncertain", 0},
		{"a new one is busy", "45", nstest.QueueCall, nstest.Says(503, ""), "temporary", 0},
		{"a new one hangs up", "45", nstest.QueueCall, nstest.HangsUp(), "temporary uncertain", 0},
		{"one claims more than it has", "45", nstest.QueueCall, nstest.NoRoute(), "", 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			system, c := startQueue(t, row.version)
			system.Break(row.call, nstest.Always, row.fault)
			if got := verdict(c.QueueCall(t.Context(), callBack())); got != row.verdict {
				t.Errorf("%q, want %q", got, row.verdict)
			}
			if n := len(system.QueuedCalls()); n != row.queued {
				t.Errorf("%d are queued, want %d", n, row.queued)
			}
		})
	}
}

func TestVersionIsAskedAgainWhereItCouldNotBeTold(t *testing.T) {
	system, c := startQueue(t, "45")
	system.Break(nstest.ReadVersion, 1, nstest.Says(503, ""))
	if err := c.QueueCall(t.Context(), callBack()); !netsapiens.Temporary(err) || netsapiens.Uncertain(err) {
		t.Errorf("%v", err)
	}
	if err := c.QueueCall(t.Context(), callBack()); err != nil {
		t.Error(err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.QueueCall(gone, callBack()); !errors.Is(err, context.Canceled) || netsapiens.Uncertain(err) {
		t.Errorf("%v: %s", err, verdict(err))
	}
}

func TestWhatCannotBeQueuedIsNotAskedFor(t *testing.T) {
	system, c := startQueue(t, "")
	for _, change := range []func(*netsapiens.QueuedCall){
		func(q *netsapiens.QueuedCall) { q.Number = "" },
		func(q *netsapiens.QueuedCall) { q.Number = "2125550123;ext=1" },
		func(q *netsapiens.QueuedCall) { q.Number = "1212555012312345" },
		func(q *netsapiens.QueuedCall) { q.Queue = "" },
		func(q *netsapiens.QueuedCall) { q.Queue = "@example.com" },
		func(q *netsapiens.QueuedCall) { q.Queue = "*@example.com" },
		func(q *netsapiens.QueuedCall) { q.Queue = "9002@" },
		func(q *netsapiens.QueuedCall) { q.Queue, q.Domain = "9002", "" },
	} {
		q := callBack()
		change(&q)
		err := c.QueueCall(t.Context(), q)
		if e := failed(t, err); verdict(err) != "permanent" || strings.Contains(e.Error(), "5550123") {
			t.Errorf("%+v: %v", q, err)
		}
	}
	if asked := system.Requests(); asked != nil {
		t.Errorf("asked %v", asked)
	}
}

func TestQueuedCallIsFoundHoweverItIsShown(t *testing.T) {
	system, c := startQueue(t, "45")
	has := func() (bool, error) { return c.HasQueuedCall(t.Context(), callBack()) }
	if found, err := has(); found || err != nil {
		t.Errorf("%v, %v", found, err)
	}
	if err := c.QueueCall(t.Context(), callBack()); err != nil {
		t.Fatal(err)
	}
	if found, err := has(); !found || err != nil {
		t.Errorf("%v, %v", found, err)
	}
	if system.TakeQueuedCalls("12125550123") != 1 {
		t.Error("it was not waiting")
	}
	if found, err := has(); found || err != nil {
		t.Errorf("%v, %v", found, err)
	}
	for body, want := range map[string]bool{
		`[]`: false, `{}`: false, `[{"destination":"12125550199"}]`: false, `[{"note":"call 12125550123"}]`: false,
		`[{"destination":12125550123}]`: true, `[{"number":"+12125550123"}]`: true, `[{"to":"2125550123"}]`: true,
		`[{"uri":"sip:12125550123@example.com"}]`: true, `{"destination":"12125550123"}`: true, `{"a":{"destination":"12125550123"}}`: true,
	} {
		system.Break(nstest.ListQueuedCalls, 1, nstest.Says(200, body))
		if found, err := has(); found != want || err != nil {
			t.Errorf("%s: %v, %v", body, found, err)
		}
	}
	for _, f := range []nstest.Fault{nstest.Says(200, `"x"`), nstest.Says(200, `[1]`), nstest.Page(200, "Log in"), nstest.Says(503, "")} {
		system.Break(nstest.ListQueuedCalls, 1, f)
		if found, err := has(); found || err == nil || netsapiens.Uncertain(err) {
			t.Errorf("%v, %v", found, err)
		}
	}
}

func TestOldPhoneSystemDoesNotTellWhoWaits(t *testing.T) {
	_, c := startQueue(t, "")
	if _, err := c.HasQueuedCall(t.Context(), callBack()); !netsapiens.Unsupported(err) {
		t.Error(err)
	}
}
