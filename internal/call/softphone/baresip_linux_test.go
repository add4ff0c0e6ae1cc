package softphone_test

import (
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/softphone"
	"github.com/switchhook/switchhook/test/baresip"
	"github.com/switchhook/switchhook/test/handset"
)

// hearsBaresip fails unless its tone is heard in a call.
func hearsBaresip(t *testing.T, c *handset.Call) {
	t.Helper()
	heard := c.Hear()
	waitFor(t, heard, 900*time.Millisecond)
	c.Hangup()
	ended := handset.Expect[softphone.Ended](c)
	if ended.Codec != "PCMU/8000" || ended.Received.Received == 0 {
		t.Errorf("the call ended as %+v", ended)
	}
	isPure(t, heard)
}

func TestBaresipIsCalledAndHeard(t *testing.T) {
	there := baresip.Start(t, baresip.Config{Answers: true, Says: tone(8000, test1kHz)})
	c := handset.Start(t, softphone.Config{}).Dial(there.Address)
	c.Hear()
	handset.Expect[dialog.Answered](c)
	hearsBaresip(t, c)
}

func TestBaresipCallsAndIsHeard(t *testing.T) {
	p := handset.Start(t, softphone.Config{})
	baresip.Start(t, baresip.Config{Says: tone(8000, test1kHz)}).Do("dial", p.Address())
	c := p.Rings()
	c.Hear()
	c.Answer()
	handset.Expect[dialog.Answered](c)
	hearsBaresip(t, c)
}
