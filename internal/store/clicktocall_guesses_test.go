package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/answer/clicktocall"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
)

// TestGuessesAreBounded also gives wrong codes before the number has a code:
// they count like the others.
func TestGuessesAreBounded(t *testing.T) {
	const number, code = "12125550123", "the code"
	after := clicktocall.GuessesTaken(false)
	for name, c := range map[string]struct {
		guess func(i int) (number, owner string)
		most  int    // guesses after which the right code is refused
		by    string // who has it
	}{
		"of one for a number": {func(int) (string, string) { return number, "a" }, after.Own, "a"},
		"of all for a number": {func(i int) (string, string) { return number, fmt.Sprint(i) }, after.ForNumber, "victim"},
		"of one for all":      {func(i int) (string, string) { return fmt.Sprint("1212555020", i), "a" }, after.ByOwner, "a"},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
				for _, wrong := range []int{c.most - 1, c.most} {
					s := open(t)
					take := func(number, code, owner string, whole bool) bool {
						t.Helper()
						sup := ledger.Suppression{Number: number, Tenant: ledger.AnyTenant, Channel: ledger.Calls, At: dawn, How: ledger.ByPage}
						ok, err := s.TakeProof(t.Context(), clicktocall.Given{Number: number, Code: code, Owner: owner, Whole: whole}, sup, dawn)
						if err != nil {
							t.Fatal(err)
						}
						return ok
					}
					for i := range wrong {
						of, owner := c.guess(i)
						take(of, "x", owner, false)
					}
					call, _, _ := beginCall(t, s, asked(number, ""), dawn)
					finishCall(t, s, call, clicktocall.Placed, dawn)
					if begun, err := s.BeginProof(t.Context(), clicktocall.Proof{Number: number, Unproved: clicktocall.Ration{InAll: 1}, Seal: func(time.Time) string { return code }}, dawn); err != nil || !begun.Send {
						t.Fatalf("no code is sent: %+v, %v", begun, err)
					}
					if took := take(number, code, c.by, false); took != (wrong < c.most) {
						t.Errorf("after %d wrong codes the right one is taken: %v", wrong, took)
					}
					if wrong == c.most && (take(number, "x", c.by, true) || !take(number, code, c.by, true)) {
						t.Errorf("after %d wrong codes the whole code is not what counts", wrong)
					}
				}
			})
		})
	}
}
