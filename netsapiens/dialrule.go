package netsapiens

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"net/http"
)

// The phone system's words for on and off.
const (
	Yes = "yes"
	No  = "no"
)

const (
	// Any matches everything; as a date, a day or a time it is no limit.
	Any = "*"

	// Keep stands in a translation for what was there before; other text may
	// surround it.
	Keep = "[*]"

	// ToWeb is the application that asks a web responder, as CreateDialRule
	// writes it. IsToWeb knows the other ways.
	ToWeb = "To Web"
)

// IsToWeb reports whether an application is the one that asks a web responder.
// Phone systems and their clients write it in three ways.
func IsToWeb(application string) bool {
	return application == ToWeb || application == "To-Web" || application == "sip:0@Web-Main"
}

// DialRule is a rule of a dial plan: what happens to a call for a certain
// destination. In a rule to be created an empty field has the value that its
// comment gives as default.
type DialRule struct {
	ID     string `json:"dialrule,omitempty"`            // given by the phone system, made of what the rule matches
	Domain string `json:"domain,omitempty"`              // given by the phone system
	Plan   string `json:"dial-rule-dial-plan,omitempty"` // given by the phone system

	// What the rule matches: no two rules of a plan have it the same, and it
	// cannot be changed.
	ToURI     string `json:"dial-rule-matching-to-uri"`      // a pattern of the destination, such as webresponder8001 or sip:1??????????@*
	FromURI   string `json:"dial-rule-matching-from-uri"`    // a pattern of the caller; default Any
	Days      string `json:"dial-rule-matching-day-of-week"` // 0 (Sunday) to 6, or [1-5]; default Any
	StartDate string `json:"dial-rule-matching-start-date"`  // 2026-01-31; default Any
	EndDate   string `json:"dial-rule-matching-end-date"`    // 2026-01-31; default Any
	StartTime string `json:"dial-rule-matching-start-time"`  // 00:00 to 23:59, the owner's time; default Any
	EndTime   string `json:"dial-rule-matching-end-time"`    // the same

	Enabled     string `json:"enabled"`               // Yes or No; default Yes
	Application string `json:"dial-rule-application"` // what is done, such as ToWeb
	Parameter   string `json:"dial-rule-parameter"`   // what the application needs: a responder's URL, HttpMethod and HttpSecret before it

	// How destination and caller are rewritten: default Keep, all of them.
	DestinationScheme string `json:"dial-rule-translation-destination-scheme"`
	DestinationUser   string `json:"dial-rule-translation-destination-user"`
	DestinationHost   string `json:"dial-rule-translation-destination-host"`
	SourceName        string `json:"dial-rule-translation-source-name"`
	SourceScheme      string `json:"dial-rule-translation-source-scheme"`
	SourceUser        string `json:"dial-rule-translation-source-user"`
	SourceHost        string `json:"dial-rule-translation-source-host"`

	Description string `json:"dial-rule-description"` // for people
}

func (r DialRule) known() bool { return r.ID != "" || r.ToURI != "" }

// SameMatch reports whether two rules match the same calls, so that one plan
// has room for one of them only.
func (r DialRule) SameMatch(other DialRule) bool {
	a, b := r.complete(), other.complete()
	return a.ToURI == b.ToURI && a.FromURI == b.FromURI && a.Days == b.Days &&
		a.StartDate == b.StartDate && a.EndDate == b.EndDate && a.StartTime == b.StartTime && a.EndTime == b.EndTime
}

// complete returns the rule with its defaults.
func (r DialRule) complete() DialRule {
	for _, s := range [...]*string{&r.FromURI, &r.Days, &r.StartDate, &r.EndDate, &r.StartTime, &r.EndTime} {
		*s = cmp.Or(*s, Any)
	}
	r.Enabled = cmp.Or(r.Enabled, Yes)
	for _, s := range [...]*string{&r.DestinationScheme, &r.DestinationUser, &r.DestinationHost,
		&r.SourceName, &r.SourceScheme, &r.SourceUser, &r.SourceHost} {
		*s = cmp.Or(*s, Keep)
	}
	return r
}

// DialRules returns the rules of a dial plan. A domain's own plan has the
// domain's name.
func (c *Client) DialRules(ctx context.Context, domain, plan string) iter.Seq2[DialRule, error] {
	return listBy[DialRule](ctx, c, bulkSize, "dial rules", func() string { return "read the dial rules of " + planOf(domain, plan) },
		"domains", domain, "dialplans", plan, "dialrules")
}

// CreateDialRule adds a rule to a dial plan and waits until the phone system can
// read it back. An error is AlreadyExists if the plan has a rule that matches
// the same, whatever that one does: read the rules to find out.
func (c *Client) CreateDialRule(ctx context.Context, domain, plan string, r DialRule) error {
	tried := func() string {
		return "create the dial rule for " + label(r.ToURI) + " in " + planOf(domain, plan)
	}
	if r.ToURI == "" || r.Application == "" {
		return c.invalid(tried, errors.New("a dial rule needs a destination to match and an application"))
	}
	r = r.complete()
	r.ID, r.Domain, r.Plan = "", "", ""
	return c.write(ctx, http.MethodPost, struct {
		Synchronous string `json:"synchronous"`
		DialRule
	}{Yes, r}, tried, "domains", domain, "dialplans", plan, "dialrules")
}

// DeleteDialRule deletes the rule with an ID that DialRules gave.
func (c *Client) DeleteDialRule(ctx context.Context, domain, plan, id string) error {
	return c.write(ctx, http.MethodDelete, nil, func() string { return "delete a dial rule of " + planOf(domain, plan) },
		"domains", domain, "dialplans", plan, "dialrules", id)
}

// planOf names a dial plan, for errors.
func planOf(domain, plan string) string {
	if plan == domain {
		return "the dial plan of " + label(domain)
	}
	return "the dial plan " + label(plan) + " of " + label(domain)
}
