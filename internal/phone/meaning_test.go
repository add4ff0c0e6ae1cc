package phone_test

import (
	"strings"
	"testing"

	"github.com/switchhook/switchhook/internal/phone"
)

// TestNumbersMeanTheSameHoweverTheyAreWritten takes numbers as people write them
// in settings, forms and address books.
func TestNumbersMeanTheSameHoweverTheyAreWritten(t *testing.T) {
	for _, c := range []struct {
		home string // regions, or a calling code
		e164 string
		ways string // one a line
	}{
		// A 0 of calls within the country after its code: https://github.com/floere/phony/issues/185
		{"31", "+31612345678", `+31 (0)6 12345678
			+31(0)612345678
			+31 06 1234 5678
			+310612345678
			0031 (0)6 12345678
			0031612345678
			06 1234 5678
			06-12345678
			0612345678
			612345678
			31612345678
			31 06 12345678`},
		{"31", "+31201234567", "+310201234567\n020-123 45 67\n+31 (0) 20 123 45 67\n(020) 1234567"},
		{"GB", "+447911123456", "+44 (0)7911 123456\n+44(0)7911123456\n07911 123456\n00447911123456\n447911123456\n+44 07911 123456\n(+44) 7911 123456\n[+44] 7911-123456"},
		{"44", "+442079460958", "+44 (0)20 7946 0958\n020 7946 0958\n(020) 7946 0958\n+44.20.7946.0958"},
		{"US", "+442079460958", "011 44 20 7946 0958\n011442079460958\n01144 (0)20 7946 0958\n00 44 20 7946 0958\n442079460958\n+011442079460958\n+00442079460958"},
		{"NL", "+442079460958", "00442079460958\n+44 20 7946 0958\n011 44 20 7946 0958\n442079460958"},
		{"AU", "+442079460958", "0011 44 20 7946 0958"},
		{"JP", "+442079460958", "010 44 20 7946 0958"},
		{"RU", "+74951234567", "8 (495) 123-45-67\n+7 (8) 495 123-45-67\n+7 495 1234567\n7 495 123 45 67"},
		{"HU", "+36301234567", "06 30 123 4567\n+36 (06) 30 123 4567\n+36 06 30 123 4567"},
		{"DE", "+4915123456789", "0151 23456789\n0151/23456789\n+49 (0)151-234567-89\n0049151 23456789"},
		{"BR", "+5531912345678", "31912345678\n(31) 91234-5678\n031 91234-5678"}, // not a number of the Netherlands
		{"DE", "+436641234567", "436641234567\n0043 664 1234567"},                // not one of Groemitz
		{"BR", "+5511912345678", "(11) 91234-5678\n011 91234-5678\n0 15 11 91234-5678\n+55 (0)11 91234-5678"},
		// The zero belongs to the number.
		{"IT", "+390612345678", "06 1234 5678\n+39 06 1234 5678\n0039 06 12345678\n+39 (06) 12345678"},
		{"CI", "+2250712345678", "07 12 34 56 78\n+225 07 12 34 56 78"},
		{"SM", "+3780549886377", "0549 886377\n+378 0549 886377"},
		{"US", "+12125550123", `(212) 555-0123
			1 (212) 555-0123
			1-212-555-0123
			212.555.0123
			212 555 0123
			2125550123
			12125550123
			+1 212 555 0123
			+1 (0) 212 555 0123
			+1 (0)212 555 0123
			001 212 555 0123
			011 1 212 555 0123
			tel:+1-212-555-0123
			TEL:2125550123
			tel:555-0123;phone-context=+1212
			12125550123.0
			+12125550123.0
			1.2125550123e10
			1.2125550123E+10
			2.125550123E9
			` + "\u202a+12125550123\u202c\n\u200e(212) 555-0123\u200e\n\ufeff2125550123\n\u00a02125550123\u00a0\n212\u2011555\u20110123\n212\u2013555\u20130123\n212\u202f555\u202f0123\n\u2066212 555 0123\u2069\n２１２５５５０１２３\n＋１（２１２）５５５－０１２３\n212·555·0123\n٢١٢٥٥٥٠١٢٣\n212\u2212555\u22120123\n212\u00ad555\u200b0123"},
		// The 1 and the 9 of mobiles are kept and not added.
		{"MX", "+525512340101", "55 1234 0101\n+52 55 1234 0101\n525512340101\n01 55 1234 0101\n044 55 1234 0101\n045 55 1234 0101\n+52 01 55 1234 0101\n+52 044 55 1234 0101"},
		{"US", "+5215512340101", "+52 1 55 1234 0101\n5215512340101\n011 52 1 55 1234 0101\n0052 1 55 1234 0101"},
		{"MX", "+5215512340101", "1 55 1234 0101"},
		{"AR", "+541123456789", "11 2345-6789\n011 2345-6789\n+54 11 2345-6789\n541123456789\n+54 (0)11 2345-6789"},
		{"AR", "+5491123456789", "011 15 2345-6789\n11 15 2345-6789\n+54 11 15 2345-6789\n+54 9 11 2345-6789\n+54 9 011 15 2345-6789\n+54 9 11 15 2345-6789\n+54 (0)11 15 2345-6789\n9 11 2345-6789"},
		{"AR", "+5493512345678", "0351 15 234-5678\n+54 351 15 2345678\n+54 9 351 234 5678\n+54 (0351) 15 234-5678"},
	} {
		for way := range strings.Lines(c.ways) {
			way = strings.Trim(way, "\t\n")
			n, err := phone.Parse(way, homeOf(c.home))
			if n.E164() != c.e164 || err != nil {
				t.Errorf("%q in %s is %q, %v; want %s", way, c.home, n.E164(), err, c.e164)
			}
			if !n.Same(phone.Read(c.e164, phone.Home{})) {
				t.Errorf("%q in %s is not the same as %s", way, c.home, c.e164)
			}
		}
	}
}

