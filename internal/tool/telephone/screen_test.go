package telephone_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/tool/telephone"
)

// practice is a responder with a menu, speech, slowness, oddities and an end.
var practice = documents{
	"/": "<?xml version=\"1.0\"?>\n<Response>\n  <Say>Welcome to the practice of Doctor Green & partners. This call may be recorded for training.</Say>\n" +
		"  <Gather input=\"dtmf speech\" numDigits=\"1\" timeout=\"6\" action=\"/slow/menu\">\n" +
		"    <Say>Press one for appointments, two for invoices, or say in a few words why you call.</Say>\n  </Gather>\n</Response>\n",
	"/slow/menu": `<Response><Say>Thank you.</Say><Play>/1.5s.wav</Play><Gather numDigits="6" timeout="4" action="/date"><Say>Enter your date of birth, as six digits.</Say></Gather></Response>`,
	"/date":      `<Response><Dance/><Say>You are known to us.</Say><Forward>2125551212</Forward></Response>`,
}

func calling(handler documents) telephone.Options {
	return telephone.Options{Call: simulator.Options{Handler: handler}}
}

// The whole of a call, as it looks on the sizes of screen that people have.
func TestCallOnTheScreen(t *testing.T) {
	for _, size := range []struct {
		name          string
		width, height int
	}{{"80x24", 80, 24}, {"120x40", 120, 40}, {"40x12", 40, 12}} {
		t.Run(size.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := sit(t, size.width, size.height, calling(practice))
				d.at(3 * time.Second)
				d.golden(size.name + "-1-listen")
				d.press("4")
				d.golden(size.name + "-2-nobody-listens")
				d.at(13 * time.Second)
				d.golden(size.name + "-3-your-turn")
				d.press("/", "my tooth")
				d.at(14 * time.Second)
				d.golden(size.name + "-4-speak")
				d.press("enter")
				d.at(16 * time.Second)
				d.golden(size.name + "-5-asked")
				d.at(22 * time.Second)
				d.press("12")
				d.at(23 * time.Second)
				d.golden(size.name + "-6-keys")
				d.press("tab")
				d.golden(size.name + "-7-tab")
				d.press("tab", "left")
				d.golden(size.name + "-8-tab-left")
				d.press("tab")
				if size.width < 100 {
					d.press("tab")
				}
				d.press("?")
				d.golden(size.name + "-9-help")
				d.press("?")
				d.at(40 * time.Second)
				d.golden(size.name + "-10-over")
			})
		})
	}
}

// trickle is music of eight seconds, of which a second comes each half second.
func trickle(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/" {
		_, _ = w.Write([]byte(`<Response><Play>/music.wav</Play><Say>Goodbye.</Say></Response>`))
		return
	}
	var wav strings.Builder
	if err := audio.WriteWAV(&wav, audio.Silence(8*time.Second)); err != nil {
		panic(err)
	}
	for rest := wav.String(); rest != ""; {
		n := min(len(rest), 2*audio.Rate)
		if _, err := w.Write([]byte(rest[:n])); err != nil || http.NewResponseController(w).Flush() != nil {
			return
		}
		rest = rest[n:]
		<-time.After(time.Second / 2) // by the bubble's clock
	}
}

// TestAFileThatStillComesIsShownOnce: how long it takes shows once it is known.
func TestAFileThatStillComesIsShownOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := sit(t, 80, 24, telephone.Options{Call: simulator.Options{Handler: http.HandlerFunc(trickle)}})
		d.at(3 * time.Second)
		d.sees("/music.wav")
		d.sees("3.0 s") // have passed
		d.at(6 * time.Second)
		d.sees("2.0 s") // are left
		if n := strings.Count(d.screen(), "/music.wav"); n != 1 {
			t.Errorf("the file is shown %d times:\n%s", n, d.screen())
		}
		d.at(9 * time.Second)
	})
}
