package netsapiens

import (
	"context"
	"strings"
)

// Version is what the phone system says about itself.
type Version struct {
	API      string `json:"apiversion"` // such as 44.4.10
	Hostname string `json:"hostname"`   // the server that answered; may be empty
}

func (v Version) known() bool { return v.API != "" }

// Version returns the phone system's version: any token will do.
func (c *Client) Version(ctx context.Context) (Version, error) {
	v, err := get[Version](ctx, c, "a version", func() string { return "read the version" }, "version")
	// Some cores write "Version: 41.1.0".
	v.API = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(v.API), "Version:"))
	return v, err
}

// APIKey describes a token that is an API key, without the key itself.
type APIKey struct {
	ID          string `json:"key-id"`
	Description string `json:"description"`
	Reseller    string `json:"reseller"`
	Domain      string `json:"domain"` // the only domain it reaches, or "*"
	User        string `json:"user"`
	Scope       string `json:"user-scope"` // what it may do, such as Reseller
	ReadOnly    string `json:"readonly"`   // Yes: it may change nothing, nor send
	LastUsed    string `json:"lastused-datetime"`
}

func (k APIKey) known() bool { return k.ID != "" || k.Scope != "" }

// APIKey describes the Client's own token: a good check at the start of a
// program. A token that is no API key may work without having a description; the
// error is then not Unauthorized.
func (c *Client) APIKey(ctx context.Context) (APIKey, error) {
	return get[APIKey](ctx, c, "an API key", func() string { return "read what the token may do" }, "apikeys", "~")
}
