package phone_test

import (
	"strings"
	"testing"

	"github.com/switchhook/switchhook/internal/phone"
)

// TestNumbersInOddSpellings has characters that libphonenumber knows as grouping
// (https://github.com/google/libphonenumber/blob/master/java/libphonenumber/src/com/google/i18n/phonenumbers/PhoneNumberUtil.java,
// VALID_PUNCTUATION), the apostrophe of the Swiss, and what people and carriers
// write before a number.
func TestNumbersInOddSpellings(t *testing.T) {
	for _, c := range []struct{ home, e164, ways string }{
		{"JP", "+819012345678", "090ー1234ー5678|090～1234～5678|［090］1234-5678"},
		{"CH", "+41791234567", "079'123'45'67|079’123’45’67|079_123_45_67|079~123~45~67"},
		// The carrier of one's choice: https://www.wikipedia.org/wiki/Telephone_numbers_in_Brazil
		{"BR", "+5511987654321", "0xx11 98765-4321|0XX (11) 98765-4321|(0xx11) 98765-4321|0 xx 11 98765 4321|+55 (0xx11) 98765-4321"},
		// The 8 of before 2009: https://www.wikipedia.org/wiki/Telephone_numbers_in_Ukraine
		{"UA", "+380501234567", "8 050 123 45 67|8-050-1234567|80501234567|(8-050) 123-45-67"},
		// A single 0 before the country's own code.
		{"IN", "+919876543210", "0919876543210|0 91 98765 43210"},
		{"NL", "+31612345678", "031612345678|0 31 6 12345678"},
		// The 9 stays, with the 0 or without.
		{"AR", "+5491123456789", "+54 9 (011) 2345-6789|+54 9 (0)11 2345-6789|+54 9 011 2345 6789|0054 9 011 2345 6789"},
		// Some libraries of C write three digits of an exponent.
		{"US", "+12025550143", "1.2025550143E+010|1.2025550143e010|2.025550143E+009"},
	} {
		for way := range strings.SplitSeq(c.ways, "|") {
			if n, err := phone.Parse(way, homeOf(c.home)); n.E164() != c.e164 || err != nil {
				t.Errorf("%q in %s is %q, %v; want %s", way, c.home, n.E164(), err, c.e164)
			}
		}
	}
}

// What networks put in a name where there is no number, in the languages of
// their countries, on a telephone's keys.
func TestHiddenCallersInOtherWords(t *testing.T) {
	for _, digits := range []string{
		"4683762846625", "72974663", "266343368425", "7748236", "7748286", "33726662436", "862352668", "4626668", "2666436", "66235363", "72666724886", "68623786282452253", "86773243433",
	} { // INTERNATIONAL PAYPHONE CONFIDENTIAL PRIVADO PRIVATO DESCONOCIDO UNBEKANNT INCONNU ANONIEM ONBEKEND SCONOSCIUTO NUMBERUNAVAILABLE UNSPECIFIED
		for _, written := range []string{digits, "+" + digits} {
			if n := phone.Read(written, phone.HomeIn()); !n.Hidden() {
				t.Errorf("%s is the number %s", written, n.E164())
			}
		}
	}
	for _, c := range [...]struct{ home, digits string }{{"FR", "0862352668"}, {"DE", "07748236"}} {
		if phone.Read(c.digits, homeOf(c.home)).Hidden() {
			t.Errorf("%s of %s is hidden", c.digits, c.home)
		}
	}
}

// TestFirstDigitsAsNumbersAreWrittenThere has countries where nothing stands
// before the area: 11 9… is São Paulo and 138 … a mobile of China, and neither
// is North America. In Argentina 11 is Buenos Aires.
func TestFirstDigitsAsNumbersAreWrittenThere(t *testing.T) {
	for _, c := range []struct{ home, patterns, yes, no string }{
		{"55", "11 9*|(11) 9*|119*", "+5511987654321|11 98765-4321", "+19175550123|+5521987654321"},
		{"54", "11*", "+5491123456789|+541123456789", "+12125550123|+543512345678"},
		{"86", "138*|1381*", "+8613812345678|13812345678", "+13805550123|+8613912345678"},
		{"31", "32*", "+32470123456", "+31612345678|+31320123456"},
		{"49", "43*", "+436641234567", "+494312345678"},
	} {
		for pattern := range strings.SplitSeq(c.patterns, "|") {
			p, err := phone.ParsePattern(pattern, homeOf(c.home))
			if err != nil {
				t.Fatal(err)
			}
			for _, list := range []struct {
				numbers string
				want    bool
			}{{c.yes, true}, {c.no, false}} {
				for number := range strings.SplitSeq(list.numbers, "|") {
					if p.Matches(phone.Read(number, homeOf(c.home))) != list.want {
						t.Errorf("%s in %s stands for %s: %v", pattern, c.home, number, !list.want)
					}
				}
			}
		}
	}
}

// https://www.rfc-editor.org/rfc/rfc3986#section-2.1 for the escapes.
func TestCallersInOtherAddresses(t *testing.T) {
	for text, want := range map[string]string{
		"tel:%2B1-212-555-0123": "12125550123", "%2B12125550123": "12125550123", "callto:+12125550123": "12125550123", "whatsapp:+12125550123": "12125550123", "sms:+12125550123": "12125550123",
		"\"+12125550123\"": "12125550123", "\"2125550123\"": "12125550123", "\"\"": "", "mailto:2125550123@example.net": "", "%": "", "%zz2125550123": "",
	} {
		if got := phone.ReadCaller(text, phone.HomeIn()).Digits(); got != want {
			t.Errorf("%q is of %q, want %q", text, got, want)
		}
	}
}
