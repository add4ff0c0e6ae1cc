package voice_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/emiago/sipgo/sip"

	"github.com/switchhook/switchhook/internal/call/voice"
	"github.com/switchhook/switchhook/internal/phone"
)

// inviteOf returns an INVITE from 192.0.2.1 with further header fields.
func inviteOf(target, from, to string, fields ...string) (*sip.Request, error) {
	lines := append([]string{
		"INVITE " + target + " SIP/2.0", "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1", "From: " + from, "To: " + to,
		"Call-ID: 1@192.0.2.1", "CSeq: 1 INVITE", "Contact: <sip:192.0.2.1>",
	}, fields...)
	msg, err := sip.ParseMessage([]byte(strings.Join(lines, "\r\n") + "\r\n\r\n"))
	if err != nil {
		return nil, err
	}
	invite, ok := msg.(*sip.Request)
	if !ok {
		return nil, fmt.Errorf("%q is no request", lines[0])
	}
	invite.SetSource("192.0.2.1:5060")
	return invite, nil
}

// trunk is where the INVITEs of inviteOf come from.
func trunk(a netip.Addr) bool { return a == netip.MustParseAddr("192.0.2.1") }

func TestACallerIsReadFromAnINVITE(t *testing.T) {
	const named, nobody = `"Jane" <sip:2125550100@192.0.2.1>;tag=1`, `"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1`
	asserted := []string{"P-Asserted-Identity: <sip:+12125550111@carrier.example>"}
	many := strings.Repeat("1", 65)
	for _, c := range []struct {
		name, from string
		fields     []string
		stranger   bool // the INVITE comes from no trunk
		want       string
	}{
		{"From, without a plus", named, nil, false, "2125550100"},
		{"with a plus", "<sip:+12125550100@x>;tag=1", nil, false, "+12125550100"},
		{"with an escaped plus", "<sip:%2B12125550100@x>;tag=1", nil, false, "+12125550100"},
		{"with user=phone", "<sip:+1-212-555-0100@x;user=phone>;tag=1", nil, false, "+12125550100"},
		{"with marks between", "<sip:(212)555.0100@x>;tag=1", nil, false, "2125550100"},
		{"without angle brackets", "sip:100@x;tag=1", nil, false, "100"},
		{"a name with a comma and a bracket", `"Doe, <Jane>" <sip:100@x>;tag=1`, nil, false, "100"},
		{"sips", "<sips:+12125550100@x>;tag=1", nil, false, "+12125550100"},
		{"tel", "<tel:+1-212-555-0100;ext=7>;tag=1", nil, false, "+12125550100"},
		{"tel without angle brackets", "tel:+12125550100;tag=1", nil, false, "+12125550100"},
		{"a local number of a country", "<tel:2125550100;phone-context=+1>;tag=1", nil, false, "+12125550100"},
		{"an escaped context", "<tel:2125550100;phone-context=%2B1>;tag=1", nil, false, "+12125550100"},
		{"a local number of an area", "<sip:5550100;phone-context=+1212@x;user=phone>;tag=1", nil, false, "+12125550100"},
		{"a local number of a domain", "<tel:100;phone-context=pbx.example>;tag=1", nil, false, "100"},
		{"a whole number with a context", "<tel:+12125550100;phone-context=+44>;tag=1", nil, false, "+12125550100"},
		{"portability", "<sip:+12125550100;npdi;rn=+12125559999@x>;tag=1", nil, false, "+12125550100"},
		{"a password", "<sip:100:secret@x>;tag=1", nil, false, "100"},
		{"an extension", "<sip:100@x>;tag=1", nil, false, "100"},
		{"the name of a user", "<sip:alice@x>;tag=1", nil, false, "alice"},
		{"the name of a user of a domain", "<sip:alice%40victim.example@x>;tag=1", nil, false, voice.Anonymous},
		{"an address within", "<sip:sip%3Aalice@x>;tag=1", nil, false, voice.Anonymous},
		{"control characters", "<sip:10%0d%0a0@x>;tag=1", nil, false, voice.Anonymous},
		{"broken escapes", "<sip:10%zz@x>;tag=1", nil, false, voice.Anonymous},
		{"broken UTF-8", "<sip:a%ff@x>;tag=1", nil, false, voice.Anonymous},
		{"marks alone", "<sip:...@x>;tag=1", nil, false, voice.Anonymous},
		{"a plus alone", "<sip:+@x>;tag=1", nil, false, voice.Anonymous},
		{"too many digits", "<sip:" + many + "@x>;tag=1", nil, false, voice.Anonymous},
		{"as many digits as are read", "<sip:" + many[1:] + "@x>;tag=1", nil, false, many[1:]},
		{"no user", "<sip:192.0.2.1>;tag=1", nil, false, voice.Anonymous},
		{"a word after tel", "<tel:alice>;tag=1", nil, false, voice.Anonymous},
		{"another scheme", "<urn:service:sos>;tag=1", nil, false, voice.Anonymous},
		{"anonymous", nobody, nil, false, voice.Anonymous},
		{"anonymous of a domain", "<sip:Anonymous@carrier.example>;tag=1", nil, false, voice.Anonymous},
		{"a number at an anonymous host", "<sip:100@Anonymous.invalid>;tag=1", nil, false, voice.Anonymous},

		{"a trunk's identity", named, asserted, false, "+12125550111"},
		{"a stranger's identity", named, asserted, true, "2125550100"},
		{"sip and tel", named, []string{`P-Asserted-Identity: "a, b" <sip:101@x>, <tel:+12125550111>`}, false, "+12125550111"},
		{"in two fields", named, []string{"P-Asserted-Identity: <sip:alice@x>", "p-asserted-identity: <sip:101@x>"}, false, "101"},
		{"several numbers", named, []string{"P-Asserted-Identity: <sip:101@x>, <sip:102@x>"}, false, "101"},
		{"an identity that is garbage", named, []string{"P-Asserted-Identity: <<<>>>"}, false, "2125550100"},
		{"an identity without a user", named, []string{"P-Asserted-Identity: <sip:carrier.example>"}, false, "2125550100"},
		{"an identity that hides", named, []string{"P-Asserted-Identity: <sip:anonymous@anonymous.invalid>"}, false, voice.Anonymous},
		{"From hides", nobody, asserted, false, voice.Anonymous},

		{"privacy", named, []string{"Privacy: id", asserted[0]}, false, voice.Anonymous},
		{"privacy of a stranger", named, []string{"Privacy: id"}, true, voice.Anonymous},
		{"privacy of the user", named, []string{"Privacy: user"}, false, voice.Anonymous},
		{"privacy of the header", named, []string{"Privacy: Header;critical"}, false, voice.Anonymous},
		{"privacy in a list", named, []string{"Privacy: session; ID"}, false, voice.Anonymous},
		{"no privacy", named, []string{"Privacy: none", asserted[0]}, false, "+12125550111"},
		{"privacy of the sound", named, []string{"Privacy: session;critical", asserted[0]}, false, "+12125550111"},
	} {
		t.Run(c.name, func(t *testing.T) {
			numbers := voice.Numbers{Trunk: func(a netip.Addr) bool { return trunk(a) && !c.stranger }}
			invite, err := inviteOf("sip:200@192.0.2.9", c.from, "<sip:200@192.0.2.9>", c.fields...)
			if err != nil {
				t.Fatal(err)
			}
			from, to := numbers.Read(invite)
			if from != c.want || to != "200" {
				t.Errorf("%q calls %q, want %q and 200", from, to, c.want)
			}
			if from == voice.Anonymous && !phone.Read(from, phone.HomeIn()).Hidden() {
				t.Error("package phone does not read it as hidden")
			}
		})
	}
}

