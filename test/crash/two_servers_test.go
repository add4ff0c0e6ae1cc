package crash_test

import (
	"fmt"
	"net/http/httptest"
	"net/http/httputil"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/answer/textback"
	"github.com/switchhook/switchhook/internal/store/storetest"
	"github.com/switchhook/switchhook/test/await"
)

func TestASecondServerOfAFolderRefusesToStart(t *testing.T) {
	at := newSite(t, newPhoneSystem(t), "", "https://hooks.example.net", patiently)
	first := start(t, asServe, at.folder)
	first.await(t)
	second := start(t, asServe, at.folder)
	<-second.ended
	if code := second.command.ProcessState.ExitCode(); code != 2 {
		t.Errorf("it ended with %d", code)
	}
	for _, sentence := range []string{
		"switchhook: error: another switchhook serve uses the folder data",
		"switchhook: hint: stop that one first, or give this one a folder of its own; several servers share a PostgreSQL database",
	} {
		if !strings.Contains(second.said(), sentence) {
			t.Errorf("it does not say %q:\n%s", sentence, second.said())
		}
	}
	const number = "19734321440"
	if heard := hears(t, first, number, "call-1"); heard != textback.Sent {
		t.Errorf("at the first server the caller hears %q", heard)
	}
	// A dead server does not leave the lock held.
	first.kill()
	third := start(t, asServe, at.folder)
	third.await(t)
	if heard := hears(t, third, number, "call-1"); heard != textback.Sent {
		t.Errorf("at the next server the caller hears %q", heard)
	}
}

// TestStopAtOneServerIsHeededByTheOther has the phone system post STOP to one
// server, by the subscription that it has made, and the next call go to the
// other.
func TestStopAtOneServerIsHeededByTheOther(t *testing.T) {
	system := newPhoneSystem(t)
	var target atomic.Pointer[process] // that the public address leads to
	public := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.Out.URL.Scheme, r.Out.URL.Host = "http", target.Load().address
	}})
	t.Cleanup(public.Close)
	at := newSite(t, system, storetest.Postgres(t).URL, public.URL, patiently)
	a, b := start(t, asServe, at.folder), start(t, asServe, at.folder)
	for _, s := range []*process{a, b} {
		s.await(t)
	}
	await.That(t, "a subscription", func() bool { return len(system.Subscriptions()) > 0 })

	for i, way := range []struct{ posted, called *process }{{a, b}, {b, a}} {
		number := fmt.Sprintf("1973432144%d", i)
		if heard := hears(t, way.called, number, "before"); heard != textback.Sent {
			t.Fatalf("before STOP the caller hears %q", heard)
		}
		target.Store(way.posted)
		if _, failed := system.Receive(number, from, " Stop. "); len(failed) > 0 {
			t.Fatalf("posts failed: %+v\n%s", failed, way.posted.said())
		}
		if heard := hears(t, way.called, number, "after"); heard != textback.Suppressed { // the very next call
			t.Errorf("after STOP the caller hears %q", heard)
		}
	}
	if n := len(system.Subscriptions()); n != 1 {
		t.Errorf("the servers have made %d subscriptions", n)
	}
	// Each number has had its text, and one that confirms the STOP.
	await.That(t, "a confirmation of each STOP", func() bool { return len(system.Messages()) >= 4 })
	drain(t, storetest.Open(t, at.database))
	if n := len(system.Messages()); n != 4 {
		t.Errorf("%d texts went out: %+v", n, system.Messages())
	}
}

// TestRedialsGetWhatTheSettingsSay has one caller ring again and again over two
// servers, and another do so at the same time.
func TestRedialsGetWhatTheSettingsSay(t *testing.T) {
	system := newPhoneSystem(t)
	at := newSite(t, system, storetest.Postgres(t).URL, "https://hooks.example.net", patiently)
	servers := []*process{start(t, asServe, at.folder), start(t, asServe, at.folder)}
	for _, s := range servers {
		s.await(t)
	}
	const calls = 5
	want := []textback.Reason{textback.Sent, textback.Sent, textback.Sent, alreadyTexted, alreadyTexted}

	const patient, hasty = "19734321440", "19734321441"
	var heard []textback.Reason
	for i := range calls {
		heard = append(heard, hears(t, servers[i%2], patient, fmt.Sprintf("call-%d", i)))
	}
	if !slices.Equal(heard, want) {
		t.Errorf("one after the other they hear %v, want %v", heard, want)
	}
	// The phone system asks again about each of these calls, elsewhere.
	for i := range calls {
		if again := hears(t, servers[1-i%2], patient, fmt.Sprintf("call-%d", i)); again != want[i] {
			t.Errorf("of call %d they hear %q the second time, want %q", i, again, want[i])
		}
	}

	heard = make([]textback.Reason, calls)
	var calling sync.WaitGroup
	for i := range calls {
		calling.Go(func() {
			var err error
			if heard[i], err = ask(t.Context(), servers[i%2].address, query(hasty, fmt.Sprintf("call-%d", i))); err != nil {
				t.Error(err)
			}
		})
	}
	calling.Wait()
	slices.SortFunc(heard, func(a, b textback.Reason) int { return slices.Index(want, a) - slices.Index(want, b) })
	if !slices.Equal(heard, want) {
		t.Errorf("at the same moment they hear %v, want %v", heard, want)
	}
	for number, a := range accounts(t, storetest.Open(t, at.database), system) {
		if len(a.took) != 3 || len(a.texts) != 3 || slices.ContainsFunc(a.texts, func(t ledger.Text) bool { return t.State != ledger.Sent }) {
			t.Errorf("%s got %d texts; by the ledger %+v", number, len(a.took), a.texts)
		}
	}
}
