// Package config holds the settings of the application server: what there is
// to set, where each value came from, and every problem found on the way.
//
// [Load] reads them from the settings file, the environment, .env, systemd
// credentials and files of secrets, and returns either [Settings] that are
// complete or an [*Error] that tells all problems at once. It changes nothing,
// so that a running server can call it again and keep what it has.
//
// The fields of [Settings] and their tags are the whole list: names, defaults,
// limits and meanings stand there once, and the reading, [Settings.Describe]
// and [Example] follow them.
package config

import (
	"net/netip"
	"net/url"
	"time"
)

// Settings are the settings of `switchhook serve`. A section that switches a
// feature on is a pointer, nil where the feature is off; what stands outside
// such sections always has its default.
//
// The tags say: key, the name in its section; default and example; doc, the
// meaning for the operator; need, the section that cannot be on without this
// key; switches, the section that is on when this key or section is given; old,
// the environment's name from the time before Switchhook; folder, the default
// in a folder of domains.json that is served without a settings file; min and
// max.
type Settings struct {
	Listen Address `key:"listen" default:"127.0.0.1:5100" doc:"Address and port on which web requests are taken. The proxy that terminates TLS forwards to it."`

	// TrustedProxies are the networks whose X-Forwarded-For is believed.
	TrustedProxies []netip.Prefix `key:"trusted_proxies" default:"127.0.0.0/8 ::1/128" doc:"Networks whose X-Forwarded-For header is believed. A caller's address is the right-most one that is not of these."`

	// PublicURL has no trailing slash, query or fragment.
	PublicURL *url.URL `key:"public_url" example:"https://hooks.example.net" need:"netsapiens" doc:"The address under which the phone system and browsers reach this server. Provisioning writes it into dial rules."`

	// Data is the folder for what the server itself keeps.
	Data Path `key:"data" default:"/var/lib/switchhook" folder:"switchhook-data" doc:"Folder of what the server keeps."`

	// DomainsFile is empty where the entries are not in a file of the operator's.
	DomainsFile Path `key:"domains_file" example:"/opt/webresponder/domains.json" folder:"domains.json" switches:"netsapiens" doc:"Keep using this domains.json. Changes to it are in force on the next request."`

	AllowPrivateResponders bool `key:"allow_private_responders" default:"false" doc:"Whether the Core may ask responders on private addresses. Leave it off where people you do not know can write dial rules."`

	NetSapiens *NetSapiens `key:"netsapiens" doc:"The phone system. This section switches on text-back and the forms."`
	Forms      Forms       `key:"forms" switches:"netsapiens" doc:"The forms that post to /update-sms."`
	TextBack   TextBack    `key:"textback" switches:"netsapiens" doc:"Texts to callers."`
	Core       *Core       `key:"core" doc:"The phone side, in the same process. This section switches it on; leave it out to use a phone system elsewhere."`

	origins map[string]Origin
}

// NetSapiens says how the phone system's API is reached.
type NetSapiens struct {
	// URL has no trailing slash, query or fragment.
	URL   *url.URL `key:"url" example:"https://ucportal.example.net" need:"netsapiens" doc:"The phone system's API: what stands before /ns-api."`
	Token Secret   `key:"token" old:"NS_TOKEN" need:"netsapiens" doc:"The bearer token, or API key, of that API."`

	// OperationsEmail is empty where the phone system is to be told none.
	OperationsEmail Email `key:"operations_email" example:"operations@example.net" doc:"E-mail address of the system users that provisioning creates."`
}

// Forms says who may post to the forms.
type Forms struct {
	Secret Secret `key:"secret" old:"UPDATE_SECRET" need:"netsapiens" doc:"The secret that forms send in the field secret or the header X-Update-Secret."`
}

// TextBack says how texts are sent.
type TextBack struct {
	// Patience is how long a caller listens to nothing.
	Patience time.Duration `key:"patience" default:"4s" min:"100ms" max:"14s" doc:"How long a caller waits for the phone system to take the text, before hearing an apology. A phone system itself waits 15s for the answer."`

	Texts Texts `key:"texts" switches:"netsapiens" doc:"What callers hear, by what became of their text. A text that is left out is that of failed."`
}

// Texts are spoken to callers. An empty one is the default.
type Texts struct {
	Sent       Text `key:"sent" example:"We've texted you our hours and directions…" doc:"The text went out."`
	Failed     Text `key:"failed" example:"Sorry, we could not send directions at this time." doc:"The phone system could not be asked, or failed."`
	Uncertain  Text `key:"uncertain" example:"Sorry, we do not know whether your text went out." doc:"The phone system did not say in time whether it took the text."`
	Refused    Text `key:"refused" example:"Sorry, we cannot text this number." doc:"The phone system does not send this text."`
	Anonymous  Text `key:"anonymous" example:"We cannot see your number, so we cannot text you." doc:"The caller hides their number."`
	OnNet      Text `key:"on_net" example:"We cannot text an extension." doc:"The caller is an extension, which takes no texts."`
	Short      Text `key:"short" example:"We cannot text this number." doc:"The caller's number is too short or too long for a text."`
	UnknownID  Text `key:"unknown_id" example:"Sorry, this line is not set up." doc:"No entry has the id of the webhook's URL."`
	Incomplete Text `key:"incomplete" example:"Sorry, this line is not set up." doc:"The entry lacks what a text needs."`
	BadRequest Text `key:"bad_request" example:"Sorry, something went wrong." doc:"The request cannot be read."`
}

// Core says what the phone side is.
type Core struct {
	Domain Domain `key:"domain" example:"example.net" need:"core" doc:"The domain that the Core is born with."`
}

// Origin returns where the value of a setting came from, named by its path in
// the settings file: "netsapiens.token". It is NotSet for what has no value.
func (s *Settings) Origin(path string) Origin { return s.origins[path] }
