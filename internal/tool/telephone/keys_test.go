package telephone_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/tool/telephone"
)

// question is a responder that asks for a key or a word, twenty times.
var question = documents{
	"/":       `<Gather input="dtmf speech" numDigits="1" timeout="20" action="/answer"><Play>/2s.wav</Play></Gather>`,
	"/answer": `<Response><Play>/2s.wav</Play><Gather numDigits="1" timeout="20" action="/"/></Response>`,
}

func TestKeyOfTheTelephoneLightsUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := sit(t, 80, 24, calling(question))
		d.at(time.Second)
		d.press("#")
		d.sees("[#]")
		d.at(1250 * time.Millisecond)
		d.sees("[#]")
		d.at(1500 * time.Millisecond)
		d.seesNot("[#]")
	})
}

func TestSpeechIsRefusedWhereNobodyListensToIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := sit(t, 80, 24, calling(documents{"/": `<Play>/5s.wav</Play>`}))
		d.at(time.Second)
		d.press("/")
		d.sees("Nobody listens to speech now.")
		d.seesNot("Say:")
		d.at(5 * time.Second)
		d.seesNot("Nobody listens")
	})
}

func TestWhoeverThinksBetterOfItIsAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := sit(t, 80, 24, calling(question))
		d.at(3 * time.Second)
		d.press("enter", "hm")
		d.at(30 * time.Second) // past the Gather's time-out
		d.sees("You are heard")
		d.press("esc")
		d.sees("Your turn")
		d.seesNot("hm")
		d.press("7")
		d.sees("> 7")
	})
}

func TestDigitsTypedInAFieldArePartOfTheText(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := sit(t, 80, 24, calling(question))
		d.at(3 * time.Second)
		d.press("/", "room 12?", "backspace", "enter")
		d.sees("> “room 12”")
	})
}

func TestPastedKeysArePressed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := sit(t, 80, 24, calling(documents{"/": `<Gather numDigits="8" timeout="9" action="/end"/>`, "/end": `<Hangup/>`}))
		d.at(time.Second)
		d.update(tea.PasteMsg{Content: "12 34\x1b[31m#"})
		d.settle()
		d.sees("> 123431#")
	})
}

func TestHangUpAndCallAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := sit(t, 80, 24, calling(question))
		d.at(3 * time.Second)
		d.press("q")
		d.sees("h hangs up")
		d.press("h")
		d.sees("You hung up.")
		d.sees("over after  0:03.0")
		d.press("5", "/", "enter") // none of them leaves: they were meant for the call
		if d.left {
			t.Error("a key that was meant for the call left the screen")
		}
		d.sees("The call is over; r calls again.")
		d.press("r")
		d.at(4 * time.Second)
		d.seesNot("You hung up.")
		d.sees("on the phone  0:01.0")
		d.press("h")
		d.at(6 * time.Second)
		d.press("enter")
		if !d.left {
			t.Error("enter does not leave a call that is over")
		}
	})
}

func TestLeavingHangsUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := sit(t, 80, 24, calling(documents{"/": `<Echo/>`}))
		d.at(2 * time.Second)
		d.press("ctrl+c")
		if !d.left {
			t.Error("ctrl+c does not leave")
		}
		result, err := d.leave()
		if err != nil {
			t.Fatal(err)
		}
		if result.Outcome.By != trace.ByCaller {
			t.Errorf("the call was ended by %s", result.Outcome.By)
		}
	})
}

func TestCallIsSavedWhenItIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := sit(t, 80, 24, calling(question))
		d.at(3 * time.Second)
		d.press("s")
		d.sees("Save to: call.jsonl")
		d.press("ctrl+u", "first.jsonl", "enter")
		d.sees("The call will be saved to first.jsonl when it is over.")
		if len(d.saved) > 0 {
			t.Error("half a call was saved")
		}
		d.press("h")
		d.sees("Saved to first.jsonl.")
		d.press("s", "enter")
		d.sees("Saved to call.jsonl.")
		d.press("s", "esc")
		if first, again := d.saved["first.jsonl"], d.saved["call.jsonl"]; first == nil || first != again || len(d.saved) != 2 {
			t.Errorf("saved %v", d.saved)
		}
	})
}

func TestCallThatCannotBeSavedSaysWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := calling(question)
		o.Save = func(string, *simulator.Result) error {
			return &fault.Error{Code: fault.Invalid, Message: "the folder is full", Err: errors.New("no space"), Hint: "make room"}
		}
		d := sit(t, 80, 24, o)
		d.at(time.Second)
		d.press("h", "s", "enter")
		d.sees("The folder is full: no space; make room.")
	})
}

func TestScreenWithNothingToSaveWith(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var board telephone.Options
		board.Call = simulator.Options{Target: target, Handler: question}
		model, leave := telephone.NewScreen(t.Context(), board)
		model.Init()
		model.Update(tea.KeyPressMsg{Code: 's', Text: "s"})
		if !strings.Contains(model.View().Content, "This call cannot be saved.") {
			t.Error("it is not said that calls cannot be saved")
		}
		if _, err := leave(); err != nil {
			t.Error(err)
		}
	})
}

