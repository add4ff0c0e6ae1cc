// Package config loads the settings of the application server: what can be set,
// where each value came from, and every problem on the way.
//
// [Load] reads them from the settings file, the environment, .env, systemd
// credentials and files of secrets, and returns either complete [Settings] or
// an [*Error] that reports all problems at once. It changes nothing, so a
// running server can call it again and keep what it has.
//
// Each place becomes a layer: a flat map from the path of a setting, such as
// "oncall.source.0.kind", to its text and where it stands. The first layer with a
// path wins. One decoder reads the values into the fields of [Settings] by their
// types, most of which parse themselves with UnmarshalText.
//
// The fields of [Settings] and their tags are the whole list: names, defaults,
// limits and meanings are defined there once, and the loading,
// [Settings.Describe] and [Example] follow them.
package config

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/switchhook/switchhook/internal/activity"
	"github.com/switchhook/switchhook/internal/answer/clicktocall"
	"github.com/switchhook/switchhook/internal/answer/oncall"
	"github.com/switchhook/switchhook/internal/answer/textback"
	"github.com/switchhook/switchhook/internal/call/prompt"
	"github.com/switchhook/switchhook/internal/call/recording"
	"github.com/switchhook/switchhook/internal/call/speech"
	"github.com/switchhook/switchhook/internal/call/trunk"
	"github.com/switchhook/switchhook/internal/call/voice"
	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/core/barring"
	"github.com/switchhook/switchhook/internal/server/alert"
	"github.com/switchhook/switchhook/internal/setting"
)

// Settings are the settings of `switchhook serve`. A section that switches a
// feature on is a pointer, nil while the feature is off; settings outside such
// sections always have their default.
//
// The tags are: key, the name in its section; default and example; doc, the
// meaning for the operator; need, the section that requires this key when it is
// on; switches, the section that this key or section switches on; min and max;
// zero, what 0 means if it may be less than min. In a list of sections need may be
// "item": every item requires it. A list tagged alone may be written as its only
// item, and a key with inherits takes another's value unless it is set. A secret
// tagged shown is sent by clients of this server, now or before it was replaced.
//
// A struct tagged inline has settings of the section that it stands in. A section
// whose struct has a method Check() error is checked as a whole: each
// *setting.Problem in the error is reported where the setting stands.
type Settings struct {
	Listen setting.Address `key:"listen" default:"127.0.0.1:5100" doc:"Address and port on which web requests are taken. The proxy that terminates TLS forwards to it."`

	// MetricsListen is empty if the main listener serves metrics.
	MetricsListen setting.Address `key:"metrics_listen" example:"127.0.0.1:5101" doc:"An address and port of its own on which /metrics is answered, to anybody who reaches it. Left out, /metrics is among all web requests and wants the operator's token, the line in operator.token in data, as Authorization: Bearer."`

	// TrustedProxies are the networks whose X-Forwarded-For is trusted.
	TrustedProxies []netip.Prefix `key:"trusted_proxies" default:"127.0.0.0/8 ::1/128" doc:"Networks whose X-Forwarded-For header is believed. A caller's address is the right-most one that is not of these."`

	// BodiesInHand is for a process, over all its listeners.
	BodiesInHand int `key:"bodies_in_hand" default:"512" min:"16" max:"65536" doc:"How many requests that bring a body are worked on at once; one too many is answered 503 with Retry-After. A quarter of them may still wait for the rest of their body: past that, the one that has waited longest gives way, and is answered when it has sent the rest, or 5s later. Requests without a body are not counted."`

	// PublicURL has no trailing slash, query or fragment.
	PublicURL *url.URL `key:"public_url" example:"https://hooks.example.net" need:"netsapiens" doc:"The address under which the phone system and browsers reach this server. Provisioning writes it into dial rules."`

	// Data is the folder for what the server itself stores.
	Data setting.Path `key:"data" default:"/var/lib/switchhook" doc:"Folder of what the server keeps, its database included."`

	// Database is not set if the database is a file in Data.
	Database setting.Database `key:"database" example:"postgres://switchhook@db.example.net/switchhook" doc:"A PostgreSQL database to keep texts, consent and suppression in, for more than one server. Leave it out to keep them in the file switchhook.db in data. The address holds a password as a rule, and is never shown."`

	// DomainsFile is empty if the entries are not in an operator's file.
	DomainsFile setting.Path `key:"domains_file" example:"/opt/webresponder/domains.json" switches:"netsapiens" doc:"Keep using this domains.json. Changes to it are in force on the next request."`

	AllowPrivateResponders bool `key:"allow_private_responders" default:"false" doc:"Whether the Core may ask responders on private addresses. Leave it off where people you do not know can write dial rules."`

	NetSapiens  *NetSapiens          `key:"netsapiens" doc:"The phone system. This section switches on text-back and the forms."`
	Forms       Forms                `key:"forms" switches:"netsapiens" doc:"The forms that post to /update-sms."`
	TextBack    textback.Settings    `key:"textback" switches:"netsapiens" doc:"Texts to callers."`
	Alerts      alert.Settings       `key:"alerts" doc:"Who is told when texts die, provisioning fails or a phone system stays down."`
	Activity    activity.Settings    `key:"activity" doc:"The record of everything that happened, which switchhook activity shows."`
	ClickToCall clicktocall.Settings `key:"clicktocall" switches:"netsapiens" doc:"Calls to visitors of web pages."`
	OnCall      *oncall.Settings     `key:"oncall" doc:"Whom a phone system rings when it asks who is on call. This section switches it on."`
	Core        *Core                `key:"core" doc:"The phone side, in the same process. This section switches it on; leave it out to use a phone system elsewhere. A change in it is in force after a restart, except of what says that it is read again at a reload."`

	Speech     speech.Settings    `key:"speech" doc:"How the Core speaks texts to callers whose telephone does not do so itself, as terminals do. Read again at a reload."`
	Prompts    prompt.Settings    `key:"prompts" doc:"What the Core keeps on disk, in the folder prompts of data, of the sounds that it plays: texts that were spoken, and files for as long as HTTP says. Texts with five digits in a row are never kept."`
	Recordings recording.Settings `key:"recordings" doc:"What callers on telephones record, in the folder recordings of data."`

	origins   map[string]Origin
	given     map[string]digest // of the values that are no defaults
	weak      []Weak
	pagerDuty int // the source that uses pagerduty-voys-webhook's names
}

