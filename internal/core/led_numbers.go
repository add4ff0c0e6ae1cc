package core

import (
	"context"
	"fmt"

	"github.com/switchhook/switchhook/internal/core/dialplan"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/phone"
)

// ledNumbers are the numbers that the settings lead to responders. They do not change.
// They are in no State: the settings alone say what they are.
type ledNumbers struct {
	domain string
	home   phone.Home
	byKey  map[string]*ledNumber // by phone.Number's Key
}

type ledNumber struct {
	number phone.Number
	lead   dialplan.Lead
}

// LeadNumbers leads the numbers of a domain to responders as the settings say, in place
// of those that it was given last. Calls under way go on. CheckNumbers has accepted
// the settings.
func (c *Core) LeadNumbers(domain string, numbers []NumberSettings) {
	led := &ledNumbers{domain: domain, home: c.home(), byKey: make(map[string]*ledNumber, len(numbers))}
	for i := range numbers {
		if n, err := numbers[i].number(led.home); err == nil {
			led.byKey[n.Key()] = &ledNumber{n, dialplan.Lead{Web: numbers[i].web(), Owner: string(numbers[i].User)}}
		}
	}
	c.led.Store(led)
}

// find returns a number by its digits, with its country's code or without; nil if the
// settings do not lead it.
func (l *ledNumbers) find(digits string) *ledNumber {
	if l == nil || len(l.byKey) == 0 {
		return nil
	}
	if found := l.byKey[phone.Key(digits)]; found != nil {
		return found
	}
	n := phone.Read(digits, l.home)
	if n.Internal() {
		return nil
	}
	return l.byKey[n.Key()]
}

// ledNumber returns a number as routing has it, nil if the settings do not lead it.
func (d *directory) ledNumber(digits string) *dialplan.Number {
	led := d.core.led.Load()
	found := led.find(digits)
	if found == nil {
		return nil
	}
	d.led = true
	lead := found.lead
	if d.explains {
		lead.Hides, d.err = d.core.madeByAPI(d.ctx, found.number)
	}
	return &dialplan.Number{Digits: found.number.Digits(), Domain: led.domain, Lead: &lead}
}

// madeByAPI reports whether the API has made a number, in any domain.
func (c *Core) madeByAPI(ctx context.Context, n phone.Number) (bool, error) {
	for _, digits := range c.waysToStore(n) {
		found, err := c.state.Objects(ctx, Key{Kind: PhoneNumber, ID: digits}, 0, 1)
		if len(found) > 0 || err != nil {
			return len(found) > 0, err
		}
	}
	return false, nil
}

// refuseIfLed refuses that the API makes or changes a number that the settings lead.
func (c *Core) refuseIfLed(digits string) error {
	if c.led.Load().find(digits) == nil {
		return nil
	}
	return fault.Newf(fault.Refused, "the settings lead %s to a responder, and the API cannot change that", phone.Mask(digits)).
		WithHint("it stands below [[core.number]]; leave it out there to have the API lead the number")
}

// ReviewNumbers logs which of the numbers that the settings lead the API has made
// too, and which have an owner who is not there.
func (c *Core) ReviewNumbers(ctx context.Context) error {
	led := c.led.Load()
	if led == nil {
		return nil
	}
	for _, one := range led.byKey {
		number := phone.Mask(one.number.E164())
		hides, err := c.madeByAPI(ctx, one.number)
		if err != nil {
			return fmt.Errorf("look up %s: %w", number, err)
		}
		if hides {
			c.config.Log.Warn("settings override number of API", "number", number)
		}
		owner := Key{Kind: User, Domain: led.domain, ID: one.lead.Owner}
		switch _, err = c.Object(ctx, owner); {
		case fault.CodeOf(err) == fault.NotFound:
			c.config.Log.Warn("owner of number not found", "number", number, "user", one.lead.Owner,
				"hint", "its calls reach the responder, which cannot forward them")
		case err != nil:
			return err
		}
	}
	return nil
}
