package dialog

import (
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/switchhook/switchhook/internal/fault"
)

func TestSipfragIsRead(t *testing.T) {
	for body, want := range map[string]int{
		"SIP/2.0 100 Trying\r\n": 100,
		"SIP/2.0 200 OK":         200,
		"sip/2.0 200 OK\n":       200,
		"\r\nSIP/2.0 486 Busy Here\r\nTo: <sip:a@b>\r\n\r\n": 486,
		"SIP/2.0 603\r\n":                                    603,
		"SIP/2.0  503  Service Unavailable\r\n":              503,
		"SIP/2.0 700 No\r\n":                                 0,
		"SIP/2.0 099 No\r\n":                                 0,
		"SIP/2.0 -12 No\r\n":                                 0,
		"SIP/2.0 2000 No\r\n":                                0,
		"SIP/3.0 200 OK\r\n":                                 0,
		"INVITE sip:a@b SIP/2.0\r\n":                         0,
		"Content-Type: text/plain\r\n\r\nSIP/2.0 200 OK\r\n": 0,
		"": 0,
	} {
		if got, ok := parseSipfrag([]byte(body)); ok != (want > 0) || ok && got != want {
			t.Errorf("%q is read as %d, %t, want %d", body, got, ok, want)
		}
	}
	if kind, got := writeSipfrag(486, "Busy\r\nHere\x00"); string(got) != "SIP/2.0 486 BusyHere\r\n" || kind != "message/sipfrag;version=2.0" {
		t.Errorf("written: %q, %s", got, kind)
	}
}

// FuzzSipfrag: a status that is read is one of SIP, and what is written of it, with
// any reason, is one line that is read as the same.
func FuzzSipfrag(f *testing.F) {
	f.Add([]byte("SIP/2.0 200 OK\r\n"), "OK")
	f.Add([]byte("\nsip/2.0 100"), "\r\nSIP/2.0 200 OK")
	f.Fuzz(func(t *testing.T, body []byte, reason string) {
		status, ok := parseSipfrag(body)
		if !ok {
			return
		}
		if status < 100 || status > 699 {
			t.Fatalf("%q has the status %d", body, status)
		}
		_, text := writeSipfrag(status, reason)
		if again, ok := parseSipfrag(text); !ok || again != status || strings.Count(string(text), "\n") != 1 {
			t.Fatalf("%d is written as %q, and read as %d", status, text, again)
		}
	})
}

func TestSubscriptionStateIsRead(t *testing.T) {
	for text, want := range map[string]subscription{
		"active;expires=60":                     {expires: 60 * sec},
		"Active ; Expires = 60":                 {expires: 60 * sec},
		"pending":                               {},
		"active;expires=soon":                   {},
		"terminated;reason=noresource":          {over: true, reason: "noresource"},
		"TERMINATED":                            {over: true},
		"terminated; reason=timeout; expires=0": {over: true, reason: "timeout"},
		"":                                      {},
		"active;expires=99999999999999999999;x=y": {expires: maxSeconds * sec},
	} {
		if got := parseSubscription(text); got != want {
			t.Errorf("%q is read as %+v, want %+v", text, got, want)
		}
	}
	for text, s := range map[string]subscription{
		"active;expires=180":           {expires: 3 * time.Minute},
		"terminated;reason=noresource": {over: true, reason: "noresource"},
	} {
		if got := s.String(); got != text {
			t.Errorf("written: %q, want %q", got, text)
		}
	}
}

func TestEventAndReferSubAreRead(t *testing.T) {
	for text, want := range map[string]string{"refer": "", "Refer;id=93809824": "93809824", "refer ; ID=7;x": "7"} {
		if id, ok := parseReferEvent(text); id != want || !ok {
			t.Errorf("%q is read as %q, %t", text, id, ok)
		}
	}
	if _, ok := parseReferEvent("presence;id=refer"); ok {
		t.Error("presence is taken for refer")
	}
	for text, want := range map[string]bool{"false": true, "FALSE ;x": true, "true": false, "": false} {
		if parseReferSub(text) != want {
			t.Errorf("%q is read as %t", text, !want)
		}
	}
}