func TestACalledNumberIsReadFromAnINVITE(t *testing.T) {
	diverted := []string{"Diversion: <sip:+12125550102@x>;reason=no-answer, <sip:+12125550101@x>;reason=unconditional"}
	history := []string{
		"History-Info: <sip:+12125550101@x>;index=1, <sip:+12125550102@y;cause=302>;index=1.1;mp=1",
		"History-Info: <sip:200@z?Reason=SIP%3Bcause%3D302>;index=1.1.1;MP=1.1",
	}
	older := []string{"History-Info: <sip:+12125550101@x>;index=1, <sip:+12125550102@y;cause=302>;index=1.1, <sip:200@z;cause=408>;index=1.1.1"}
	for _, c := range []struct {
		name       string
		by         voice.CalledBy
		target, to string
		fields     []string
		want       string
	}{
		{"the Request-URI", "", "sip:+12125550100@x", "<sip:101@x>", diverted, "+12125550100"},
		{"a short one", voice.ByRequest, "sip:100@x;user=phone", "<sip:101@x>", nil, "100"},
		{"a code", voice.ByRequest, "sip:*98%23@x", "<sip:101@x>", nil, "*98#"},
		{"over TLS", voice.ByRequest, "sips:+12125550100@x", "<sip:101@x>", nil, "+12125550100"},
		{"tel", voice.ByRequest, "tel:+1-212-555-0100", "<sip:101@x>", nil, "+12125550100"},
		{"ported", voice.ByRequest, "sip:+12125550100;npdi;rn=+12125559999@x;user=phone", "<sip:101@x>", nil, "+12125550100"},
		{"nobody", voice.ByRequest, "sip:192.0.2.9", "<sip:101@x>", nil, ""},
		{"garbage", voice.ByRequest, "sip:a%40b@x", "<sip:101@x>", nil, ""},
		{"To", voice.ByTo, "sip:account@x", `"Support" <sip:+12125550100@x>`, nil, "+12125550100"},
		{"To names nobody", voice.ByTo, "sip:100@x", "<sip:x>", nil, "100"},
		{"the first diversion", voice.ByFirstDiversion, "sip:200@x", "<sip:200@x>", diverted, "+12125550101"},
		{"the last diversion", voice.ByLastDiversion, "sip:200@x", "<sip:200@x>", diverted, "+12125550102"},
		{"the first in its history", voice.ByFirstDiversion, "sip:200@x", "<sip:200@x>", history, "+12125550101"},
		{"the last in its history", voice.ByLastDiversion, "sip:200@x", "<sip:200@x>", history, "+12125550102"},
		{"the first in an older history", voice.ByFirstDiversion, "sip:200@x", "<sip:200@x>", older, "+12125550101"},
		{"the last in an older history", voice.ByLastDiversion, "sip:200@x", "<sip:200@x>", older, "+12125550102"},
		{"a history without a diversion", voice.ByLastDiversion, "sip:200@x", "<sip:200@x>", []string{"History-Info: <sip:300@x>;index=1, <sip:200@x>;index=1.1;rc=1"}, "200"},
		{"a history that points nowhere", voice.ByLastDiversion, "sip:200@x", "<sip:200@x>", []string{"History-Info: <sip:300@x>;index=1;mp=7"}, "200"},
		{"no diversion", voice.ByFirstDiversion, "sip:200@x", "<sip:200@x>", nil, "200"},
		{"a hidden diversion", voice.ByLastDiversion, "sip:200@x", "<sip:200@x>", []string{"Diversion: <sip:x>;privacy=full"}, "200"},
	} {
		t.Run(c.name, func(t *testing.T) {
			numbers := voice.Numbers{Called: c.by}
			invite, err := inviteOf(c.target, "<sip:300@x>;tag=1", c.to, c.fields...)
			if err != nil {
				t.Fatal(err)
			}
			if _, to := numbers.Read(invite); to != c.want {
				t.Errorf("%q is called, want %q", to, c.want)
			}
		})
	}
}

