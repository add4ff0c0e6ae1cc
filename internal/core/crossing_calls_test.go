package core_test

import (
	"context"
	"testing"

	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/fault"
)

// meanwhile is a State in which something happens once, while it is asked on behalf of
// a context that says so.
type meanwhile struct{ core.State }

// happens is the context's key for what happens.
type happens struct{}

func (m meanwhile) Object(ctx context.Context, key core.Key) (core.Object, error) {
	if do, ok := ctx.Value(happens{}).(*func()); ok && *do != nil {
		happen := *do
		*do = nil
		happen()
	}
	return m.State.Object(ctx, key)
}

// TestWhatCrossesATransfer has something happen to a call while it is decided where a
// transfer leads.
func TestWhatCrossesATransfer(t *testing.T) {
	for name, c := range map[string]struct {
		happens func(s *system, l *liveCall, id string)
		code    fault.Code // of the transfer's error
		hears   []string
		by      string // whose number it came from last
	}{
		"a disconnect": {func(s *system, _ *liveCall, id string) { s.must(s.Calls().Disconnect(core.Whose{}, id)) }, fault.NotFound, nil, ""},
		"a hang-up": {func(_ *system, l *liveCall, _ string) {
			l.hangUp()
			l.end()
		}, fault.NotFound, nil, ""},
		"another transfer": {func(s *system, l *liveCall, id string) {
			s.must(s.Calls().Transfer(s.t.Context(), core.Whose{}, id, "user_8002"))
			l.hears("Wait there.")
		}, "", []string{"Wait here."}, "8002"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSystemWith(t, core.Config{State: meanwhile{core.NewMemory()}})
			s.waiting()
			l := s.begin("+19734321440", "2125550100")
			l.hears("Wait here.")
			id := s.asked[0].OrigCallID
			do := func() { c.happens(s, l, id) }
			err := s.Calls().Transfer(context.WithValue(t.Context(), happens{}, &do), core.Whose{}, id, "user_8001")
			if do != nil {
				t.Fatal("nothing happened meanwhile")
			}
			if c.code != "" && fault.CodeOf(err) != c.code || c.code == "" && err != nil {
				t.Errorf("the transfer: %v", err)
			}
			for _, text := range c.hears {
				l.hears(text)
			}
			if c.by == "" {
				if left := s.Calls().List(core.Whose{}); len(left) != 0 {
					t.Errorf("after the end there is %s", left)
				}
				return
			}
			if got := s.the(core.Whose{}).Text("call-by-user"); got != c.by {
				t.Errorf("it was transferred by %s, want %s", got, c.by)
			}
		})
	}
}
