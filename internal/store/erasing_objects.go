package store

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/switchhook/switchhook/internal/core"
)

// objectRule says how to erase a number from objects of the Core of one kind.
type objectRule struct {
	what string // what they are called
	each string // what one that stays is called

	// Numbers are the fields that say whom a text or a call is with: an object
	// with the number there, or in its id, is deleted.
	numbers []string

	// Used reports whether the Core uses a field. Then it stays; the number
	// is taken out of the others. Optional; default: it uses none.
	used func(field string) bool
}

// objectRules are the rules of all kinds. Objects of other kinds stay whole.
var objectRules = map[core.Kind]objectRule{
	core.Message:        {what: "messages of the Core", numbers: []string{"from-number", "dialed", "terminating-number"}},
	core.MessageSession: {what: "conversations of the Core", numbers: []string{"messagesession-sms-number", "messagesession-remote"}},
	core.QueuedCall:     {what: "queued calls of the Core", numbers: []string{"destination"}},

	core.Domain:       {what: "domains of the Core", each: "domain of the Core", used: identifies},
	core.User:         {what: "users of the Core", each: "user of the Core", used: identifies},
	core.DialPlan:     {what: "dial plans of the Core", each: "dial plan of the Core", used: routes},
	core.DialRule:     {what: "dial rules of the Core", each: "dial rule of the Core", used: routes},
	core.PhoneNumber:  {what: "numbers of the Core", each: "number of the Core", used: routes},
	core.AnswerRule:   {what: "answer rules of the Core", each: "answer rule of the Core", used: always},
	core.SMSNumber:    {what: "numbers for texts of the Core", each: "number for texts of the Core", used: always},
	core.Subscription: {what: "subscriptions of the Core", each: "subscription of the Core", used: always},
}

// identifies reports whether the Core uses a field of a user or a domain.
func identifies(field string) bool {
	return slices.Contains([]string{
		"domain", "user", "login-username", "dial-plan", "dial-policy", "time-zone", "service-code", "caller-id-name", "caller-id-number",
	}, field)
}

// routes is identifies for routing configuration.
func routes(field string) bool { return field != "dial-rule-description" }

func always(string) bool { return true }

// whyRouted says why configuration of the Core stays.
const whyRouted = "calls and texts go by it: change it through the Core's API"

// searchObjects searches the objects of the Core.
func (e *erasing) searchObjects(ctx context.Context, q querier) error {
	return each(ctx, q, "SELECT kind, domain, owner, id, version, fields FROM objects", nil, func(row scanner) error {
		var o core.Object
		var fields string
		if err := row.Scan(&o.Kind, &o.Domain, &o.Owner, &o.ID, &o.Version, &fields); err != nil {
			return err
		}
		if !e.In(fields) && !e.In(o.Domain) && !e.In(o.Owner) && !e.In(o.ID) {
			return nil
		}
		if err := json.Unmarshal([]byte(fields), &o.Fields); err != nil {
			return fmt.Errorf("read the fields of %s %s in %s: %w", o.Kind, o.ID, o.Domain, err)
		}
		return e.lookAtObject(&o, fields)
	})
}

// lookAtObject notes what to do about an object that mentions the number.
func (e *erasing) lookAtObject(o *core.Object, text string) error {
	if e.In(o.Domain) {
		e.stays(Held{What: "domain", Name: o.Domain, Why: whyKept["domain"]})
	}
	rule, known := objectRules[o.Kind]
	switch {
	case !known:
		rule = objectRule{each: string(o.Kind) + " of the Core", used: always}
	case rule.used == nil && e.isWith(o, rule.numbers):
		e.mentions(rule.what)
		e.deleteObject(o)
		return nil
	case rule.used == nil:
		if without := e.withoutInJSON(text); without != text {
			e.mentions(rule.what)
			e.replaceObject(o, without)
		}
		return nil
	}
	return e.lookAtConfiguration(o, rule)
}

// isWith reports whether a text or a call is with the number.
func (e *erasing) isWith(o *core.Object, numbers []string) bool {
	return e.In(o.ID) || e.In(o.Owner) || slices.ContainsFunc(numbers, func(field string) bool { return e.In(o.Fields.Text(field)) })
}

// lookAtConfiguration takes the number out of the fields that the Core does not
// use, and notes that others hold it.
func (e *erasing) lookAtConfiguration(o *core.Object, rule objectRule) error {
	stays, changed := e.In(o.Owner) || e.In(o.ID), o.Fields.Clone()
	for field, value := range o.Fields {
		without := e.withoutInJSON(string(value))
		switch {
		case without == string(value):
		case rule.used(field):
			stays = true
		default:
			changed[field] = json.RawMessage(without)
		}
	}
	if stays {
		e.stays(Held{What: rule.each, Name: nameOfObject(o), Why: whyRouted})
	}
	same := func(a, b json.RawMessage) bool { return string(a) == string(b) }
	if maps.EqualFunc(changed, o.Fields, same) {
		return nil
	}
	text, err := json.Marshal(changed)
	if err != nil {
		return err
	}
	e.mentions(rule.what)
	e.replaceObject(o, string(text))
	return nil
}

// nameOfObject names an object of the Core to the operator.
func nameOfObject(o *core.Object) string {
	switch o.Kind {
	case core.Domain:
		return o.ID
	case core.DialRule:
		return fmt.Sprintf("%s in %s", o.Fields.Text("dial-rule-matching-to-uri"), o.Owner)
	case core.AnswerRule:
		return fmt.Sprintf("%s of %s@%s", o.ID, o.Owner, o.Domain)
	}
	return o.ID + "@" + o.Domain
}

func (e *erasing) deleteObject(o *core.Object) {
	e.changes = append(e.changes, erasingChange{
		statement: "DELETE FROM objects WHERE " + equal(objectKey, 1),
		args:      []any{string(o.Kind), o.Domain, o.Owner, o.ID}, object: &o.Key,
	})
}

func (e *erasing) replaceObject(o *core.Object, fields string) {
	e.changes = append(e.changes, erasingChange{
		statement: "UPDATE objects SET version = version + 1, fields = $1 WHERE " + equal(objectKey, 2) + " AND version = $6",
		args:      []any{fields, string(o.Kind), o.Domain, o.Owner, o.ID, o.Version}, object: &o.Key,
	})
}

// objectKey are the columns that name an object.
var objectKey = []string{"kind", "domain", "owner", "id"}
