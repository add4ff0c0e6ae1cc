package phone_test

import (
	"strings"
	"testing"

	"github.com/switchhook/switchhook/internal/phone"
)

func TestMaskShowsWhatE164DoesOfEachSpelling(t *testing.T) {
	for number, want := range map[string]string{
		"+19734321440":    "+1973•••1440",
		"+31611111111":    "+3161•••1111",
		"2125551212":      "212•••1212",
		"123456789":       "1•••6789",
		"12345678":        "•••78",
		"1001":            "•••01",
		"7":               "•••7",
		"":                "",
		"anonymous":       "anonymous",
		"+1973•••1440":    "+1973•••1440",
		"user_2010":       "•••10",
		"+1 973 432-1440": "+1 973•••1440",
		"２１２５５５０１２３":      "２１２•••０１２３",
		"19734321440":     "1973•••1440",
		"973-432-1440":    "973•••1440",
		"(973) 432-14-40": "(973•••14-40",
		"0019734321440":   "001973•••1440",
		"00123456789":     "001234•••6789",
		"0012345678":      "•••78",
		"01134960000":     "01•••0000",
		"07911123456":     "07•••3456",
		"912345678":       "9•••5678",
		"+٢١٢٥٥٥٠١٢٣":     "+٢١٢٥•••٠١٢٣",
	} {
		if got := phone.Mask(number); got != want {
			t.Errorf("Mask(%q) = %q, want %q", number, got, want)
		}
	}
}

func TestMaskInFindsNumbersInText(t *testing.T) {
	for text, want := range map[string]string{
		"http://example.net/?NmsAni=%2B19734321440&Digits=3": "http://example.net/?NmsAni=%2B1973•••1440&Digits=3",
		"sip:19728240064@*":       "sip:1972•••0064@*",
		"http://127.0.0.1:54321/": "http://127.0.0.1:54321/",
		"call +31611111111, é":    "call +3161•••1111, é",
		"3 plus 4":                "3 plus 4",
		"of ２１２５５５０１２３, ２":        "of ２１２•••０１２３, ２",
	} {
		if got := phone.MaskIn(text); got != want {
			t.Errorf("MaskIn(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestMaskedTextIsKnown(t *testing.T) {
	for text, want := range map[string]bool{
		"": false, "+19734321440": false, "1001": false, phone.Mask("+19734321440"): true, "call " + phone.Mask("1001") + ".": true,
	} {
		if got := phone.IsMasked(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// TestNoSpellingShowsADigitThatAnotherHides puts together what somebody may read of
// one number in several places.
func TestNoSpellingShowsADigitThatAnotherHides(t *testing.T) {
	for e164, region := range map[string]string{
		"+19734321440": "US", "+31611111111": "NL", "+31201234567": "NL", "+447911123456": "GB", "+441134960000": "GB", "+390112345678": "IT",
		"+37061234567": "LT", "+351912345678": "PT", "+34612345678": "ES", "+4512345678": "DK", "+33612345678": "FR", "+4915112345678": "DE",
	} {
		home := phone.HomeIn(region)
		n, err := phone.Parse(e164, home)
		if err != nil {
			t.Fatal(err)
		}
		shown := func(spelling string) (first, last string) {
			first, last, _ = strings.Cut(phone.Mask(spelling), "•••")
			return first, last
		}
		first, last := shown(e164)
		first = strings.TrimPrefix(first, "+")
		code := phone.CallingCode(region)
		for _, spelling := range []string{n.Digits(), "00" + n.Digits(), "011" + n.Digits()} {
			prefix := strings.TrimSuffix(spelling, n.Digits())
			if more, end := shown(spelling); !strings.HasPrefix(prefix+first, more) || !strings.HasSuffix(last, end) {
				t.Errorf("%s shows %s and %s, %s shows %s and %s", spelling, more, end, e164, first, last)
			}
		}
		national := n.National(home)
		trunk := strings.TrimSuffix(national, strings.TrimPrefix(n.Digits(), code))
		if more, end := shown(national); !strings.HasPrefix(trunk+strings.TrimPrefix(first, code), more) || !strings.HasSuffix(last, end) {
			t.Errorf("%s shows %s and %s, %s shows %s and %s", national, more, end, e164, first, last)
		}
	}
}
