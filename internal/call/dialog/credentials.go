package dialog

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"

	"github.com/switchhook/switchhook/internal/setting"
)

// maxGuards is how many guards one call answers at most: each on the way to the
// other side may ask, and real ways have two or three.
const maxGuards = 8

// account is what a guard knows us by.
type account struct {
	user     string
	password setting.Secret
}

// signer puts our credentials into the requests of a call. It remembers what
// each guard has asked for, so that later requests carry credentials from the
// start: some guards ask at every BYE and re-INVITE, and the other side of a
// dialog waits for no second try of an ACK (RFC 3261 section 22.1).
type signer struct {
	account account
	known   []asked
}

// asked is what a guard has asked for last.
type asked struct {
	challenge
	count int // requests signed with its nonce, which each has to be told (nc)
}

// tries is which guards have asked again and again about one request. Its zero
// value is for a request that has not been sent yet; it goes with the request
// through all its repetitions, until one gets another response than 401 and 407.
type tries struct{ answered []try }

type try struct {
	guard
	nonce string
	again bool // answered a second time, as the first nonce was too old
}

// challenged takes a 401 or a 407, and reports whether the request is worth
// sending again: sign it then, with the next CSeq and a new branch. A guard is
// answered once, and once more if it says that the nonce was stale or has been
// used before; a guard that still asks does not accept our password. A response
// without a challenge that can be answered is a refusal.
func (s *signer) challenged(t *tries, res *sip.Response) bool {
	if s.account.user == "" {
		return false
	}
	challenges := challengesOf(res)
	for _, c := range challenges {
		if !t.note(c, s.reused(c.guard)) || !s.learn(c) {
			return false
		}
	}
	return len(challenges) > 0
}

// note reports whether c may be answered, and counts it. Reused says that the
// last nonce of this guard had signed more than one request, which a guard may
// refuse without the word stale.
func (t *tries) note(c challenge, reused bool) bool {
	i := slices.IndexFunc(t.answered, func(answered try) bool { return answered.guard == c.guard })
	if i < 0 {
		t.answered = append(t.answered, try{guard: c.guard, nonce: c.Nonce})
		return true
	}
	before := &t.answered[i]
	if before.again || before.nonce == c.Nonce || !c.Stale && !reused {
		return false
	}
	before.again, before.nonce = true, c.Nonce
	return true
}

// reused reports whether more than one request was signed with the last nonce.
func (s *signer) reused(g guard) bool {
	i := s.find(g)
	return i >= 0 && s.known[i].count > 1
}

// learn remembers c in the place of what its guard asked for before. It reports
// false if there are too many guards.
func (s *signer) learn(c challenge) bool {
	i := s.find(c.guard)
	if i < 0 {
		if len(s.known) == maxGuards {
			return false
		}
		s.known = append(s.known, asked{})
		i = len(s.known) - 1
	}
	if s.known[i].Nonce != c.Nonce {
		s.known[i].count = 0
	}
	s.known[i].challenge = c
	return true
}

func (s *signer) find(g guard) int {
	return slices.IndexFunc(s.known, func(a asked) bool { return a.guard == g })
}

// sign gives a request credentials for every guard that has asked so far, and
// takes out the old ones. It is for each request as it goes out, its body
// included, and not for an ACK or a CANCEL: the one repeats the credentials of
// its INVITE, the other has none, since nobody may challenge either (RFC 3261
// section 22.1).
func (s *signer) sign(req *sip.Request) {
	for _, field := range []string{"Authorization", "Proxy-Authorization"} {
		for req.RemoveHeader(field) {
		}
	}
	for i := range s.known {
		a := &s.known[i]
		a.count++
		if value, err := s.answer(a, req); err == nil {
			req.AppendHeader(sip.NewHeader(a.field(), value))
		}
	}
}

// field returns the header field that the guard reads.
func (g guard) field() string {
	if g.proxy {
		return "Proxy-Authorization"
	}
	return "Authorization"
}

// answer returns the credentials that a asks for. There is no error for what is
// answerable.
func (s *signer) answer(a *asked, req *sip.Request) (string, error) {
	c, err := digest.Digest(&a.Challenge, digest.Options{
		Method:   req.Method.String(),
		URI:      req.Recipient.String(),
		GetBody:  func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(req.Body())), nil },
		Count:    a.count,
		Username: s.account.user,
		Password: s.account.password.Reveal(),
	})
	if err != nil {
		return "", fmt.Errorf("answer the challenge of %s: %w", a.realm, err)
	}
	return writeCredentials(c), nil
}

// writeCredentials returns credentials as a header field (RFC 7616 section 3.4). It is not
// the String of digest, which escapes as Go does: that is not how SIP quotes.
func writeCredentials(c *digest.Credentials) string {
	var b strings.Builder
	quoted := func(name, value string) {
		b.WriteString(name + `="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `", `)
	}
	b.WriteString(digest.Prefix)
	quoted("username", c.Username)
	quoted("realm", c.Realm)
	quoted("nonce", c.Nonce)
	quoted("uri", c.URI)
	if c.Algorithm != "" {
		b.WriteString("algorithm=" + c.Algorithm + ", ")
	}
	if c.QOP != "" {
		fmt.Fprintf(&b, "qop=%s, nc=%08x, ", c.QOP, c.Nc)
		quoted("cnonce", c.Cnonce)
	}
	if c.Opaque != "" {
		quoted("opaque", c.Opaque)
	}
	if c.Userhash {
		b.WriteString("userhash=true, ")
	}
	b.WriteString(`response="` + c.Response + `"`)
	return b.String()
}