func homeOf(home string) phone.Home {
	if strings.Trim(home, "0123456789") == "" {
		return phone.HomeOfCode(home)
	}
	return phone.HomeIn(strings.Fields(home)...)
}

// What a phone system gives as a caller.
func TestNumbersGetTheirCountrysCode(t *testing.T) {
	for _, test := range []struct {
		digits  string
		regions []string
		want    string
	}{
		{"9734321440", nil, "19734321440"},
		{"19734321440", nil, "19734321440"},
		{"9734321440", []string{"US", "CA"}, "19734321440"},
		{"4162345678", nil, "14162345678"}, // of Canada
		{"4792345678", nil, "14792345678"}, // with another country's code it would be Norway's
		{"4792345678", []string{"NO"}, "4792345678"},
		{"09734321440", nil, "09734321440"},
		{"4915112345678", nil, "4915112345678"},
		{"015112345678", []string{"DE"}, "4915112345678"},
		{"15112345678", []string{"DE"}, "4915112345678"},
		{"436641234567", []string{"DE"}, "436641234567"}, // of Austria
		{"4915112345678", []string{"DE"}, "4915112345678"},
		{"4915112345678", []string{"US", "DE"}, "4915112345678"},
		{"5491112345678", nil, "5491112345678"},
		{"6421234567", nil, "6421234567"},
		{"4321440", nil, "4321440"},
		{"123456789012345", nil, "123456789012345"},
	} {
		if got := phone.Read(test.digits, phone.HomeIn(test.regions...)).Digits(); got != test.want {
			t.Errorf("%s of %v is %s, want %s", test.digits, test.regions, got, test.want)
		}
		if again := phone.Read(test.want, phone.HomeIn(test.regions...)).Digits(); again != test.want {
			t.Errorf("%s of %v is %s in the end", test.want, test.regions, again)
		}
	}
}

// One telephone has one key, whatever its networks write before its number.
func TestOneTelephoneHasOneKey(t *testing.T) {
	for key, ways := range map[string][]string{
		"525512340101": {"5215512340101", "+525512340101", "+5215512340101", "+52 1 55 1234 0101", "011525512340101"},
		"31612340103":  {"31612340103", "0031612340103", "+310612340103", "+31 (0)6 12340103"},
		"541123456789": {"+5491123456789", "+541123456789", "5491123456789", "+54 11 15 2345 6789"},
		"12125550123":  {"2125550123", "12125550123", "+12125550123", "0012125550123"},
		"5491":         {"5491"},
	} {
		for _, way := range ways {
			n := phone.Read(way, phone.HomeIn())
			if n.Key() != key || phone.Key(n.Digits()) != key {
				t.Errorf("the key of %q is %q, and of its digits %q; want %s", way, n.Key(), phone.Key(n.Digits()), key)
			}
		}
	}
}

