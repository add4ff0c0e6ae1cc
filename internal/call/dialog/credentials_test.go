package dialog

import (
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"strconv"
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/switchhook/switchhook/internal/setting"
)

var ourAccount = account{user: `2005"x\`, password: setting.NewSecret("pa:ss")}

// hashes are those of RFC 7616, computed here once more.
var hashes = map[string]func() hash.Hash{"": md5.New, "MD5": md5.New, "SHA-256": sha256.New, "SHA-512": sha512.New, "SHA-512-256": sha512.New512_256}

// givenIn returns the parameters of credentials.
func givenIn(credentials string) map[string]string {
	params := make(map[string]string)
	text := challengeReader{credentials}
	text.token()
	for {
		name, ok := text.token()
		if !ok {
			return params
		}
		params[name], _ = text.value()
	}
}

// unlikeAnswer returns in what credentials are not those that answer c for req by RFC
// 7616, or "".
func unlikeAnswer(credentials string, c challenge, req *sip.Request) string {
	got := givenIn(credentials)
	for name, want := range map[string]string{"realm": c.realm, "nonce": c.Nonce, "opaque": c.Opaque, "algorithm": c.Algorithm, "uri": req.Recipient.String()} {
		if got[name] != want {
			return fmt.Sprintf("%s is %q, not %q", name, got[name], want)
		}
	}
	h := func(parts ...string) string {
		sum := hashes[strings.ToUpper(c.Algorithm)]()
		sum.Write([]byte(strings.Join(parts, ":")))
		return hex.EncodeToString(sum.Sum(nil))
	}
	user := ourAccount.user
	if c.Userhash {
		user = h(ourAccount.user, c.realm)
	}
	if got["username"] != user {
		return "the user is " + got["username"]
	}
	ha1, ha2 := h(ourAccount.user, c.realm, ourAccount.password.Reveal()), h(req.Method.String(), got["uri"])
	if got["qop"] == "auth-int" {
		ha2 = h(req.Method.String(), got["uri"], h(string(req.Body())))
	}
	want := h(ha1, c.Nonce, ha2)
	if qop := got["qop"]; qop != "" {
		want = h(ha1, c.Nonce, got["nc"], got["cnonce"], qop, ha2)
	}
	if (got["qop"] == "") != (len(c.QOP) == 0) || got["response"] != want {
		return "the response is wrong"
	}
	return ""
}

// door is a guard of tests: it lets requests in that answer its last challenge.
type door struct {
	challenge
	uses   int  // of a nonce; 0: any number
	silent bool // it does not say that a nonce is stale
	wrong  bool // it knows another password

	issued, used int
	count        int64 // of the last request it let in (nc)
}

// judge returns the response to req: 200, or a challenge.
func (d *door) judge(req *sip.Request) *sip.Response {
	field := req.GetHeader(d.field())
	stale := false
	if field != nil && d.issued > 0 && !d.wrong && unlikeAnswer(field.Value(), d.challenge, req) == "" {
		count, err := strconv.ParseInt(givenIn(field.Value())["nc"], 16, 64)
		if err != nil || count <= d.count {
			return authResponse(400) // somebody has listened, and sends it again
		}
		d.used++
		d.count = count
		if d.uses == 0 || d.used <= d.uses {
			return authResponse(200)
		}
		stale = !d.silent
	}
	d.issued++
	d.used, d.count, d.Nonce = 0, 0, fmt.Sprintf("n%d", d.issued)
	text := fmt.Sprintf(`Digest realm="%s", nonce="%s", stale=%t, qop="auth", algorithm=SHA-256`, d.realm, d.Nonce, stale)
	d.Algorithm, d.QOP = "SHA-256", []string{"auth"}
	if d.proxy {
		return authResponse(407, "Proxy-Authenticate: "+text)
	}
	return authResponse(401, "WWW-Authenticate: "+text)
}

// sendSigned sends a request until it is let in by all doors, one behind the other, or
// given up. It returns how often it was sent, and the last response.
func sendSigned(t interface{ Fatalf(string, ...any) }, s *signer, method sip.RequestMethod, doors ...*door) (times, status int) {
	req := sip.NewRequest(method, sip.Uri{Scheme: "sip", User: "100", Host: "example.net"})
	var sent tries
	for times = 1; ; times++ {
		if times > 100 {
			t.Fatalf("it is sent without an end")
		}
		s.sign(req)
		res := authResponse(200)
		for _, d := range doors {
			if res = d.judge(req); res.StatusCode != 200 {
				break
			}
		}
		if res.StatusCode == 200 || !s.challenged(&sent, res) {
			return times, res.StatusCode
		}
	}
}

func asksBy(realm string, proxy bool) door {
	return door{challenge: challenge{guard: guard{proxy, realm}}}
}

func TestCredentialsAreThoseThatWereAskedFor(t *testing.T) {
	for _, c := range []string{
		`nonce="n"`,
		`nonce="n", opaque="o"`,
		`nonce="n", algorithm=MD5, qop="auth"`,
		`nonce="n", algorithm=md5, qop="auth,auth-int"`,
		`nonce="n", algorithm=SHA-256, qop="auth", opaque="a\"b"`,
		`nonce="n", algorithm=SHA-512-256, qop="auth-int"`,
		`nonce="n", algorithm=SHA-512, qop="auth", userhash=true`,
	} {
		t.Run(c, func(t *testing.T) {
			s := signer{account: ourAccount}
			var sent tries
			res := authResponse(401, `WWW-Authenticate: Digest realm="a \"b\"", `+c)
			req := sip.NewRequest(sip.INVITE, sip.Uri{Scheme: "sip", User: "100", Host: "example.net", UriParams: sip.HeaderParams{{K: "transport", V: "tcp"}}})
			req.SetBody([]byte("v=0\r\n"))
			if !s.challenged(&sent, res) {
				t.Fatal("not answered")
			}
			for count := 1; count <= 11; count++ {
				s.sign(req)
				fields := req.GetHeaders("Authorization")
				if len(fields) != 1 {
					t.Fatalf("%d times in a request", len(fields))
				}
				if broken := unlikeAnswer(fields[0].Value(), challengesOf(res)[0], req); broken != "" {
					t.Fatalf("%s, in %s", broken, fields[0].Value())
				}
				if got := givenIn(fields[0].Value()); got["qop"] != "" && got["nc"] != fmt.Sprintf("%08x", count) {
					t.Errorf("the request is number %s, not %d", got["nc"], count)
				}
			}
		})
	}
}

func TestPasswordsAreGivenOnceAndNeverInALoop(t *testing.T) {
	type request struct {
		method sip.RequestMethod
		times  int
		status int
	}
	for _, c := range []struct {
		name  string
		doors []door
		want  []request
	}{
		{"nobody asks", nil, []request{{sip.INVITE, 1, 200}, {sip.BYE, 1, 200}}},
		{"the phone asks", []door{asksBy("a", false)}, []request{{sip.INVITE, 2, 200}, {sip.INVITE, 1, 200}, {sip.BYE, 1, 200}}},
		{"a proxy asks", []door{asksBy("a", true)}, []request{{sip.INVITE, 2, 200}, {sip.BYE, 1, 200}}},
		{"the proxy asks, then the phone", []door{asksBy("a", true), asksBy("b", false)}, []request{{sip.INVITE, 3, 200}, {sip.BYE, 1, 200}}},
		{"both by one name", []door{asksBy("a", true), asksBy("a", false)}, []request{{sip.INVITE, 3, 200}, {sip.BYE, 1, 200}}},
		{"a nonce is good once", []door{{challenge: asksBy("a", false).challenge, uses: 1}}, []request{{sip.INVITE, 2, 200}, {sip.BYE, 2, 200}}},
		{"a nonce is good once, said nothing", []door{{challenge: asksBy("a", false).challenge, uses: 1, silent: true}}, []request{{sip.INVITE, 2, 200}, {sip.INVITE, 2, 200}, {sip.BYE, 2, 200}}},
		{"a proxy's nonce is good once, and the phone asks", []door{{challenge: asksBy("a", true).challenge, uses: 1}, asksBy("b", false)}, []request{{sip.INVITE, 4, 200}, {sip.BYE, 2, 200}}},
		{"the same, said nothing", []door{{challenge: asksBy("a", true).challenge, uses: 1, silent: true}, asksBy("b", false)}, []request{{sip.INVITE, 4, 200}, {sip.BYE, 2, 200}}},
		{"the password is wrong", []door{{challenge: asksBy("a", false).challenge, wrong: true}}, []request{{sip.INVITE, 2, 401}}},
		{"the phone's alone is wrong", []door{asksBy("a", true), {challenge: asksBy("b", false).challenge, wrong: true}}, []request{{sip.INVITE, 3, 401}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := signer{account: ourAccount}
			var doors []*door
			for i := range c.doors {
				doors = append(doors, &c.doors[i])
			}
			var got []request
			for _, w := range c.want {
				times, status := sendSigned(t, &s, w.method, doors...)
				got = append(got, request{w.method, times, status})
			}
			if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(request{})); diff != "" {
				t.Errorf("sent (-want +got):\n%s", diff)
			}
		})
	}
}

func TestStaleNonceIsTradedOnce(t *testing.T) {
	challenge := func(nonce string, stale bool) *sip.Response {
		return authResponse(401, fmt.Sprintf(`WWW-Authenticate: Digest realm="a", nonce=%q, stale=%t, qop="auth"`, nonce, stale))
	}
	for _, c := range []struct {
		name      string
		responses []*sip.Response
		want      string // y: sent again, n: given up
	}{
		{"stale from the start", []*sip.Response{challenge("1", true)}, "y"},
		{"a right password, too late", []*sip.Response{challenge("1", false), challenge("2", true)}, "yy"},
		{"stale again and again", []*sip.Response{challenge("1", false), challenge("2", true), challenge("3", true)}, "yyn"},
		{"stale, and the same nonce", []*sip.Response{challenge("1", false), challenge("1", true)}, "yn"},
		{"not stale", []*sip.Response{challenge("1", false), challenge("2", false)}, "yn"},
		{"no challenge", []*sip.Response{authResponse(401)}, "n"},
		{"no challenge of a proxy", []*sip.Response{authResponse(407)}, "n"},
		{"none that we can answer", []*sip.Response{authResponse(401, `WWW-Authenticate: Digest realm="a", nonce="1", algorithm=AKAv2-MD5`)}, "n"},
		{"none in the end", []*sip.Response{challenge("1", false), authResponse(401)}, "yn"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := signer{account: ourAccount}
			var sent tries
			var got strings.Builder
			for _, res := range c.responses {
				answer := s.challenged(&sent, res)
				got.WriteByte("ny"[map[bool]int{true: 1}[answer]])
				req := sip.NewRequest(sip.INVITE, sip.Uri{Scheme: "sip", Host: "example.net"})
				s.sign(req)
				if field := req.GetHeader("Authorization"); answer && givenIn(field.Value())["nc"] != "00000001" {
					t.Errorf("the first with its nonce is %s", field.Value())
				}
			}
			if got.String() != c.want {
				t.Errorf("answered %s, want %s", got.String(), c.want)
			}
		})
	}
}

func TestGuardsAreAnsweredUpToABound(t *testing.T) {
	s := signer{account: ourAccount}
	var sent tries
	for i := range maxGuards + 1 {
		res := authResponse(407, fmt.Sprintf(`Proxy-Authenticate: Digest realm="%d", nonce="1"`, i))
		if answered := s.challenged(&sent, res); answered != (i < maxGuards) {
			t.Errorf("guard %d is answered: %t", i, answered)
		}
	}
}

func TestWithoutAnAccountNothingIsAnswered(t *testing.T) {
	var s signer
	phone := asksBy("a", false)
	if times, status := sendSigned(t, &s, sip.INVITE, &phone); times != 1 || status != 401 {
		t.Errorf("sent %d times, the last answered %d", times, status)
	}
}

// Whatever guards ask, in whatever order, a request is sent a bounded number of
// times, never twice with the same nonces, and always with one answer to each.
func TestRequestsAreNotSentForEver(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := signer{account: ourAccount}
		var sent tries
		req := sip.NewRequest(sip.INVITE, sip.Uri{Scheme: "sip", Host: "example.net"})
		signed := make(map[string]bool)
		for times := 1; ; times++ {
			var fields []string
			for i := range rapid.IntRange(0, 3).Draw(t, "challenges") {
				name := rapid.SampledFrom([]string{"WWW-Authenticate", "Proxy-Authenticate"}).Draw(t, "field")
				realm := rapid.IntRange(0, 12).Draw(t, "realm")
				nonce := rapid.IntRange(0, 1000).Draw(t, "nonce")
				fields = append(fields, fmt.Sprintf(`%s: Digest realm="%d", nonce="%d", stale=%t, opaque="%d"`, name, realm, nonce, rapid.Bool().Draw(t, "stale"), i))
			}
			if !s.challenged(&sent, authResponse(401, fields...)) {
				break
			}
			if times > 2*maxGuards {
				t.Fatalf("sent %d times", times)
			}
			s.sign(req)
			guards, all := make(map[string]bool), ""
			for _, name := range []string{"Authorization", "Proxy-Authorization"} {
				for _, h := range req.GetHeaders(name) {
					who := name + strconv.Quote(givenIn(h.Value())["realm"])
					if guards[who] {
						t.Fatalf("two answers to %s", who)
					}
					guards[who] = true
					all += who + givenIn(h.Value())["nonce"]
				}
			}
			if len(guards) != len(s.known) || signed[all] {
				t.Fatalf("%d guards of %d answered, sent before: %t", len(guards), len(s.known), signed[all])
			}
			signed[all] = true
		}
	})
}
