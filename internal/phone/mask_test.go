package phone_test

import (
	"testing"

	"github.com/switchhook/switchhook/internal/phone"
)

func TestMaskShowsFirstFiveAndLastFour(t *testing.T) {
	for number, want := range map[string]string{
		"+19734321440":    "+1973•••1440",
		"+31611111111":    "+3161•••1111",
		"2125551212":      "21255•••1212",
		"123456789":       "12345•••6789",
		"12345678":        "•••78",
		"1001":            "•••01",
		"7":               "•••7",
		"":                "",
		"anonymous":       "anonymous",
		"+1973•••1440":    "+1973•••1440",
		"user_2010":       "•••10",
		"+1 973 432-1440": "+1 97•••1440",
		"２１２５５５０１２３":      "２１２５５•••０１２３",
		"+٢١٢٥٥٥٠١٢٣":     "+٢١٢٥•••٠١٢٣",
	} {
		if got := phone.Mask(number); got != want {
			t.Errorf("Mask(%q) = %q, want %q", number, got, want)
		}
	}
}

func TestMaskInFindsNumbersInText(t *testing.T) {
	for text, want := range map[string]string{
		"http://example.net/?NmsAni=%2B19734321440&Digits=3": "http://example.net/?NmsAni=%2B19734•••1440&Digits=3",
		"sip:19728240064@*":       "sip:19728•••0064@*",
		"http://127.0.0.1:54321/": "http://127.0.0.1:54321/",
		"call +31611111111, é":    "call +3161•••1111, é",
		"3 plus 4":                "3 plus 4",
		"of ２１２５５５０１２３, ２":        "of ２１２５５•••０１２３, ２",
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