// Some networks type the word for a hidden number on a telephone's keys:
// https://github.com/bmlt-enabled/yap/issues/125 met +266696687.
func TestHiddenCallersHaveNoNumber(t *testing.T) {
	for _, c := range []struct {
		text, home string
		hidden     bool
	}{
		{"", "US", true}, {" ", "US", true}, {"anonymous", "US", true}, {"Anonymous", "US", true}, {"Restricted", "US", true}, {"unavailable", "US", true},
		{"0", "US", true}, {"0000000000", "US", true}, {"+0", "US", true}, {"+", "US", true}, {"-", "US", true}, {"\u202a\u202c", "US", true},
		{"266696687", "US", true}, {"+266696687", "US", true}, {"1266696687", "US", true}, {"+1266696687", "US", true},
		{"8656696", "US", true}, {"+8656696", "US", true}, {"7748283", "US", true}, {"+7748283", "US", true}, {"2562533", "US", true}, {"+2562533", "US", true},
		{"86282452253", "US", true}, {"+86282452253", "US", true},
		{"00266696687", "US", true}, {"011266696687", "US", true}, {"+00266696687", "US", true}, {"00 8656696", "US", true}, {"0011 266696687", "US", false},
		{"+7378742833", "US", true},
		{"7378742833", "US", false},   // somebody in Austin
		{"+17378742833", "US", false}, // with the country's code
		{"17378742833", "US", false},
		{"7378742833", "NL", true},
		{"266696687", "LS", true}, // not as long as the numbers there
		{"anonymous@anonymous.invalid", "US", true}, {"sip:2000", "US", true},
		{"2000", "US", false}, {"12125550123", "US", false}, {"266968", "US", false},
	} {
		if got := phone.Read(c.text, homeOf(c.home)).Hidden(); got != c.hidden {
			t.Errorf("%q in %s is hidden: %v", c.text, c.home, got)
		}
	}
}

// https://www.rfc-editor.org/rfc/rfc3261#section-19.1.6
func TestCallersNumbersAreReadInAddresses(t *testing.T) {
	for text, want := range map[string]string{
		"sip:+12125550123@example.net": "12125550123", "sips:2125550123@example.net:5061": "12125550123", "<sip:+12125550123@10.0.0.1>": "12125550123",
		"SIP:+12125550123;phone-context=x@example.net;user=phone": "12125550123", "sip:+12125550123": "12125550123", "+12125550123": "12125550123", "2000": "2000",
		"sip:2000@example.net": "", "sip:anonymous@anonymous.invalid": "", "sip:266696687@example.net": "", "sip:@": "", "sip:": "", "mailto:2125550123@example.net": "",
	} {
		if got := phone.ReadCaller(text, phone.HomeIn()).Digits(); got != want {
			t.Errorf("%q is of %q, want %q", text, got, want)
		}
	}
	if n, err := phone.Parse("sip:+12125550123@example.net", phone.HomeIn()); err == nil {
		t.Errorf("an address was written for the number %s", n.E164()) // it says where to ring
	}
}

// A caller is who has the number before an extension, whichever way it is
// written: https://www.rfc-editor.org/rfc/rfc3966#section-5.3,
// https://www.rfc-editor.org/rfc/rfc3966#section-5.1.4 for the context of a local number.
func TestCallersWithAnExtensionHaveANumber(t *testing.T) {
	for text, want := range map[string]string{
		"+12125550123;ext=4": "12125550123", "tel:+1-212-555-0123;ext=4": "12125550123", "tel:2125550123;ext=4;phone-context=+1": "12125550123", "+12125550123;isub=12": "12125550123",
		"2125550123;phone-context=+1": "12125550123", "5550123;phone-context=+1212": "12125550123", "tel:5550123;PHONE-CONTEXT=+1212;ext=3": "12125550123",
		"12125550123;phone-context=+1": "12125550123", "tel:12125550123;phone-context=+1": "12125550123", // the code is there already: https://www.rfc-editor.org/rfc/rfc3966#section-5.1.5
		"2125550123;phone-context=example.net": "12125550123", "2000;phone-context=example.net": "2000", "tel:2000;phone-context=pbx.example.net": "2000",
		"sip:5550123;phone-context=+1212@example.net;user=phone": "12125550123", "sip:2079460958;phone-context=+44@example.net": "442079460958", "sip:%2B12125550123;ext=4@example.net": "12125550123",
		"2125550123x123": "12125550123", "212-555-0123 x 123": "12125550123", "(212) 555-0123 ext. 123": "12125550123", "+1 212 555 0123 Extension 123": "12125550123",
		"2125550123#123": "12125550123", "2125550123,,123": "12125550123", "2125550123 доб. 5": "12125550123", "2125550123 (x5)": "12125550123", "2125550123p12": "12125550123",
		"+442079460958 ext 2": "442079460958", "+31 20 123 4567 toestel 12": "31201234567",
		"12125550123@example.net": "12125550123", "\"Jane\" <sip:+12125550123@example.net>": "12125550123", "Jane <tel:+12125550123;ext=4>;tag=1": "12125550123", "<2125550123>": "12125550123",
		"1-800-FLOWERS": "", "anonymous;phone-context=+1": "", "2000x5": "", "266696687;phone-context=+1": "", "+266696687;ext=1": "", ";ext=4": "", "\"2125550123\" <sip:anonymous@anonymous.invalid>": "", "1.25550123e3": "", "12125550123,12125550124": "", "12125550123 or 12125550124": "", "2125550123@10.20.30.40:5060": "12125550123",
	} {
		if got := phone.ReadCaller(text, phone.HomeIn()).Digits(); got != want {
			t.Errorf("%q is of %q, want %q", text, got, want)
		}
	}
}

