package phone_test

import (
	"strings"
	"testing"

	"github.com/switchhook/switchhook/internal/phone"
)

// finderOf returns what finds a number among texts of people in America.
func finderOf(t testing.TB, number string) *phone.Finder {
	t.Helper()
	home := phone.HomeIn()
	n := phone.Read(number, home)
	if n.Hidden() {
		t.Fatalf("%s is no number", number)
	}
	return phone.NewFinder(n, home)
}

func TestANumberIsFoundHoweverItIsWritten(t *testing.T) {
	if got := finderOf(t, "+12125550123").Replace("a 212\u00ad555\u200b0123", "#"); got != "a #" {
		t.Errorf("with what nobody sees in it, it is %q", got)
	}
	for number, texts := range map[string]string{
		"+12125550123": `
			#
			call #
			call #, not me
			+1 (212) 555-0123 is #
			call-12125550123-1700000000@host is call-#-1700000000@host
			1-212-555-0123 is #
			1 (212) 555 0123 is #
			(212) 555-0123 is (#
			212.555.0123 is #
			001 212 555 0123 is #
			00 1 212 555 0123 is #
			011 1 212 555 0123 is #
			+1 (0) 212 5550123 is #
			tel:+1-212-555-0123 is tel:#
			sip:12125550123@example.net is sip:#@example.net
			from=%2B1%20%28212%29%20555-0123&to=5 is from=#&to=5
			from=+2125550123 is from=#
			"\u002b1\u00a0212\u00a0555\u00a00123" is "#"
			a\n2125550123\n is a\n#\n
			＋１２１２５５５０１２３ is #
			+١٢١٢٥٥٥٠١٢٣ is #
			1.2125550123E10 is #E10
			12125550123.0 is #.0
			170000000012125550123 is 1700000000#
			21255501231700000000 is #1700000000
			2125550123 and +12125550123 is # and #
			2125550123, 2125550124, 2125550123 is #, 2125550124, #
			5 2125550123 7 is 5 # 7
		`,
		"+5215512345678": `
			+5215512345678 is #
			+525512345678 is #
			044 55 1234 5678 is #
			55 1234 5678 is #
		`,
		"+31612345678": `
			06-12345678 is #
			0031 6 12345678 is #
			+31 (0)6 12 34 56 78 is #
			0612345678 is #
		`,
		"+4712345678": `+47 12 34 56 78 is #`,
		"12345678":    `number 12345678 is number #`,
	} {
		f := finderOf(t, number)
		for line := range strings.SplitSeq(strings.TrimSpace(texts), "\n") {
			text, want, ok := strings.Cut(strings.TrimSpace(line), " is ")
			if !ok {
				want, text = text, strings.ReplaceAll(text, "#", number)
			}
			got := f.Replace(text, "#")
			if got != want {
				t.Errorf("%q: without %s it is %q, want %q", text, number, got, want)
			}
			if !f.In(text) {
				t.Errorf("%s is not in %q", number, text)
			}
		}
	}
}

func TestAnotherNumberIsNotFound(t *testing.T) {
	for number, texts := range map[string][]string{
		"+12125550123": {
			"", "5", "555-0123", "+49 212 5550123", "492125550123", "0049 212 5550123", "+442125550123x", "12125550124", "2125550124",
			"1212555012", "21255501230", "3212555 0123", "212,555,0123", "1700000000", "2026-11-30T09:10:30.212555", "%2", "%zz2125550", `\u00`, `\`,
			"+1 212 555 012", "212 555 0 1 2 4", "212       5550123",
		},
		"+4921255501": {"12125550123"},
		"12345678":    {"112345678", "123456789", "1234567"},
	} {
		f := finderOf(t, number)
		for _, text := range texts {
			if got := f.Replace(text, "#"); got != text || f.In(text) {
				t.Errorf("%s is found in %q: %q", number, text, got)
			}
		}
	}
	if (&phone.Finder{}).In("12125550123") {
		t.Error("no number is found")
	}
}

// FuzzFinding checks that a text without a number is one in which it is not
// found, and that nothing else is lost of it.
func FuzzFinding(f *testing.F) {
	for _, text := range []string{"call 2125550123.", "%2B1 212%20555 0123", `\u002b12125550123`, "+\u06611 2\u00ad125550123", "%", `\`, "17000000002125550123"} {
		f.Add(text)
	}
	finder := finderOf(f, "+12125550123")
	f.Fuzz(func(t *testing.T, text string) {
		without := finder.Replace(text, " erased ")
		if finder.In(without) {
			t.Errorf("%q holds it still: %q", text, without)
		}
		if !finder.In(text) && without != text {
			t.Errorf("%q has become %q", text, without)
		}
	})
}
