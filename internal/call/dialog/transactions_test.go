package dialog

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/google/go-cmp/cmp"
)

// A CANCEL has its 200 sent by the transaction of the INVITE, which that does not
// accept: the ACK is that of the 487.
func TestACKOfACancelledINVITEEndsItsRepetition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all, wire, key := newTransactions(), &wiretap{}, "one"
		tx := all.serve(key, aRequest(t, "INVITE"), wire)
		defer tx.Terminate()
		tx.cancel(aRequest(t, "CANCEL"))
		tx.take(aRequest(t, "ACK"))
		pass(2 * sip.Timer_I)
		if diff := cmp.Diff([]int{200, 487}, wire.taken()); diff != "" {
			t.Errorf("sent (-want +got):\n%s", diff)
		}
		if all.ofRequest(key) != nil {
			t.Error("the transaction is not over")
		}
	})
}

func TestTransactionBeginsOnce(t *testing.T) {
	all := newTransactions()
	tx := all.serve("one", aRequest(t, "INVITE"), &wiretap{})
	defer tx.Terminate()
	if all.serve("one", aRequest(t, "INVITE"), &wiretap{}) != nil {
		t.Error("there are two")
	}
}

// Only we know when an INVITE can be read: we write our tag into it.
func TestAnINVITEThatNobodyHasTakenYetIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all, wire := newTransactions(), &wiretap{}
		tx := all.serve("one", aRequest(t, "INVITE"), wire)
		defer tx.Terminate()
		pass(5 * time.Second)
		if diff := cmp.Diff([]int(nil), wire.taken()); diff != "" {
			t.Errorf("sent (-want +got):\n%s", diff)
		}
	})
}
