package config_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/textback"
)

// TestValues gives each kind of value as a flag, which is plain text, and
// checks the result of Describe, or the problem.
func TestValues(t *testing.T) {
	const (
		anAddress = `; it takes an address and a port, such as "127.0.0.1:5100"`
		aTime     = `; it takes a time with its unit, such as "4s", "5m" or "90d"`
		aNetwork  = `; it takes a network or an address, such as "10.0.0.0/8"`
		aURL      = `; it takes a web address, such as "https://example.net"`
		aNumber   = `; it takes a whole number, such as 6`
		aSpan     = `; it takes a part of the day, such as "21:00-08:00"`
		aPrefix   = `; it takes a number with the country's code, or what numbers begin with, such as "12125550100" or "1646555"`
		aDomain   = `which holds other characters than letters, digits, dots, dashes and underscores`
	)
	for _, c := range []struct{ path, text, want, problem string }{
		{"listen", "127.0.0.1:5100", "127.0.0.1:5100", ""},
		{"listen", ":80", ":80", ""},
		{"listen", "[::]:5839", "[::]:5839", ""},
		{"listen", "localhost:0", "localhost:0", ""},
		{"listen", "127.0.0.1", "", `is "127.0.0.1"` + anAddress},
		{"listen", "::1:5100", "", `is "::1:5100"` + anAddress},
		{"listen", "[:x]:5100", "", `is "[:x]:5100"` + anAddress},
		{"listen", "http://127.0.0.1:5100", "", `is "http://127.0.0.1:5100"` + anAddress},
		{"listen", "a b:5100", "", `is "a b:5100"` + anAddress},
		{"listen", "127.0.0.1:65536", "", `is "127.0.0.1:65536", which has a port that is not a number up to 65535`},
		{"listen", "127.0.0.1:http", "", `is "127.0.0.1:http", which has a port that is not a number up to 65535`},

		{"textback.patience", "4s", "4s", ""},
		{"textback.patience", "4000ms", "4s", ""},
		{"textback.patience", "0d2.5s", "2.5s", ""},
		{"textback.patience", "14s", "14s", ""},
		{"textback.patience", "15s", "", `is "15s", which is more than 14s, the most it may be`},
		{"textback.patience", "90d", "", `is "90d", which is more than 14s, the most it may be`},
		{"textback.patience", "1ms", "", `is "1ms", which is less than 100ms, the least it may be`},
		{"textback.patience", "0", "", `is "0", which is less than 100ms, the least it may be`},
		{"textback.patience", "4", "", `is "4"` + aTime},
		{"textback.patience", "four", "", `is "four"` + aTime},
		{"textback.patience", "-4s", "", `is "-4s", which has a sign`},
		{"textback.patience", "1d-4s", "", `is "1d-4s", which has a sign`},
		{"textback.patience", "-1d", "", `is "-1d"` + aTime},
		{"textback.patience", "4s1d", "", `is "4s1d"` + aTime},
		{"textback.patience", "106751d23h59m", "", `is "106751d23h59m", which is longer than can be counted`},
		{"textback.patience", "99999999999999999999d", "", `is "99999999999999999999d"` + aTime},

		{"trusted_proxies.0", "10.0.0.0/8", "10.0.0.0/8", ""},
		{"trusted_proxies.0", "192.0.2.7", "192.0.2.7/32", ""},
		{"trusted_proxies.0", "::ffff:192.0.2.7", "192.0.2.7/32", ""},
		{"trusted_proxies.0", "2001:db8::/32", "2001:db8::/32", ""},
		{"trusted_proxies.0", "10.0.0.1/8", "", `is "10.0.0.1/8", which is an address within a network; write 10.0.0.0/8 or 10.0.0.1`},
		{"trusted_proxies.0", "::ffff:10.0.0.0/104", "", `is "::ffff:10.0.0.0/104", which is an IPv4-mapped IPv6 network; write it as IPv4`},
		{"trusted_proxies.0", "fe80::1%eth0", "", `is "fe80::1%eth0"` + aNetwork},
		{"trusted_proxies.0", "10.0.0.0/33", "", `is "10.0.0.0/33"` + aNetwork},
		{"trusted_proxies.0", "proxy", "", `is "proxy"` + aNetwork},

		{"core.allowed_countries.0", "gb", "GB", ""},
		{"core.allowed_countries.0", "+881", "+881", ""},
		{"core.allowed_countries.0", "+1", "", `is "+1", which is the calling code of 25 countries; name those that are meant, such as "US"`},
		{"core.allowed_countries.0", "UK", "", `is "UK"; it takes the ISO code of a country, such as "GB", or a plus and what numbers begin with, such as "+881"`},
		{"core.trunk_minutes", "0", "", `is "0", which is less than 1, the least it may be`},
		{"core.premium", "yes", "", `is "yes"; it takes true or false`},

		{"core.sip.0", "udp://0.0.0.0:5060", "udp://0.0.0.0:5060", ""},
		{"core.sip.0", "tcp://[::]:5060", "tcp://[::]:5060", ""},
		{"core.sip.0", "udp://127.0.0.1:0", "udp://127.0.0.1:0", ""},
		{"core.sip.0", "0.0.0.0:5060", "", `is "0.0.0.0:5060"; it takes udp, tcp or tls with an address and a port, such as "udp://0.0.0.0:5060"`},
		{"core.sip.0", "ws://0.0.0.0:5060", "", `is "ws://0.0.0.0:5060", which does not begin with udp://, tcp:// or tls://`},
		{"core.sip.0", "udp://0.0.0.0", "", `is "udp://0.0.0.0", which has no port, such as 5060`},
		{"core.sip.0", "udp://0.0.0.0:sip", "", `is "udp://0.0.0.0:sip", which has a port that is not a number up to 65535`},
		{"core.sip.0", "udp://:5060", "", `is "udp://:5060", which names no IP address; 0.0.0.0 stands for all of this machine, [::] for those of IPv6`},
		{"core.sip.0", "udp://pbx.example.net:5060", "", `is "udp://pbx.example.net:5060", which names no IP address; 0.0.0.0 stands for all of this machine, [::] for those of IPv6`},
		{"core.sip.0", "udp://[fe80::1%eth0]:5060", "", `is "udp://[fe80::1%eth0]:5060"; it takes udp, tcp or tls with an address and a port, such as "udp://0.0.0.0:5060"`},

		{"core.media_ports", "10000-20000", "10000-20000", ""},
		{"core.media_ports", "10000", "", `is "10000"; it takes the first and the last port, such as "20000-29999"`},
		{"core.media_ports", "0-20000", "", `is "0-20000"; it takes the first and the last port, such as "20000-29999"`},
		{"core.media_ports", "10000-65536", "", `is "10000-65536"; it takes the first and the last port, such as "20000-29999"`},
		{"core.media_ports", "20001-20000", "", `is "20001-20000", which ends before it begins`},

		{"core.external_address", "203.0.113.5", "203.0.113.5", ""},
		{"core.external_address", "2001:db8::5", "2001:db8::5", ""},
		{"core.external_address", "::", "", `is "::", which stands for all addresses of a machine`},
		{"core.external_address", "pbx.example.net", "", `is "pbx.example.net"; it takes an IP address, such as "203.0.113.5"`},
		{"core.answer", "at_once", "at_once", ""},
		{"core.answer", "later", "", `is "later"; it takes "first_sound" or "at_once"`},

		{"public_url", "https://hooks.example.net", "https://hooks.example.net", ""},
		{"public_url", "http://[::1]:5100/hooks//", "http://[::1]:5100/hooks", ""},
		{"public_url", "hooks.example.net", "", `is "hooks.example.net", which does not begin with https:// or http://`},
		{"public_url", "ftp://hooks.example.net", "", `is "ftp://hooks.example.net", which does not begin with https:// or http://`},
		{"public_url", "https://", "", `is "https://", which names no host`},
		{"public_url", "https://:443/", "", `is "https://:443/", which names no host`},
		{"public_url", "https://a:99999", "", `is "https://a:99999", which has a port that is not a number up to 65535`},
		{"public_url", "https://a/?id=1", "", `is "https://a/?id=1", which goes on after the path; leave out what follows ? or #`},
		{"public_url", "https://a/?", "", `is "https://a/?", which goes on after the path; leave out what follows ? or #`},
		{"public_url", "https://a/#", "", `is "https://a/#", which goes on after the path; leave out what follows ? or #`},
		{"public_url", "https://a b", "", `is "https://a b"` + aURL},
		{"public_url", "https://a/b c", "", `is "https://a/b c"` + aURL},
		{"public_url", "https://user:hunter2@a", "", `holds a user name or password; leave that out`},

		{"allow_private_responders", "true", "true", ""},
		{"allow_private_responders", "yes", "", `is "yes"; it takes true or false`},

		{"netsapiens.operations_email", "operations@example.net", "operations@example.net", ""},
		{"netsapiens.operations_email", "Operations <operations@example.net>", "", `is "Operations <operations@example.net>"; it takes an e-mail address, such as "operations@example.net"`},
		{"netsapiens.operations_email", "operations", "", `is "operations"; it takes an e-mail address, such as "operations@example.net"`},

		{"netsapiens.token", "nss_1a2b c", "<secret>", ""},
		{"netsapiens.token", "hunter2\nhunter2", "", `holds a line break or another control character`},

		{"core.domain", "example.net", "example.net", ""},
		{"core.domain", "ANOTHER_TESTER-1", "ANOTHER_TESTER-1", ""},
		{"core.domain", "a b", "", `is "a b", ` + aDomain},
		{"core.domain", "ä", "", `is "ä", ` + aDomain},
		{"core.domain", "example..net", "", `is "example..net", which has a dot with nothing beside it`},
		{"core.domain", ".", "", `is ".", which has a dot with nothing beside it`},
		{"core.domain", strings.Repeat("a", 254), "", `is "` + strings.Repeat("a", 60) + `…", which is longer than 253 characters`},

		{"netsapiens.check_every", "0", "0s", ""},
		{"netsapiens.check_every", "5m", "5m", ""},
		{"netsapiens.check_every", "1m", "", `is "1m", which is less than 5m, the least it may be but for 0, which is never`},
		{"textback.give_up_after", "72h", "3d", ""},
		{"textback.give_up_after", "59s", "", `is "59s", which is less than 1m, the least it may be`},
		{"textback.retention", "90d", "90d", ""},
		{"textback.retention", "23h", "", `is "23h", which is less than 1d, the least it may be`},

		{"textback.max_segments", "1", "1", ""},
		{"textback.max_segments", "0", "", `is "0", which is less than 1, the least it may be`},
		{"textback.max_segments", "-1", "", `is "-1", which is less than 1, the least it may be`},
		{"textback.max_segments", "256", "", `is "256", which is more than 255, the most it may be`},
		{"textback.max_segments", "six", "", `is "six"` + aNumber},
		{"textback.max_segments", "6.0", "", `is "6.0"` + aNumber},
		{"textback.max_segments", "99999999999999999999", "", `is "99999999999999999999", which is more than can be counted`},

		{"textback.when_uncertain", "resend", "resend", ""},
		{"textback.when_uncertain", "Hold", "", `is "Hold"; it takes "hold" or "resend"`},

		{"textback.quiet_hours", "21:00-08:00", "21:00-08:00", ""},
		{"textback.quiet_hours", "00:00-23:59", "00:00-23:59", ""},
		{"textback.quiet_hours", "21:00-24:00", "21:00-24:00", ""},
		{"textback.quiet_hours", "00:00-00:00", "", `is "00:00-00:00"` + aSpan},
		{"textback.quiet_hours", "00:00-24:00", "", `is "00:00-24:00"` + aSpan},
		{"textback.quiet_hours", "21:00-8:00", "", `is "21:00-8:00"` + aSpan},
		{"textback.quiet_hours", "21:00", "", `is "21:00"` + aSpan},
		{"textback.quiet_hours", "21:00-08:00-09:00", "", `is "21:00-08:00-09:00"` + aSpan},

		{"textback.landlines.0", "+1 (646) 555", "1646555", ""},
		{"textback.landlines.0", "164", "", `is "164", which has fewer than 4 digits, and would stand for a good part of a country`},
		{"textback.landlines.0", "1234567890123456", "", `is "1234567890123456", which has more than 15 digits, as no number has`},
		{"textback.landlines.0", "1646+555", "", `is "1646+555"` + aPrefix},
		{"textback.landlines.0", "٣٤٥٦٧٨", "345678", ""},
		{"textback.landlines.0", "0044 20 7946*", "44207946", ""},

		{"textback.help", "Call us.", "Call us.", ""},
		{"textback.help", strings.Repeat("a", 460), "", `is "` + strings.Repeat("a", 60) + `…", which comes to 4 segments, more than the 3 it may have`},
		{"textback.help", "Call\nus.", "", `is "Call\nus.", which holds a line break or another control character`},

		{"data", "/srv/switchhook/", "/srv/switchhook", ""},
		{"data", "a\x00b", "", `is "a\x00b", which holds a control character`},
	} {
		t.Run(c.path+"="+c.text, func(t *testing.T) {
			from := fromFile(t, complete, nil)
			from.Flags = map[string]string{c.path: c.text}
			if strings.HasPrefix(c.path, "core.") && c.path != "core.domain" { // which the section requires
				from.Flags["core.domain"] = "example.net"
			}
			path := strings.TrimSuffix(c.path, ".0")
			if c.problem == "" {
				if got := described(t, load(t, from), path).Value; got != c.want {
					t.Errorf("%s is %q, want %q", path, got, c.want)
				}
				return
			}
			name := path
			if path != c.path {
				name = "item 1 of " + path
			}
			if diff := cmp.Diff([]string{"command line " + c.path + ": " + name + " " + c.problem}, refusal(t, from)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestValuesArriveInTheFieldsFromEveryNotation(t *testing.T) {
	s := load(t, fromFile(t, `
listen = "[::1]:8080"
trusted_proxies = [ # one
  "10.0.0.0/8",
]
public_url = "https://hooks.example.net/sub/"
allow_private_responders = true
netsapiens = { url = "http://127.0.0.1:1", token = 'a\b', operations_email = """operations@example.net""" }
forms.secret = "\u0073"
"textback".patience = "1.5s"
textback.max_segments = 0x1_0
textback.landlines = ["+12125550100", "1646555"]
textback.quiet_hours = "21:30-08:00"
textback.when_uncertain = "resend"
[core]
domain = "example.net"
`[1:], nil))
	if s.Listen != "[::1]:8080" || !s.AllowPrivateResponders || s.PublicURL.String() != "https://hooks.example.net/sub" ||
		len(s.TrustedProxies) != 1 || s.TrustedProxies[0].String() != "10.0.0.0/8" {
		t.Errorf("at the top: %+v", s.Describe())
	}
	if n := s.NetSapiens; n == nil || n.URL.Host != "127.0.0.1:1" || n.Token.Reveal() != `a\b` || n.OperationsEmail != "operations@example.net" {
		t.Errorf("netsapiens: %+v", s.Describe())
	}
	if s.Forms.Secret.Reveal() != "s" || s.TextBack.Patience != 1500*time.Millisecond || s.Core == nil || s.Core.Domain != "example.net" {
		t.Errorf("forms, textback or core: %+v", s.Describe())
	}
	if b := s.TextBack; b.MaxSegments != 16 || len(b.Landlines) != 2 || b.Landlines[0] != "12125550100" || b.WhenUncertain != textback.Resend ||
		b.QuietHours.String() != "21:30-08:00" {
		t.Errorf("textback: %+v", b)
	}
	for path, line := range map[string]string{"trusted_proxies": ":2", "netsapiens.token": ":7", "forms.secret": ":8", "textback.patience": ":9", "core.domain": ":15"} {
		if got := s.Origin(path).String(); got != settingsFile+line {
			t.Errorf("%s is from %s, want line %s", path, got, line)
		}
	}
}

// TestWrongTypes writes each form of value for each form of setting.
func TestWrongTypes(t *testing.T) {
	forms := []struct{ toml, noun string }{
		{`"x"`, "text in quotes"},
		{`true`, "true or false without quotes"},
		{`5`, "a number"},
		{`5.5e3`, "a number"},
		{`inf`, "a number"},
		{`2026-01-31`, "a date or time of day"},
		{`07:30:00`, "a date or time of day"},
		{`2026-01-31T07:30:00Z`, "a date or time of day"},
		{`["127.0.0.1:1"]`, "a list in brackets"},
		{`{ a = 1 }`, "a table in braces"},
	}
	for _, s := range []struct{ path, own, takes string }{
		{"listen", `"x"`, `an address and a port, such as "127.0.0.1:5100"`},
		{"allow_private_responders", `true`, "true or false"},
		{"trusted_proxies", `["127.0.0.1:1"]`, "a list in brackets"},
		{"domains_file", `"x"`, "the name of a file or folder"},
		{"textback.max_segments", `5`, "a whole number, such as 6"},
		{"database", `"x"`, `the address of a PostgreSQL database, such as "postgres://user:password@db.example.net/switchhook"`},
	} {
		for _, form := range forms {
			if form.toml == s.own || s.own == `5` && form.noun == "a number" {
				continue
			}
			want := []string{"switchhook.toml:1: " + s.path + " is " + form.noun + "; it takes " + s.takes}
			got := refusal(t, fromFile(t, s.path+" = "+form.toml+"\n"+complete, nil))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s = %s (-want +got):\n%s", s.path, form.toml, diff)
			}
		}
	}
	want := []string{
		"switchhook.toml:1: item 1 of trusted_proxies is a list in brackets; it takes a network or an address, such as \"10.0.0.0/8\"",
		"switchhook.toml:3: item 2 of trusted_proxies is \"\"; it takes a network or an address, such as \"10.0.0.0/8\"",
	}
	if diff := cmp.Diff(want, refusal(t, fromFile(t, "trusted_proxies = [['::1'],\n\n'']\n"+complete, nil))); diff != "" {
		t.Errorf("items of the wrong type (-want +got):\n%s", diff)
	}
}