func TestWhatIsWrongWithANumberIsSaid(t *testing.T) {
	for text, says := range map[string]string{
		"":                       "\"\" is empty",
		" \u200e ":               "\" \\u200e \" is empty",
		"1-800-FLOWERS":          `"1-800-FLOWERS" is not a telephone number: 'F' is no digit`,
		"212 555 0123 x7":        `"212 555 0123 x7" is not a telephone number: 'x' is no digit`,
		"tel:+12125550123;ext=4": `"tel:+12125550123;ext=4" has an extension, which cannot be dialled with it`,
		"1.25e1":                 `"1.25e1" is not a telephone number: 'e' is no digit`,
		"+":                      `"+" has no digits`,
		"0000000":                `"0000000" is no number`,
		"+266696687":             `"+266696687" stands for a hidden number`,
		"12":                     `"12" is not a telephone number: write it with a plus and the country's code, as in +12125550123`,
		"+3161234567890123":      `"+3161234567890123" has more than 15 digits, as no number has`,
		strings.Repeat("1", 65):  `"1111111111111111111111111111111111111111" is longer than a telephone number`,
	} {
		if n, err := phone.Parse(text, phone.HomeIn()); err == nil || err.Error() != says || n != (phone.Number{}) {
			t.Errorf("%q is %q, %v; want %s", text, n.E164(), err, says)
		}
	}
}

func TestDigitsWithoutAHomeStayAsTheyAre(t *testing.T) {
	for text, want := range map[string]string{
		"31201234567": "31201234567", "0201234567": "0201234567", "2000": "2000", "+31201234567": "+31201234567", "0031201234567": "+31201234567", "+31 (0)20 1234567": "+31201234567",
	} {
		n, err := phone.ParseAny(text, phone.Home{})
		if n.E164() != want || err != nil {
			t.Errorf("%q is %q, %v; want %s", text, n.E164(), err, want)
		}
	}
}

