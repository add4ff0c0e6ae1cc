package netsapiens

import (
	"context"
	"encoding/base64"
	"errors"
	"iter"
	"net/http"
	"strings"
)

// Users returns the users of a domain.
func (c *Client) Users(ctx context.Context, domain string) iter.Seq2[User, error] {
	return listBy[User](ctx, c, bulkSize, "users", func() string { return "read the users of " + label(domain) },
		"domains", domain, "users")
}

// Match returns what the rule matches, as one text: of two rules for which it
// is the same, SameMatch is true.
func (r DialRule) Match() string {
	r = r.complete()
	return strings.Join([]string{r.ToURI, r.FromURI, r.Days, r.StartDate, r.EndDate, r.StartTime, r.EndTime}, "||")
}

// LikelyID returns the ID that the rule has on most phone systems. Use it for a
// look-up that may find nothing; to change a rule, take the ID from DialRules or
// DialRule.
func (r DialRule) LikelyID() string { return base64.StdEncoding.EncodeToString([]byte(r.Match())) }

// Complete returns the rule with its defaults, as CreateDialRule writes it.
func (r DialRule) Complete() DialRule { return r.complete() }

// DialRule returns the rule of a dial plan with an ID. An error is NotFound if
// there is none.
func (c *Client) DialRule(ctx context.Context, domain, plan, id string) (DialRule, error) {
	return get[DialRule](ctx, c, "a dial rule", func() string { return "read a dial rule of " + planOf(domain, plan) },
		"domains", domain, "dialplans", plan, "dialrules", id)
}

// dialRuleBody is what can be changed of a dial rule.
type dialRuleBody struct {
	ID                string `json:"dialrule"`
	Enabled           string `json:"enabled"`
	Application       string `json:"dial-rule-application"`
	Parameter         string `json:"dial-rule-parameter"`
	DestinationScheme string `json:"dial-rule-translation-destination-scheme"`
	DestinationUser   string `json:"dial-rule-translation-destination-user"`
	DestinationHost   string `json:"dial-rule-translation-destination-host"`
	SourceName        string `json:"dial-rule-translation-source-name"`
	SourceScheme      string `json:"dial-rule-translation-source-scheme"`
	SourceUser        string `json:"dial-rule-translation-source-user"`
	SourceHost        string `json:"dial-rule-translation-source-host"`
	Description       string `json:"dial-rule-description"`
}

// UpdateDialRule changes what the rule with r's ID does. What it matches stays,
// whatever r says: to change that, delete the rule and create another. An
// empty field has its default.
func (c *Client) UpdateDialRule(ctx context.Context, domain, plan string, r DialRule) error {
	tried := func() string {
		return "change the dial rule for " + label(r.ToURI) + " in " + planOf(domain, plan)
	}
	if r.Application == "" {
		return c.invalid(tried, errors.New("a dial rule needs an application"))
	}
	r = r.complete()
	return c.write(ctx, http.MethodPut, dialRuleBody{
		ID: r.ID, Enabled: r.Enabled, Application: r.Application, Parameter: r.Parameter,
		DestinationScheme: r.DestinationScheme, DestinationUser: r.DestinationUser, DestinationHost: r.DestinationHost,
		SourceName: r.SourceName, SourceScheme: r.SourceScheme, SourceUser: r.SourceUser, SourceHost: r.SourceHost,
		Description: r.Description,
	}, tried, "domains", domain, "dialplans", plan, "dialrules", r.ID)
}

// DeleteAnswerRule deletes a user's answer rule for a time frame.
func (c *Client) DeleteAnswerRule(ctx context.Context, domain, user, timeFrame string) error {
	return c.write(ctx, http.MethodDelete, nil, func() string { return "delete the answer rule " + label(timeFrame) + " of " + userIn(domain, user) },
		"domains", domain, "users", user, "answerrules", timeFrame)
}