func TestAnswerIsScrolledAndPagesAreTurned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		long := strings.Repeat("  <!-- a line -->\n", 100)
		d := sit(t, 120, 24, calling(documents{"/": "<Response>\n" + long + `<Gather timeout="20" numDigits="1" action="/end"/></Response>`, "/end": `<Gather timeout="9" action="/"/>`}))
		d.at(time.Second)
		d.sees("1–13 of 104")
		d.press("down", "down", "up")
		d.sees("2–14 of 104")
		d.press("tab")
		d.sees("[Request]")
		d.sees("NmsAni")
		d.press("tab")
		d.sees("1 request, 0 ms in all")
		d.press("tab")
		d.sees("1–13 of 104")
		d.press("1")
		d.sees("2/2  GET http://responder.example/end")
		d.press("left")
		d.sees("1/2  GET http://responder.example/ ")
		d.press("left", "right", "right")
		d.sees("2/2")
	})
}

func TestTranscriptIsScrolledBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := sit(t, 80, 16, calling(documents{"/": `<Response><Say>The very first words.</Say>` + strings.Repeat(`<Say>More of it.</Say>`, 20) + `</Response>`}))
		d.at(15 * time.Second)
		d.seesNot("The very first words.")
		d.press("pgup", "pgup", "pgup", "pgup")
		d.sees("The very first words.")
		d.press("pgdown", "pgdown", "pgdown", "pgdown")
		d.seesNot("The very first words.")
	})
}

func TestFailureIsSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := sit(t, 120, 24, calling(documents{}))
		d.at(time.Second)
		d.sees("× it answered 404 Not Found")
		d.sees("404  0 ms")
		d.sees("404 page not found")
		d.at(time.Minute)
		d.sees("The call was ended: it answered 404 Not Found.")
	})
}

func TestEveryScreenFitsItsSize(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {3, 2}, {10, 5}, {20, 40}, {40, 12}, {46, 16}, {60, 9}, {80, 24}, {99, 17}, {100, 15}, {240, 70}} {
		synctest.Test(t, func(t *testing.T) {
			d := sit(t, 80, 24, calling(practice))
			for i, keys := range [][]string{{}, {"4"}, {"?"}, {"?", "tab"}, {"tab"}, {"tab"}, {"tab", "s"}, {"esc"}} {
				d.at(time.Duration(i+1) * 2 * time.Second)
				d.press(keys...)
				d.update(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
				rows := strings.Split(strings.TrimSuffix(d.screen(), "\n"), "\n")
				if len(rows) != size[1] {
					t.Errorf("a screen of %v has %d rows", size, len(rows))
				}
				for _, row := range rows {
					if got := width(row); got > size[0] {
						t.Errorf("a screen of %v has a row of %d columns: %q", size, got, row)
					}
				}
			}
		})
	}
}

// A call that a person made by hand can be played again: its events show what
// the person did.
func TestSavedCallIsPlayedAgainWithoutADifference(t *testing.T) {
	for _, c := range []struct {
		name string
		call func(d *desk)
	}{
		{"to its end", func(d *desk) {
			d.at(9 * time.Second)
			d.press("/", "my tooth", "enter")
			d.at(20 * time.Second)
			d.press("12", "3456")
			d.at(30 * time.Second)
		}},
		{"in silence", func(d *desk) { d.at(time.Minute) }},
		{"interrupting", func(d *desk) {
			d.at(6 * time.Second)
			d.press("2")
			d.at(11 * time.Second)
			d.press("12#")
			d.at(30 * time.Second)
		}},
		{"hung up in a prompt", func(d *desk) {
			d.at(2 * time.Second)
			d.press("h")
		}},
		{"hung up in a Gather's prompt", func(d *desk) {
			d.at(6 * time.Second)
			d.press("h")
		}},
		{"hung up in a Gather", func(d *desk) {
			d.at(11 * time.Second)
			d.press("h")
		}},
		{"hung up while the responder is asked", func(d *desk) {
			d.at(11 * time.Second)
			d.press("1")
			d.at(12 * time.Second)
			d.press("h")
		}},
		{"hung up after a key", func(d *desk) {
			d.at(11 * time.Second)
			d.press("1")
			d.at(21 * time.Second)
			d.press("12", "h")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := sit(t, 80, 24, calling(practice))
				c.call(d)
				d.press("s", "enter")
				call := d.saved["call.jsonl"]
				if call == nil {
					t.Fatalf("nothing was saved:\n%s", d.screen())
				}
				saved := &trace.Saved{Target: target, Events: call.Events}
				_, diff, err := simulator.Replay(t.Context(), saved, simulator.Options{Handler: practice})
				if err != nil {
					t.Fatal(err)
				}
				if diff != "" {
					t.Errorf("played again (-was +is):\n%s", diff)
				}
			})
		})
	}
}

func TestOnlyTheBeginningOfAHugeAnswerIsShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := sit(t, 140, 24, calling(documents{"/": "<Response><!--\n" + strings.Repeat("a line\n", 20_000) + "--><Gather timeout=\"9\"/></Response>"}))
		d.at(time.Second)
		d.sees("text/xml, 140050 bytes, of which these are the first 65536")
		d.sees("of 9363")
	})
}