// Whatever an INVITE says, what is read of it is no address of another domain, and
// who asks for privacy is hidden.
func FuzzNumbers(f *testing.F) {
	f.Add("sip:+12125550100@x", `"a" <sip:%2B1@x>;tag=1`, "<sip:1@x>", `"a,b" <sip:1@x>;a="b,c", <tel:1;phone-context=+1>`, "id")
	f.Add("tel:1;phone-context=%2B1", "tel:1;tag=1", "<sip:1@x>", "<sip:1@x>;index=1, <sip:2@x;cause=1>;index=1.1;mp=1", "none")
	f.Add("sip:x", "<sip:x", "<sip:1@x>", `"\`, "")
	f.Fuzz(func(t *testing.T, target, from, to, list, privacy string) {
		invite, err := inviteOf(target, from, to, "Diversion: "+list, "History-Info: "+list, "P-Asserted-Identity: "+list, "Privacy: "+privacy)
		if err != nil {
			t.Skip("no INVITE")
		}
		for _, by := range []voice.CalledBy{voice.ByRequest, voice.ByTo, voice.ByFirstDiversion, voice.ByLastDiversion} {
			numbers := voice.Numbers{Trunk: trunk, Called: by}
			from, to := numbers.Read(invite)
			if from == "" {
				t.Error("nobody calls, and is not anonymous")
			}
			if privacy == "id" && from != voice.Anonymous {
				t.Errorf("%q is not hidden", from)
			}
			for _, text := range []string{from, to} {
				if strings.ContainsAny(text, "@:;<>\"/%\r\n \x00") || !utf8.ValidString(text) || utf8.RuneCountInString(text) > 64 {
					t.Errorf("%q is read as a number", text)
				}
			}
		}
	})
}

// A trunk that writes numbers without their plus is known; a stranger's are as they
// came.
func TestNumbersOfATrunkAreReadAsItWritesThem(t *testing.T) {
	invite, err := inviteOf("sip:6591234567@192.0.2.9", "<sip:442079460123@x>;tag=1", "<sip:6591234567@x>")
	if err != nil {
		t.Fatal(err)
	}
	written := func(text string) string { return "+" + text }
	for _, c := range []struct {
		numbers  voice.Numbers
		from, to string
	}{
		{voice.Numbers{Trunk: trunk, Written: written}, "+442079460123", "+6591234567"},
		{voice.Numbers{Trunk: func(netip.Addr) bool { return false }, Written: written}, "442079460123", "6591234567"},
		{voice.Numbers{Written: written}, "442079460123", "6591234567"},
		{voice.Numbers{Trunk: trunk}, "442079460123", "6591234567"},
	} {
		if from, to := c.numbers.Read(invite); from != c.from || to != c.to {
			t.Errorf("%s calls %s, want %s and %s", from, to, c.from, c.to)
		}
	}
}
