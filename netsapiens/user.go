package netsapiens

import (
	"context"
	"errors"
	"net/http"
)

// ScopeSimpleUser is the scope of a user that only serves to route calls, such
// as that of a web responder.
const ScopeSimpleUser = "Simple User"

// User is a user of a domain: what has an extension and answer rules.
type User struct {
	Domain      string `json:"domain,omitempty"`           // given by the phone system
	User        string `json:"user"`                       // the extension, such as 8001
	FirstName   string `json:"name-first-name"`            //
	LastName    string `json:"name-last-name"`             //
	Email       string `json:"email-address"`              // several with ";" between them
	Scope       string `json:"user-scope"`                 // what the user may do, such as ScopeSimpleUser
	ServiceCode string `json:"service-code,omitempty"`     // one that begins with "system-" is hidden in portals and not counted
	DialPlan    string `json:"dial-plan,omitempty"`        // where its calls are translated; as a rule named after the domain
	TimeZone    string `json:"time-zone,omitempty"`        // such as US/Pacific
	CallerID    string `json:"caller-id-number,omitempty"` // shown to those it calls
}

func (u User) known() bool { return u.User != "" }

// User returns a user. An error is NotFound if there is none.
func (c *Client) User(ctx context.Context, domain, user string) (User, error) {
	return get[User](ctx, c, "a user", func() string { return "read " + userIn(domain, user) },
		"domains", domain, "users", user)
}

// CreateUser creates a user, and with it, as a rule, its answer rule "*". The
// phone system may not have finished when CreateUser returns. An error is
// AlreadyExists if the user is there.
func (c *Client) CreateUser(ctx context.Context, domain string, u User) error {
	tried := func() string { return "create " + userIn(domain, u.User) }
	if u.User == "" || u.FirstName == "" || u.LastName == "" || u.Email == "" || u.Scope == "" {
		return c.invalid(tried, errors.New("a user needs an extension, a first and a last name, an e-mail address and a scope"))
	}
	u.Domain = ""
	return c.write(ctx, http.MethodPost, u, tried, "domains", domain, "users")
}

// DeleteUser deletes a user, with everything that belongs to it.
func (c *Client) DeleteUser(ctx context.Context, domain, user string) error {
	return c.write(ctx, http.MethodDelete, nil, func() string { return "delete " + userIn(domain, user) },
		"domains", domain, "users", user)
}
