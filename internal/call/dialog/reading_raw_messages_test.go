package dialog

import (
	"bytes"
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"
)

// FuzzRaw drops only what sipgo could not parse, and never more than the empty
// lines before.
func FuzzRaw(f *testing.F) {
	f.Add([]byte(message("INVITE", body("application/sdp", offer)...)))
	f.Add([]byte("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK-1\r\n\r\n"))
	f.Add([]byte("\r\n\r\n"))
	f.Add([]byte("\x00\x01\x00\x00\x21\x12\xa4\x42abcdefghijkl"))
	for _, text := range tortures(f) {
		f.Add(text)
	}
	parser := newParser()
	f.Fuzz(func(t *testing.T, datagram []byte) {
		rest, kind := inspectRaw(datagram)
		if !bytes.HasSuffix(datagram, rest) {
			t.Fatalf("%q became %q", datagram, rest)
		}
		m, err := parser.ParseSIP(rest)
		if err == nil && kind != rawMessage {
			t.Fatalf("a message is taken for %d", kind)
		}
		if kind == rawMessage && err == nil {
			same, err := parser.ParseSIP(withoutNonsense(bytes.Clone(rest)))
			if err != nil || same.String() != m.String() {
				t.Fatalf("a message without nonsense became %q, %v", same, err)
			}
			examineAny(m)
		}
	})
}

// A box that folds a long field without the white space makes lines of it that are none.
func TestLinesThatAreNoFieldsAreIgnored(t *testing.T) {
	s := serve(t, Config{}, nil)
	p := reach(t, s, 0)
	res := p.ask(message("OPTIONS", with("X-Note: first line\r\n second line\r\nthird line\r\n fourth line\r\nfifth line")...))
	if res.StatusCode != 200 {
		t.Errorf("answered by %s", res.StartLine())
	}
	if n := s.Counts().Dropped[Unreadable]; n > 0 {
		t.Errorf("%d messages count as an offence", n)
	}
}

// examineAny does with a message what happens to any before its dialog is known.
func examineAny(m sip.Message) {
	req, ok := m.(*sip.Request)
	if !ok {
		return
	}
	if req.Via() != nil {
		noteSource(req.Via(), someoneElse)
	}
	if examine(req) == nil {
		identityOf(req)
	}
}

// FuzzSqueeze changes nothing but white space, and leaves nothing for a second
// time.
func FuzzSqueeze(f *testing.F) {
	for _, text := range []string{
		`"J \"R" <sip:a@b ; x = y> ; tag = 1`, "SIP / 2.0 / UDP  192.0.2.2 : 5060 ; branch = z9hG4bK1", " 1 \t INVITE ", `"`, `\`, "<", "> ; a",
	} {
		f.Add(text, "/:;=")
	}
	f.Fuzz(func(t *testing.T, text, around string) {
		once := squeeze(text, around)
		if bare(once) != bare(text) {
			t.Fatalf("%q became %q", text, once)
		}
		if twice := squeeze(once, around); twice != once {
			t.Fatalf("%q became %q, and then %q", text, once, twice)
		}
	})
}

// bare returns text without white space.
func bare(text string) string { return strings.NewReplacer(" ", "", "\t", "").Replace(text) }