func TestPatternsStandForNumbers(t *testing.T) {
	for _, c := range []struct {
		pattern, home, number string
		want                  bool
	}{
		{"212555*", "1", "+12125550123", true}, {"212555*", "1", "2125550123", true}, {"1212555*", "1", "2125550123", true}, {"+1212555*", "1", "12125550123", true},
		{"(212) 555-*", "1", "+12125550123", true}, {"011 44 20*", "1", "+442079460958", true}, {"00 44 20*", "1", "+442079460958", true}, {"+44 (0)20*", "1", "+442079460958", true},
		{"212555*", "1", "+13125550123", false}, {"212555*", "1", "+21255501234", false},
		{"+31900*", "31", "09001234567", true}, {"0900*", "31", "+319001234567", true}, {"31900*", "31", "09001234567", true}, {"+31 (0)900*", "31", "09001234567", true}, {"+310900*", "31", "09001234567", true},
		{"+31*", "31", "0612345678", true}, {"+31*", "31", "+32470123456", false}, {"0032*", "31", "+32470123456", true}, {"32*", "31", "+32470123456", true},
		{"06*", "39", "+390612345678", true}, {"+3906*", "39", "06 1234 5678", true}, {"900*", "34", "+34900123456", true},
		{"+521*", "52", "+5215512340101", true}, {"+521*", "52", "+525512340101", false}, {"+52155*", "52", "+525512340101", true}, {"+5255*", "52", "+5215512340101", true},
		{"+54911*", "54", "+541123456789", true}, {"+5411*", "54", "+5491123456789", true},
		{"+12125550123", "1", "2125550123", true}, {"2125550123", "1", "+12125550123", true}, {"06 12345678", "31", "+31612345678", true}, {"2000", "31", "2000", true}, {"2000", "31", "20001", false},
		{"212555*", "1", "anonymous", false}, {"2*", "1", "", false},
		{"4930*", "1", "+4930901820", true}, {"44*", "1", "4405550123", true}, {"44*", "34", "+442079460958", true}, {"1800*", "1", "8005550123", true},
		{"3120*", "", "31201234567", true}, {"+3120*", "", "31201234567", true},
		// The 15 of Argentine mobiles, and what was dialled within Mexico until 2019.
		{"11 15*", "54", "+5491123456789", true}, {"011 15 23*", "54", "541123456789", true}, {"0351 15*", "54", "+5493512345678", true}, {"+54 11 15*", "54", "+5491123456789", true}, {"+54 9 11 15 23*", "54", "541123456789", true},
		{"11 15 24*", "54", "+5491123456789", false}, {"0351 15*", "54", "+5491123456789", false}, {"+54 221 515*", "54", "+542215151234", true}, {"+54 221 515*", "54", "+542215121234", false},
		{"044 55*", "52", "+525512340101", true}, {"045 55*", "52", "+5215512340101", true}, {"01 55*", "52", "+525512340101", true}, {"+52 044 55*", "52", "+5215512340101", true}, {"+52 (01) 55*", "52", "+525512340101", true},
		// Prefixes that are no 0, carriers, ways out of the country.
		{"+7 8495*", "7", "+74951234567", true}, {"+7 (8) 495*", "7", "+74951234567", true}, {"8 (495)*", "7", "+74951234567", true}, {"+36 06 30*", "36", "+36301234567", true}, {"+36 (06) 30*", "36", "+36301234567", true}, {"+370 8 6*", "370", "+37061234567", true},
		{"0 15 11 9*", "55", "+5511912345678", true}, {"0011 44 20*", "61", "+442079460958", true}, {"010 44 20*", "81", "+442079460958", true},
		{"+39 (0)6*", "39", "+390612345678", true}, {"0039 (0)6*", "39", "+390612345678", true}, {"44 (0)20*", "1", "+442079460958", true}, {"31(0)6*", "", "31612345678", true},
		{"225*", "225", "+2250712345678", true}, {"7*", "7", "+74951234567", true}, {"１２１２＊", "1", "2125550123", true},
		// Extensions begin as they are written.
		{"20*", "1", "2000", true}, {"20*", "31", "2000", true}, {"20*", "1", "3000", false}, {"+20*", "1", "2000", false}, {"0020*", "1", "2000", false},
	} {
		home := homeOf(c.home)
		if c.home == "" {
			home = phone.Home{}
		}
		p, err := phone.ParsePattern(c.pattern, home)
		if err != nil || p.Matches(phone.Read(c.number, home)) != c.want {
			t.Errorf("%s in %s stands for %q: %v, %v", c.pattern, c.home, c.number, !c.want, err)
		}
	}
	for _, text := range []string{"", "*", "+*", "x*", "ann", "0*0", "**"} {
		if p, err := phone.ParsePattern(text, phone.HomeIn()); err == nil {
			t.Errorf("%q is a pattern: %+v", text, p)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, text := range []string{"+31 (0)6 12345678", "5215512340101", "+54 9 011 15 2345-6789", "tel:555;phone-context=+1212", "8001.0", "٢١٢", "+266696687", "0011442079460958", "\"a\" <sip:5550123;phone-context=+1212@b>", "2125550123 x4"} {
		f.Add(text, "US", "31")
	}
	f.Fuzz(func(t *testing.T, text, region, code string) {
		for _, home := range []phone.Home{phone.HomeIn(region), phone.HomeOfCode(code), {}} {
			n := phone.Read(text, home)
			if caller := phone.ReadCaller(text, home); n.Hidden() {
				n = caller
			}
			if n.Hidden() {
				continue
			}
			if strings.Trim(n.Digits(), "0123456789") != "" || strings.Trim(n.Key(), "0123456789") != "" || n.Key() == "" {
				t.Fatalf("%q has the digits %q and the key %q", text, n.Digits(), n.Key())
			}
			if n.Valid() { // as it is written out it is read again, wherever one is
				again := phone.Read(n.E164(), phone.Home{})
				if again.E164() != n.E164() || again.Key() != n.Key() || !again.Valid() || phone.Key(n.Digits()) != n.Key() || len(n.Digits()) > 15 {
					t.Fatalf("%q is %s with the key %s, and that is %s with %s", text, n.E164(), n.Key(), again.E164(), again.Key())
				}
			}
			if p, err := phone.ParsePattern(n.E164(), home); n.Valid() && (err != nil || !p.Matches(n)) {
				t.Fatalf("%q does not stand for itself: %v", n.E164(), err)
			}
		}
	})
}
