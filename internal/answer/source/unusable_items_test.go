package source_test

import (
	"strings"
	"testing"

	"github.com/switchhook/switchhook/internal/answer/source"
	"github.com/switchhook/switchhook/internal/answer/sourcetest"
)

// TestOneUnusableItemCostsThatItem has a vendor say something about Alice that
// its documentation does not have. Bob stays on call; and so does Alice where
// it is known that she is.
func TestOneUnusableItemCostsThatItem(t *testing.T) {
	const alice, bob, both = "Alice", "Bob", "Alice, Bob"
	for _, row := range []struct {
		vendor      int
		instead, of string
		want        string // who is on call
		rung        string // whose numbers are known
		odd         string
	}{
		{0, `"user":null,"x":{"contact_methods":[{"id":"PMAILPALICE"`, `"user":{"contact_methods":[{"id":"PMAILPALICE"`, bob, bob, "an on-call has no user with an id"},
		{0, `"escalation_level":"1"`, `"escalation_level":1`, bob, bob, "the field escalation_level is a string"},
		{0, `"escalation_level":0`, `"escalation_level":1`, bob, bob, "an on-call has no escalation_level"},
		{0, `"escalation_level":null`, `"escalation_level":1`, bob, bob, "an on-call has no escalation_level"},
		{0, `"id":"../../x"`, `"id":"PALICE"`, bob, bob, "an on-call has no user with an id"},
		{0, `"end":"tomorrow"`, `"end":"2026-11-24T12:00:00Z"`, both, both, "a time in it cannot be read"},
		{0, `"start":17`, `"start":"2026-11-17T12:00:00Z"`, both, both, "a time in it cannot be read"},
		{0, `"email":{"x":1}`, `"email":"alice@example.net"`, both, both, ""},
		{0, `"name":null`, `"name":"Alice Example"`, both, both, ""},
		{0, `"id":"PPALICE0","address":611111111,"y"`, `"address":"0611111111","blacklisted"`, both, bob, "the field address is a number"},
		{0, `"country_code":"31"`, `"country_code":31`, both, both, ""},
		{0, `"type":"carrier_pigeon_contact_method"`, `"type":"email_contact_method"`, both, both, ""},
		{0, `"type":7`, `"type":"email_contact_method"`, both, both, "the field type is a number"},
		{0, `"urgency":[]`, `"urgency":"low"`, both, both, "a rule"},
		{1, `"phone_numbers":[null,17,"+31611111111"]`, `"phone_numbers":["+31611111111"]`, both, both, "is no telephone number"},
		{1, `"phone_numbers":{}`, `"phone_numbers":["+31611111111"]`, both, bob, "phone_numbers"},
		{1, `"phone_numbers":null`, `"phone_numbers":["+31611111111"]`, both, bob, "phone_numbers"},
		{1, `"first_name":7`, `"first_name":"Alice"`, both, both, ""},
		{2, `"user":null,"x":{"email":"alice@example.net"`, `"user":{"email":"alice@example.net"`, bob, bob, "an on-call has no user with an id"},
		{2, `"escalationLevel":"first"`, `"escalationLevel":1`, bob, bob, "the field escalationLevel is a string"},
		{2, `"end":"tomorrow"`, `"end":"2026-11-24T12:00:00Z"`, both, both, "a time in it cannot be read"},
		{2, `"target":{}`, `"target":"0611111111"`, both, bob, "the field target is an object"},
		{2, `"target":null`, `"target":"0611111111"`, both, bob, "a number has no target"},
		{3, `"stepNumber":"0"`, `"stepNumber":0`, bob, bob, "the field stepNumber is a string"},
		{3, `"stepNumber":null`, `"stepNumber":0`, bob, bob, "somebody on call has no stepNumber"},
		{3, `"userID":null`, `"userID":"4c5f1b2e-0000-4000-8000-00000000000a"`, bob, bob, "somebody on call has no userID"},
		{3, `"userName":{}`, `"userName":"Alice Example"`, both, both, ""},
	} {
		t.Run(vendors()[row.vendor].kind+": "+row.of+" is "+row.instead, func(t *testing.T) {
			virtual(t, func(t *testing.T) {
				v := vendors()[row.vendor]
				s, _ := v.start(t)
				v.standIn.Break(sourcetest.Always, sourcetest.Lies(row.instead, row.of))
				got := fetched(t, s)
				var people, rung []string
				for _, p := range got.People {
					name := bob
					if p.Level == 1 {
						name = alice
					}
					people = append(people, name)
					if len(p.Numbers) > 0 {
						rung = append(rung, name)
					}
				}
				same(t, "people", strings.Join(people, ", "), row.want)
				same(t, "people with numbers", strings.Join(rung, ", "), row.rung)
				told(t, got.Oddities, row.odd)
				for _, odd := range got.Oddities {
					if strings.Contains(odd, v.key) {
						t.Errorf("%q tells the key", odd)
					}
				}
			})
		})
	}
}

// TestAnAnswerOfUnusableItemsAloneIsNone: we go by the last answer, and do not
// conclude that nobody is on call.
func TestAnAnswerOfUnusableItemsAloneIsNone(t *testing.T) {
	for _, row := range []struct {
		vendor int
		body   string
	}{
		{0, `{"oncalls":[{"user":null,"escalation_level":1},{"user":null,"escalation_level":2}],"limit":100,"offset":0,"more":false}`},
		{0, `{"oncalls":[null],"limit":100,"offset":0,"more":false}`},
		{0, `{"oncalls":[1,"x",[]],"limit":100,"offset":0,"more":false}`},
		{0, `{"oncalls":{"0":{}},"limit":100,"offset":0,"more":false}`},
		{1, `{"data":[{"id":"1001"},{"id":"1002"}],"included":[]}`},
		{1, `{"data":[7,null]}`},
		{2, `[{"user":null,"escalationLevel":1}]`},
		{2, `[null]`},
		{2, `{"users":[]}`},
		{3, `{"data":{"service":{"onCallUsers":[{"userID":null},{}]}}}`},
		{4, `{"id":"SBM7DV7BKFUYU","on_call_now":[null,{}]}`},
	} {
		t.Run(vendors()[row.vendor].kind+" "+row.body, func(t *testing.T) {
			virtual(t, func(t *testing.T) {
				v := vendors()[row.vendor]
				s, _ := v.start(t)
				v.standIn.Break(sourcetest.Always, sourcetest.Says(200, row.body))
				e := failed(t.Context(), t, s)
				if e.Message == "" {
					t.Errorf("%+v", e)
				}
			})
		})
	}
}

// TestAnIdentifierThatIsNoneCostsItsPerson of a schedule of Grafana's.
func TestAnIdentifierThatIsNoneCostsItsPerson(t *testing.T) {
	virtual(t, func(t *testing.T) {
		v := vendors()[4]
		s, _ := v.start(t)
		v.standIn.Break(sourcetest.Always, sourcetest.Lies(`[null,"a/b",{"id":1},"UALICE"]`, `["UALICE"]`))
		got := fetched(t, s)
		same(t, "people", untimed(got.People), []source.Person{v.want[0], v.want[1]})
		told(t, got.Oddities, "somebody in on_call_now has no identifier")
	})
}