func TestReplacesIsRead(t *testing.T) {
	for text, want := range map[string]replaces{
		"12345@192.0.2.1;to-tag=a;from-tag=b":                {"12345@192.0.2.1", "a", "b", false},
		"12345 ; From-Tag = b ; early-only ; to-tag = \"a\"": {"12345", "a", "b", true},
		"12345;to-tag=0;from-tag=b":                          {"12345", "0", "b", false},
	} {
		if got, err := parseReplaces(text); got != want || err != nil {
			t.Errorf("%q is read as %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "12345", "12345;to-tag=a", "12345;from-tag=b", ";to-tag=a;from-tag=b", "12345;to-tag=;from-tag=b",
		"1\r\nX: 2;to-tag=a;from-tag=b", "1;to-tag=\"a;b\";from-tag=b", "1;to-tag=a;from-tag=b c", "1;to-tag=a;from-tag=b,2;to-tag=a;from-tag=b"} {
		if got, err := parseReplaces(text); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%q is read as %+v, %v", text, got, err)
		}
	}
}

// referTo reads a Refer-To header field as sipgo does.
func referTo(text string) (Target, error) {
	var uri sip.Uri
	if _, err := sip.ParseAddressValue(text, &uri, nil); err != nil {
		return Target{}, err
	}
	return targetOf(&uri)
}

func TestReferToIsRead(t *testing.T) {
	for text, want := range map[string]string{
		"<sip:bob@example.net>":                                                             "<sip:bob@example.net>",
		"sip:bob@example.net":                                                               "<sip:bob@example.net>",
		"\"Bob\" <sips:bob@example.net:5061;transport=tls>":                                 "<sips:bob@example.net:5061;transport=tls>",
		"<tel:+19735550123>":                                                                "<tel:+19735550123>",
		"<sip:bob@example.net;method=INVITE>":                                               "<sip:bob@example.net>",
		"<sip:bob@example.net;Method=invite;user=phone>":                                    "<sip:bob@example.net;user=phone>",
		"<sip:bob@example.net?From=sip%3Aboss%40example.net&X=1>":                           "<sip:bob@example.net>",
		"<sip:bob@example.net?Replaces=1%402%3Bto-tag%3Da%3Bfrom-tag%3Db&Require=replaces>": "<sip:bob@example.net?Replaces=1%402%3Bto-tag%3Da%3Bfrom-tag%3Db>",
		"<sip:bob@example.net?replaces=a+b%3Bfrom-tag%3Db%3Bto-tag%3Da%3Bearly-only>":       "<sip:bob@example.net?Replaces=a%2Bb%3Bto-tag%3Da%3Bfrom-tag%3Db%3Bearly-only>",
		"<sip:bob@example.net?Replaces=1%402;to-tag=a;from-tag=b>":                          "<sip:bob@example.net?Replaces=1%402%3Bto-tag%3Da%3Bfrom-tag%3Db>",
	} {
		target, err := referTo(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := target.String(); got != want {
			t.Errorf("%s is read as %s, want %s", text, got, want)
		}
	}
	for text, want := range map[string]fault.Code{
		"<sip:bob@example.net;method=BYE>":                                        fault.Unsupported,
		"<http://example.net/>":                                                   fault.Unsupported,
		"<sip:bob@example.net?Replaces=1>":                                        fault.Invalid,
		"<sip:bob@example.net?Replaces=1%0D%0AX%3B2%3Bto-tag%3Da%3Bfrom-tag%3Db>": fault.Invalid,
		"<sip:bob@example.net?Replaces=%zz>":                                      fault.Invalid,
		"<sip:bob@>":                                                              fault.Invalid,
	} {
		if target, err := referTo(text); fault.CodeOf(err) != want {
			t.Errorf("%s is read as %s, %v", text, target.String(), err)
		}
	}
}

// FuzzReferTo: the Replaces that is read is written on one line, and read as the
// same.
func FuzzReferTo(f *testing.F) {
	f.Add("<sip:bob@example.net?Replaces=1%402%3Bto-tag%3Da%3Bfrom-tag%3Db>")
	f.Add("<sip:bob@example.net;method=INVITE;user=phone>;x=y")
	f.Add("\"a\\\"\" <sip:[::1]:5060;lr>")
	f.Add("tel:+1;phone-context=x")
	f.Fuzz(func(t *testing.T, text string) {
		target, err := referTo(text)
		if err != nil || target.replaces == nil {
			return // sipgo's writer does not escape, so that only our part of it is judged
		}
		written := target.replaces.String()
		again, err := parseReplaces(written)
		if err != nil || again != *target.replaces || strings.ContainsAny(written, "\r\n") {
			t.Fatalf("%q is read as %+v, and then as %+v, %v", text, target.replaces, again, err)
		}
	})
}
