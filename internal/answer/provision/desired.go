package provision

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"time"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/netsapiens"
)

// What the phone system's side is made of.
const (
	serviceCode  = "system-webresponder" // of the system user: what it is there for
	firstName    = "Web"
	lastName     = "Responder"
	aliasPrefix  = "webresponder" // before the user, in dial rules and answer rules
	webhookPath  = "webresponder" // of the public URL
	descriptions = "Switchhook text-back: "
)

// Settings are what all entries have in common.
type Settings struct {
	PublicURL  *url.URL      // where the phone system reaches the webhook
	Email      string        // of system users
	CheckEvery time.Duration // how often a chain without a failed step is checked; 0: never
	Keys       bool          // a key is made for entries that have none of their own

	Fingerprints *Fingerprints // makes Due quick; optional
}

// Webhook returns the URL that the phone system asks for an entry, with the
// key that the entry demands.
func (s Settings) Webhook(e *entry.Entry) string {
	target := s.PublicURL.JoinPath(webhookPath)
	target.RawQuery = "id=" + url.QueryEscape(e.ID)
	if e.Key != "" {
		target.RawQuery += "&key=" + url.QueryEscape(string(e.Key))
	}
	return target.String()
}

// Desired is what there is to be on a phone system for one entry.
type Desired struct {
	Entry      string
	Domain     string // its dial plan has the same name
	User       netsapiens.User
	DialRule   netsapiens.DialRule
	AnswerRule netsapiens.AnswerRule

	open bool // the entry has no key of its own
}

// Wanted returns what there is to be for an entry: nothing for one that names
// no domain or no system user.
func Wanted(e *entry.Entry, s Settings) Desired {
	d := Desired{Entry: e.ID, open: e.Key == ""}
	if e.APIDomain == "" || e.Text.SystemUser == "" {
		return d
	}
	d.Domain = e.APIDomain
	d.User = netsapiens.User{
		User: e.Text.SystemUser, FirstName: firstName, LastName: lastName,
		Email: s.Email, Scope: netsapiens.ScopeSimpleUser, ServiceCode: serviceCode,
	}
	d.DialRule = netsapiens.DialRule{
		ToURI: alias(e.Text.SystemUser), Application: netsapiens.ToWeb, Parameter: s.Webhook(e), Description: descriptions + e.ID,
	}.Complete()
	d.AnswerRule = netsapiens.ForwardAlways(alias(e.Text.SystemUser))
	return d
}

// Fingerprint changes when what is wanted changes. It reveals no secret.
func (d Desired) Fingerprint() string {
	whole, err := json.Marshal(d)
	if err != nil {
		panic(err) // texts alone
	}
	sum := sha256.Sum256(whole)
	return hex.EncodeToString(sum[:16])
}

// nothing reports whether nothing is wanted.
func (d Desired) nothing() bool { return d.Domain == "" }

// resource returns how a part of what is wanted is recorded.
func (d Desired) resource(p Part) Resource {
	m := Resource{Part: p, Domain: d.Domain, User: d.User.User}
	if p == DialRule {
		m.Match, m.URL = d.DialRule.Match(), shown(address(d.DialRule.Parameter))
	}
	return m
}

// alias is what a system user's calls are forwarded to, and what its dial rule
// matches.
func alias(systemUser string) string { return aliasPrefix + systemUser }
