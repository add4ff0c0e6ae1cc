package dialog

import (
	"github.com/emiago/sipgo/sip"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/sdp"
)

// programs are what a phone does with a call, by the number that is called. Each
// is given nil first, then the events.
var programs = map[string]func(c *Call, e Event){
	"rings": func(c *Call, e Event) {
		if e == nil {
			c.Ring(180, nil)
		}
	},
	"answers": answers,
	"answers_early": func(c *Call, e Event) {
		if e == nil {
			local := ours(soundPort)
			c.Ring(183, &local)
			c.Answer(local)
		}
	},
	"answers_after_change": func(c *Call, e Event) { // of what was agreed on before the answer
		switch e := e.(type) {
		case nil:
			local := ours(soundPort)
			c.Ring(183, &local)
		case Agreed:
			if e.Held {
				c.Answer(ours(soundPort))
			}
		}
	},
	"busy": func(c *Call, e Event) {
		if e == nil {
			c.Hangup(engine.Busy)
		}
	},
	"hangs_up": func(c *Call, e Event) {
		answers(c, e)
		if _, ok := e.(Answered); ok {
			c.Hangup(engine.Normal)
		}
	},
	"holds": func(c *Call, e Event) {
		answers(c, e)
		switch e := e.(type) {
		case Answered:
			local := ours(soundPort)
			local.Direction = sdp.SendOnly
			c.Change(local)
		case Agreed:
			if e.Direction == sdp.SendOnly {
				c.Change(ours(soundPort))
			}
		}
	},
	"holds_once": func(c *Call, e Event) {
		answers(c, e)
		switch e.(type) {
		case Answered:
			local := ours(soundPort)
			local.Direction = sdp.SendOnly
			c.Change(local)
		case NotChanged:
			c.Hangup(engine.Normal)
		}
	},
	"gives_up": func(c *Call, e Event) {
		if _, ok := e.(Ringing); ok {
			c.Hangup(engine.Normal)
		}
	},
	"transfers": func(c *Call, e Event) {
		answers(c, e)
		switch e.(type) {
		case Answered:
			c.Transfer(Target{URI: sip.Uri{Scheme: "sip", User: "200", Host: "127.0.0.1"}})
		case Transferred, NotTransferred:
			c.Hangup(engine.Normal)
		}
	},
	"takes_transfers": func(c *Call, e Event) {
		answers(c, e)
		if _, ok := e.(TransferAsked); ok {
			c.TakeTransfer()
			c.TransferStatus(200)
		}
	},
	"takes_no_transfers": func(c *Call, e Event) {
		answers(c, e)
		if _, ok := e.(TransferAsked); ok {
			c.RefuseTransfer(603)
		}
	},
}

func answers(c *Call, e Event) {
	if e == nil {
		c.Ring(180, nil)
		c.Answer(ours(soundPort))
	}
}
