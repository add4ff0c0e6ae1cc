package voice_test

import (
	"context"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/softphone"
	"github.com/switchhook/switchhook/test/await"
	"github.com/switchhook/switchhook/test/handset"
)

// TestSoundBeforeTheAnswerReachesTheCaller: whatever status announces it.
func TestSoundBeforeTheAnswerReachesTheCaller(t *testing.T) {
	for _, status := range []int{180, 183} {
		for _, answered := range []bool{false, true} {
			leavesNothing(t)
			there := newStation(t)
			went := make(chan string, 1)
			s := switchboard(t, func(ctx context.Context, line engine.Line) {
				if answered {
					plays(ctx, line)
				}
				connects(there.address(), went)(ctx, line)
			}, nil)
			caller := newPhone(t).Dial(s.address())
			call := there.rings()
			call.Ring(status, &there.local)
			there.says(900)
			if !answered {
				handset.ExpectThat(caller, func(e dialog.Agreed) bool { return e.Early })
			}
			hears(caller, 900)
			call.Answer(there.local)
			if !answered {
				handset.Expect[dialog.Answered](caller)
			}
			hears(caller, 900)
			call.Hangup(engine.Normal)
			handset.Expect[softphone.Ended](caller)
			if got := await.From(t, "an end of the connection", went); got != "answered talked" {
				t.Errorf("%d, answered %v: it went %q", status, answered, got)
			}
		}
	}
}

// TestSoundThatIsAnnouncedAndDoesNotComeIsOurRinging: two seconds later; and it comes
// through after all if it is late.
func TestSoundThatIsAnnouncedAndDoesNotComeIsOurRinging(t *testing.T) {
	for _, answered := range []bool{false, true} {
		leavesNothing(t)
		there := newStation(t)
		went := make(chan string, 1)
		s := switchboard(t, func(ctx context.Context, line engine.Line) {
			if answered {
				plays(ctx, line)
			}
			connects(there.address(), went)(ctx, line)
		}, nil)
		caller := newPhone(t).Dial(s.address())
		call := there.rings()
		announced := time.Now()
		call.Ring(183, &there.local)
		if answered {
			hears(caller, 440, 480)
		} else {
			handset.Expect[dialog.Ringing](caller)
		}
		if after := time.Since(announced); after < 2*time.Second {
			t.Errorf("it rang after %v", after)
		}
		there.says(900)
		hears(caller, 900)
		call.Hangup(engine.Busy)
		if answered {
			hears(caller, 480, 620)
			caller.Hangup()
		} else if end := handset.Expect[softphone.Ended](caller); end.Status != 486 {
			t.Errorf("the caller was told %d", end.Status)
		}
		await.From(t, "an end of the connection", went)
	}
}
