package clicktocall_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/switchhook/switchhook/internal/answer/clicktocall"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

func TestFailuresOfThePhoneSystem(t *testing.T) {
	for _, row := range []struct {
		name    string
		version string
		fault   nstest.Fault
		status  int
		code    clicktocall.Code
		state   clicktocall.State
		queued  int
	}{
		{"it refuses", "44", nstest.Refuses(400, "No"), 502, clicktocall.PhoneSystemFailed, clicktocall.Failed, 0},
		{"it is busy", "44", nstest.Says(503, ""), 502, clicktocall.PhoneSystemFailed, clicktocall.Failed, 0},
		{"it never answers, and cannot be asked", "44", nstest.Silent(), 504, clicktocall.PhoneSystemSlow, clicktocall.Uncertain, 0},
		{"it hangs up when it is done, and cannot be asked", "44", nstest.HangsUp().AfterDoing(), 504, clicktocall.PhoneSystemSlow, clicktocall.Uncertain, 1},
		{"it never answers, and does not show it", "45", nstest.Silent(), 504, clicktocall.PhoneSystemSlow, clicktocall.Uncertain, 0},
		{"it never answers, and shows it", "45", nstest.Silent().AfterDoing(), 202, "", clicktocall.Placed, 1},
		{"it hangs up when it is done, and shows it", "45", nstest.HangsUp().AfterDoing(), 202, "", clicktocall.Placed, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := start(t, row.version)
				call := nstest.QueueCallLegacy
				if row.version == "45" {
					call = nstest.QueueCall
				}
				s.system.Break(call, 1, row.fault)
				got := s.press(visiting, "sales", body{"idempotency_key": "k"})
				s.want(got, row.status, row.code)
				s.wantCalls(row.queued)
				all, err := s.store.CallBacks(t.Context(), number, time.Time{}, 0)
				if err != nil || len(all) != 1 || all[0].State != row.state {
					t.Fatalf("%+v, %v", all, err)
				}

				// The same press again: what failed for certain is tried once more,
				// what may have been taken never.
				asked := len(s.system.Calls())
				again := s.press(visiting, "sales", body{"idempotency_key": "k"})
				if row.state == clicktocall.Failed {
					s.want(again, http.StatusAccepted, "")
					s.wantCalls(1)
					return
				}
				s.want(again, row.status, row.code)
				time.Sleep(time.Minute)
				if row.status != 202 {
					s.want(s.press(visiting, "sales", body{"idempotency_key": "other"}), http.StatusTooManyRequests, clicktocall.Limited)
				}
				if n := len(s.system.Calls()); n != asked {
					t.Errorf("it was asked for again: %v", s.system.Calls())
				}
			})
		})
	}
}

func TestUncertainCallIsFoundLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, "45")
		s.system.Break(nstest.QueueCall, 1, nstest.Silent().AfterDoing())
		s.system.Break(nstest.ListQueuedCalls, 1, nstest.Says(503, ""))
		s.want(s.press(visiting, "sales", body{"idempotency_key": "k"}), http.StatusGatewayTimeout, clicktocall.PhoneSystemSlow)
		got := s.press(visiting, "sales", body{"idempotency_key": "k"})
		s.want(got, http.StatusAccepted, "")
		if state := s.stateOf(got.RequestID); state != clicktocall.Placed {
			t.Errorf("it is %s", state)
		}
		s.wantCalls(1)
	})
}

func TestVisitorWhoLeavesIsCalledAllTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, "")
		b := s.proved(visiting, "sales", nil)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, refused := s.desk.Call(ctx, clicktocall.Request{
			ID: "sales", Phone: b["phone"], Token: b["token"], Nonce: b["nonce"], Origin: page, From: clicktocall.Subnets{Network: "192.0.2.0/24"},
		})
		if refused != nil {
			t.Errorf("%+v", refused)
		}
		s.wantCalls(1)
	})
}

// brokenLedger fails as a database that is down does.
type brokenLedger struct {
	clicktocall.Ledger
	begin, finish bool
}

var errDown = errors.New("the database is down")

func (b *brokenLedger) BeginCallBack(ctx context.Context, a clicktocall.Ask, now time.Time, decide func(clicktocall.Known) *clicktocall.CallBack) (*clicktocall.CallBack, bool, error) {
	if b.begin {
		return nil, false, errDown
	}
	return b.Ledger.BeginCallBack(ctx, a, now, decide)
}

func (b *brokenLedger) FinishCallBack(ctx context.Context, r clicktocall.Result) error {
	if b.finish {
		return errDown
	}
	return b.Ledger.FinishCallBack(ctx, r)
}

func TestWithoutARecordNobodyIsCalled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ledger := &brokenLedger{begin: true}
		s := start(t, "", func(s *service) {
			ledger.Ledger = s.desk.Ledger
			s.desk.Ledger = ledger
		})
		s.want(s.press(visiting, "sales", nil), http.StatusServiceUnavailable, clicktocall.Unavailable)
		s.wantCalls(0)
	})
}

func TestCallIsNotPlacedAgainWhoseEndIsNotWrittenDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ledger := &brokenLedger{finish: true}
		s := start(t, "", func(s *service) {
			ledger.Ledger = s.desk.Ledger
			s.desk.Ledger = ledger
		})
		got := s.press(visiting, "sales", body{"idempotency_key": "k"})
		s.want(got, http.StatusAccepted, "") // the phone system took it, and that is what the visitor asked for
		time.Sleep(time.Minute)
		ledger.finish = false
		stranded, err := s.store.SweepCallBacks(t.Context(), time.Now())
		if len(stranded) != 1 || err != nil {
			t.Errorf("%v, %v", stranded, err)
		}
		s.want(s.press(visiting, "sales", body{"idempotency_key": "k"}), http.StatusGatewayTimeout, clicktocall.PhoneSystemSlow)
		s.wantCalls(1)
	})
}
