package clicktocall_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/switchhook/switchhook/internal/answer/clicktocall"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

func TestStoppingWaitsForCodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := startNever(t)
		v.called(number)
		v.system.Break(nstest.SendMessage, 1, nstest.Slow(5*time.Second))
		v.send(visitor, asking(number))
		began := time.Now()
		v.page.Courier.Stop(t.Context())
		if took := time.Since(began); took != 5*time.Second || len(v.sent) != 1 || v.sent[0] != nil {
			t.Errorf("stopped after %v, with codes sent: %v", took, v.sent)
		}
	})
}

// TestStoppingDoesNotWaitForEver has a phone system that hangs, and more codes
// than are sent at a time. Those whose turn did not come count for nothing.
func TestStoppingDoesNotWaitForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := startNever(t)
		v.system.Break(nstest.SendMessage, nstest.Always, nstest.Silent())
		waits := ""
		for i := range 5 {
			waits = anyNumber(i)
			v.called(waits)
			who, _ := bot(i)
			v.send(who.address, asking(waits))
		}
		began := time.Now()
		within, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		v.page.Courier.Stop(within)
		if took := time.Since(began); took != 3*time.Second || len(v.sent) != 5 {
			t.Errorf("stopped after %v, with codes sent: %v", took, v.sent)
		}
		v.system.Break(nstest.SendMessage, 0, nstest.Silent())
		v.page.Courier = clicktocall.NewCourier() // the next server's
		if w := v.send(visitor, asking(waits)); w.Code != http.StatusOK || v.codeFor(waits) == "" {
			t.Errorf("the next server answers %d, and sends %v", w.Code, v.system.Messages())
		}
	})
}

func TestCodesInHandAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clicktocall.NewCourier()
		var at, done atomic.Int32
		release := make(chan struct{})
		slow := func(context.Context) { at.Add(1); <-release; done.Add(1) }
		for i := range clicktocall.ProofsInAll {
			if !c.Carry(slow) {
				t.Fatalf("only %d are taken", i)
			}
		}
		synctest.Wait()
		if c.Carry(slow) || at.Load() != 4 {
			t.Errorf("%d are sent at a time, and one more is taken", at.Load())
		}
		close(release)
		c.Stop(t.Context())
		if done.Load() != clicktocall.ProofsInAll {
			t.Errorf("%d were sent", done.Load())
		}
	})
}
