package core_test

import (
	"fmt"
	"testing"

	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/core/dialplan"
)

// BenchmarkRoute decides calls of a domain with ten thousand numbers, users
// and dial rules, as Place does before it asks a responder.
func BenchmarkRoute(b *testing.B) {
	c := newLarge(b)
	c.route(b, 0) // prepares the dial plan
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		i = (i + 7919) % many
		c.route(b, i)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "routes/s")
}

// BenchmarkRouteAfterAChange is the first call after a change of a rule: it
// compiles the dial plan again.
func BenchmarkRouteAfterAChange(b *testing.B) {
	c := newLarge(b)
	b.ReportAllocs()
	for b.Loop() {
		if err := c.UpdateDialRule(b.Context(), domain, domain, c.rule, nil); err != nil {
			b.Fatal(err)
		}
		c.route(b, 1)
	}
}

const many = 10_000

// large is a Core with a large domain.
type large struct {
	*core.Core
	rule string // the id of one of its dial rules
}

func newLarge(b *testing.B) *large {
	b.Helper()
	c := &large{Core: core.New(core.Config{})}
	ctx := b.Context()
	made := func(o core.Object, err error) core.Object {
		if err != nil {
			b.Fatal(err)
		}
		return o
	}
	made(c.CreateDomain(ctx, fields{"domain": domain}.json(b)))
	for i := range many {
		user := fmt.Sprint(10000 + i)
		made(c.CreateUser(ctx, domain, fields{"user": user}.json(b)))
		forward := fields{"forward-always": fields{"enabled": "yes", "parameters": []string{"webresponder" + user}}}
		if err := c.UpdateAnswerRule(ctx, domain, user, "*", forward.json(b)); err != nil {
			b.Fatal(err)
		}
		made(c.CreatePhoneNumber(ctx, domain, fields{"phonenumber": number(i), "dial-rule-translation-destination-user": user}.json(b)))
		c.rule = made(c.CreateDialRule(ctx, domain, domain, fields{
			"dial-rule-matching-to-uri": "webresponder" + user, "dial-rule-application": "To Web", "dial-rule-parameter": "https://hooks.example.net/",
		}.json(b))).ID
	}
	return c
}

func number(i int) string { return fmt.Sprintf("1212%07d", i) }

func (c *large) route(b *testing.B, i int) {
	b.Helper()
	r, err := c.Route(b.Context(), dialplan.Query{From: "+19734321440", To: number(i)})
	if err != nil || r.Kind != dialplan.ToWeb {
		b.Fatal(r.Reason, err)
	}
}