// Core says what the phone side is, which calls out it makes, how it takes calls over
// SIP, and which carrier it has.
type Core struct {
	core.Settings `inline:"yes"`

	Barring barring.Settings `inline:"yes"`
	Voice   voice.Settings   `inline:"yes"` // last but for what has sections alone: in the file the settings beside them come before
	Trunk   trunk.Section    `inline:"yes"`

	Numbers []core.NumberSettings `key:"number" doc:"Numbers that lead to responders without anything that the API makes: up to 100. Of a number that the API has made too, this counts. Read again at a reload."`
}

// Check reports numbers that cannot be led, and a trunk that nothing is sent by.
func (c *Core) Check() error {
	return errors.Join(core.CheckNumbers(c.Numbers, c.CallingCode), c.checkTrunk())
}

// checkTrunk reports a trunk that nothing is sent by: the carrier's calls, and what it
// says of ours, come where we listen.
func (c *Core) checkTrunk() error {
	var problems []error
	for i, t := range c.Trunk.Trunks {
		literal, port := t.Address.Literal(), sip.DefaultPort(string(t.Transport))
		listens := func(at setting.SIPAddress) bool { return at.Network == string(t.Transport) }
		reaches := func(at setting.SIPAddress) bool {
			return listens(at) && at.Address.Addr().Is4() == literal.Is4()
		}
		switch {
		case len(c.Voice.SIP) == 0:
			problems = append(problems, setting.Missing("sip"))
		case !slices.ContainsFunc(c.Voice.SIP, listens):
			problems = append(problems, setting.Problemf(fmt.Sprintf("trunk.%d.transport", i),
				`is %[1]s, and sip has no address of that kind, such as "%[1]s://0.0.0.0:%[2]d"`, t.Transport, port))
		case literal.IsValid() && !slices.ContainsFunc(c.Voice.SIP, reaches):
			family, all := "IPv4", "0.0.0.0"
			if literal.Is6() {
				family, all = "IPv6", "[::]"
			}
			problems = append(problems, setting.Problemf(fmt.Sprintf("trunk.%d.address", i),
				`is one of %[1]s, and sip has none of %[1]s over %[2]s, such as "%[2]s://%[3]s:%[4]d"`, family, t.Transport, all, port))
		}
	}
	return errors.Join(problems...)
}

// NetSapiens says how to reach the phone system's API.
type NetSapiens struct {
	// URL has no trailing slash, query or fragment.
	URL   *url.URL       `key:"url" example:"https://ucportal.example.net" need:"netsapiens" doc:"The phone system's API: what stands before /ns-api."`
	Token setting.Secret `key:"token" need:"netsapiens" doc:"The bearer token, or API key, of that API."`

	// OperationsEmail is empty if the phone system gets none.
	OperationsEmail setting.Email `key:"operations_email" example:"operations@example.net" doc:"E-mail address of the system users that provisioning creates."`

	// CheckEvery is 0 if periodic checks are off.
	CheckEvery time.Duration `key:"check_every" default:"6h" min:"5m" max:"30d" zero:"never" doc:"How often the phone system's side is compared with the entries, and repaired where it differs. 0 is never."`
}

// Forms says who may post to the forms.
type Forms struct {
	Secret setting.Secret `key:"secret" shown:"now" need:"netsapiens" doc:"The secret that forms send in the field secret or the header X-Update-Secret. A new one has at least 16 characters; make one with openssl rand -hex 32."`
}

// Check reports equal addresses to listen on: each is opened on its own.
func (s *Settings) Check() error {
	var problems []error
	seen := map[setting.Address]string{s.Listen: "listen"}
	own := func(path string, address setting.Address) {
		if address == "" || strings.HasSuffix(string(address), ":0") { // the system picks another port each time
			return
		}
		if other, taken := seen[address]; taken {
			problems = append(problems, setting.Problemf(path, "is %s, as %s is; leave it out, or give it a port of its own", address, other))
			return
		}
		seen[address] = path
	}
	if s.OnCall != nil {
		own("oncall.listen", s.OnCall.Listen)
	}
	own("metrics_listen", s.MetricsListen)
	return errors.Join(problems...)
}

// Origin returns where the value of a setting came from, by its path in the
// settings file: "netsapiens.token". It is NotSet if there is no value.
func (s *Settings) Origin(path string) Origin { return s.origins[path] }
