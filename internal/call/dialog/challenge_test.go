package dialog

import (
	"fmt"
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"
	"github.com/google/go-cmp/cmp"
)

// authResponse returns a response with the given header fields, as "Name: value".
func authResponse(status int, fields ...string) *sip.Response {
	res := sip.NewResponse(status, "")
	for _, field := range fields {
		name, value, _ := strings.Cut(field, ": ")
		res.AppendHeader(sip.NewHeader(name, value))
	}
	return res
}

// whoAsks describes challenges: who asks, by which algorithm, with which nonce,
// and what else was read.
func whoAsks(challenges []challenge) []string {
	var all []string
	for _, c := range challenges {
		what := fmt.Sprintf("%s %s %s", c.realm, c.Algorithm, c.Nonce)
		if c.proxy {
			what = "proxy " + what
		}
		if len(c.QOP) > 0 {
			what += " qop=" + strings.Join(c.QOP, "+")
		}
		if c.Opaque != "" {
			what += " opaque=" + c.Opaque
		}
		if c.Stale {
			what += " stale"
		}
		if c.Userhash {
			what += " userhash"
		}
		all = append(all, what)
	}
	return all
}

func TestTheBestChallengeOfEachGuardIsChosen(t *testing.T) {
	const www, proxy = "WWW-Authenticate: ", "Proxy-Authenticate: "
	const control = "\x01"
	for _, c := range []struct {
		name   string
		fields []string
		want   []string
	}{
		{"of RFC 3261 section 22.4", []string{proxy + `Digest realm="atlanta.com", domain="sip:ss1.carrier.com", qop="auth", nonce="f84f1cec41e6cbe5aea9c8e88d359", opaque="", stale=FALSE, algorithm=MD5`},
			[]string{"proxy atlanta.com MD5 f84f1cec41e6cbe5aea9c8e88d359 qop=auth"}},
		{"of Asterisk", []string{www + `Digest realm="asterisk",nonce="1764512345/5a2b",opaque="7b3c",algorithm=MD5,qop="auth"`},
			[]string{"asterisk MD5 1764512345/5a2b qop=auth opaque=7b3c"}},
		{"without an algorithm", []string{www + `Digest realm="a", nonce="1"`}, []string{"a  1"}},
		{"without a realm", []string{www + `Digest nonce="1"`}, []string{"  1"}},
		{"without a nonce", []string{www + `Digest realm="a", algorithm=MD5`}, nil},
		{"with an empty nonce", []string{www + `Digest realm="a", nonce=""`}, nil},
		{"no field", nil, nil},
		{"an empty field", []string{www}, nil},
		{"the word alone", []string{www + "Digest"}, nil},
		{"Basic", []string{www + `Basic realm="a"`}, nil},
		{"Basic before", []string{www + `Basic realm="a", Digest realm="b", nonce="1"`}, []string{"b  1"}},
		{"Bearer behind", []string{www + `Digest realm="b", nonce="1", Bearer scope="openid", realm="c", nonce="2"`}, []string{"b  1"}},
		{"Negotiate with a token", []string{www + `Negotiate YWJj==, Digest realm="b", nonce="1"`}, []string{"b  1"}},
		{"SHA-256 behind MD5", []string{www + `Digest realm="a", nonce="1", algorithm=MD5`, www + `Digest realm="a", nonce="2", algorithm=SHA-256`}, []string{"a SHA-256 2"}},
		{"SHA-256 before MD5", []string{www + `Digest realm="a", nonce="1", algorithm=SHA-256`, www + `Digest realm="a", nonce="2", algorithm=MD5`}, []string{"a SHA-256 1"}},
		{"all in one field", []string{www + `Digest realm="a", nonce="1", algorithm=MD5, Digest realm="a", nonce="2", algorithm=SHA-512-256, digest realm="a", nonce="3", algorithm=SHA-256`}, []string{"a SHA-512-256 2"}},
		{"the first of equals", []string{www + `Digest realm="a", nonce="1"`, www + `Digest realm="a", nonce="2", algorithm=MD5`}, []string{"a  1"}},
		{"an algorithm we do not know", []string{www + `Digest realm="a", nonce="1", algorithm=AKAv1-MD5`}, nil},
		{"a session's", []string{www + `Digest realm="a", nonce="1", algorithm=MD5-sess`, www + `Digest realm="a", nonce="2", algorithm=md5`}, []string{"a md5 2"}},
		{"a quality we do not know", []string{www + `Digest realm="a", nonce="1", qop="auth-conf"`}, nil},
		{"qualities with blanks", []string{www + `Digest realm="a", nonce="1", qop="auth-int, AUTH"`}, []string{"a  1 qop=auth-int+auth"}},
		{"qualities without quotation marks", []string{www + `Digest realm="a", qop=auth,auth-int, nonce="1"`}, []string{"a  1 qop=auth"}},
		{"two realms", []string{proxy + `Digest realm="a", nonce="1"`, proxy + `Digest realm="b", nonce="2"`}, []string{"proxy a  1", "proxy b  2"}},
		{"a proxy and the phone", []string{www + `Digest realm="a", nonce="1"`, proxy + `Digest realm="a", nonce="2"`}, []string{"proxy a  2", "a  1"}},
		{"names in any case", []string{"www-authenticate: " + `DIGEST Realm = "a" , NONCE="1",Stale="TRUE", UserHash=true`}, []string{"a  1 stale userhash"}},
		{"no quotation marks", []string{www + `Digest realm=a, nonce=YWJjZA==, opaque=x_y.z`}, []string{"a  YWJjZA== opaque=x_y.z"}},
		{"no commas, tabs", []string{www + "Digest\trealm=\"a\"\tnonce=\"1\" \topaque=\"o\""}, []string{"a  1 opaque=o"}},
		{"commas too many", []string{www + `, ,Digest realm="a",, nonce="1",`}, []string{"a  1"}},
		{"commas and marks within", []string{www + `Digest realm="a, \"b\" \\ c=d", nonce="1"`}, []string{`a, "b" \ c=d  1`}},
		{"a quotation without an end", []string{www + `Digest nonce="1", realm="a, algorithm=MD5`}, []string{"a, algorithm=MD5  1"}},
		{"a mark without an end", []string{www + `Digest nonce="1", realm="a\`}, []string{`a\  1`}},
		{"UTF-8", []string{www + `Digest realm="Société", nonce="1"`}, []string{"Société  1"}},
		{"a control character", []string{www + `Digest realm="a` + control + `", nonce="1"`}, nil},
		{"a line of its own", []string{www + "Digest realm=\"a\nX: y\", nonce=\"1\""}, nil},
		{"too long", []string{www + `Digest realm="a", nonce="` + strings.Repeat("n", 5000) + `"`}, nil},
		{"too many", []string{www + strings.Repeat(`Digest realm="a", nonce="1", algorithm=X, `, 16) + `Digest realm="a", nonce="2"`}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, whoAsks(challengesOf(authResponse(401, c.fields...)))); diff != "" {
				t.Errorf("chosen (-want +got):\n%s", diff)
			}
		})
	}
}

// FuzzChallenges answers anything that may be asked: the credentials stay on one
// line, and what they repeat is what was asked.
func FuzzChallenges(f *testing.F) {
	f.Add(`Digest realm="atlanta.com", qop="auth", nonce="f84f1c", opaque="", stale=FALSE, algorithm=MD5`)
	f.Add(`Basic realm="a", Digest realm="a, \"b\"", nonce=YWJj==, algorithm=SHA-256, qop=auth,auth-int, userhash=true`)
	f.Add("Digest\trealm=\"a\\")
	f.Fuzz(func(t *testing.T, field string) {
		var s signer
		s.account = ourAccount
		var sent tries
		req := sip.NewRequest(sip.BYE, sip.Uri{Scheme: "sip", Host: "example.net"})
		res := authResponse(407, "Proxy-Authenticate: "+field)
		challenges := challengesOf(res)
		if s.challenged(&sent, res) != (len(challenges) > 0 && len(challenges) <= maxGuards) {
			t.Fatalf("%d challenges, but not answered so", len(challenges))
		}
		s.sign(req)
		fields := req.GetHeaders("Proxy-Authorization")
		for i, h := range fields {
			if strings.ContainsAny(h.Value(), "\r\n") {
				t.Fatalf("more than a line: %q", h.Value())
			}
			if broken := unlikeAnswer(h.Value(), challenges[i], req); broken != "" {
				t.Fatalf("%s, in %q", broken, h.Value())
			}
		}
	})
}
