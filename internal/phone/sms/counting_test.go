package sms_test

import (
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/unicode/norm"

	"github.com/switchhook/switchhook/internal/phone/sms"
)

// whole is the default alphabet as 3GPP TS 23.038 prints it, without the escape.
const whole = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
	"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"

// extension is the characters that take an escape.
const extension = "\f^{}\\[~]|€"

func TestTextsAreCounted(t *testing.T) {
	x := strings.Repeat
	for _, c := range []struct {
		name, text string
		want       sms.Size
	}{
		{"nothing", "", sms.Size{0, 0, sms.GSM7, 160}},
		{"a letter", "a", sms.Size{1, 1, sms.GSM7, 159}},
		{"the default alphabet", whole, sms.Size{1, 127, sms.GSM7, 33}},
		{"the extension", extension, sms.Size{1, 20, sms.GSM7, 140}},

		{"160", x("a", 160), sms.Size{1, 160, sms.GSM7, 0}},
		{"161", x("a", 161), sms.Size{2, 161, sms.GSM7, 145}},
		{"306", x("a", 306), sms.Size{2, 306, sms.GSM7, 0}},
		{"307", x("a", 307), sms.Size{3, 307, sms.GSM7, 152}},
		{"459", x("a", 459), sms.Size{3, 459, sms.GSM7, 0}},
		{"80 of the extension", x("€", 80), sms.Size{1, 160, sms.GSM7, 0}},
		{"an escape that would be the 160th and 161st", x("a", 159) + "{", sms.Size{2, 161, sms.GSM7, 145}},
		{"an escape at a segment's end goes into the next", x("a", 152) + "{" + x("a", 152), sms.Size{3, 306, sms.GSM7, 152}},
		{"an escape before a segment's end stays", x("a", 151) + "{" + x("a", 153), sms.Size{2, 306, sms.GSM7, 0}},
		{"76 escapes a segment", x("{", 152), sms.Size{2, 304, sms.GSM7, 1}},

		{"one character more than GSM-7 has", "it’s", sms.Size{1, 4, sms.UCS2, 66}},
		{"70", x("я", 70), sms.Size{1, 70, sms.UCS2, 0}},
		{"71", x("я", 71), sms.Size{2, 71, sms.UCS2, 63}},
		{"134", x("я", 134), sms.Size{2, 134, sms.UCS2, 0}},
		{"135", x("я", 135), sms.Size{3, 135, sms.UCS2, 66}},
		{"the extension counts once there", x("€", 69) + "я", sms.Size{1, 70, sms.UCS2, 0}},
		{"35 pairs", x("🙂", 35), sms.Size{1, 70, sms.UCS2, 0}},
		{"a pair at a segment's end goes into the next", x("я", 66) + "🙂" + x("я", 66), sms.Size{3, 134, sms.UCS2, 66}},
		{"33 pairs a segment", x("🙂", 66), sms.Size{2, 132, sms.UCS2, 1}},
		{"what is no UTF-8", "a\xff\xfe", sms.Size{1, 3, sms.UCS2, 67}},
		{"a tab", "a\tb", sms.Size{1, 3, sms.UCS2, 67}},
		{"a grave accent", "`", sms.Size{1, 1, sms.UCS2, 69}},
		{"a small c with cedilla", "ç", sms.Size{1, 1, sms.UCS2, 69}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, sms.Count(c.text)); diff != "" {
				t.Errorf("%.60q (- want, + got):\n%s", c.text, diff)
			}
		})
	}
}

func TestCountingAllocatesNothing(t *testing.T) {
	texts := []string{whole + extension, strings.Repeat("я🙂", 100)}
	if n := testing.AllocsPerRun(100, func() {
		for _, text := range texts {
			sms.Count(text)
		}
	}); n != 0 {
		t.Errorf("it allocates %v times", n)
	}
}

// FuzzCount cuts any text by hand and counts the pieces.
func FuzzCount(f *testing.F) {
	for _, seed := range []string{"", whole, extension, strings.Repeat("a", 152) + "{", strings.Repeat("я", 66) + "🙂", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := sms.Count(text)
		text = norm.NFC.String(text)
		alone, part := 160, 153
		widthOf := func(r rune) int {
			if strings.ContainsRune(extension, r) {
				return 2
			}
			return 1
		}
		gsm7 := strings.Trim(text, whole+extension) == "" // also characters in the middle are cut from the ends
		if gsm7 != (got.Alphabet == sms.GSM7) || gsm7 != (sms.Explain(text) == nil) {
			t.Fatalf("%q is %+v, and strange are %v", text, got, sms.Explain(text))
		}
		if !gsm7 {
			alone, part, widthOf = 70, 67, func(r rune) int { return len(utf16.Encode([]rune{r})) }
		}
		var pieces []int
		units := 0
		for _, r := range text {
			width := widthOf(r)
			units += width
			if len(pieces) == 0 || pieces[len(pieces)-1]+width > part {
				pieces = append(pieces, 0)
			}
			pieces[len(pieces)-1] += width
		}
		want := sms.Size{Segments: len(pieces), Units: units, Alphabet: got.Alphabet}
		if units <= alone {
			want.Segments, want.Left = min(1, len(pieces)), alone-units
		} else {
			want.Left = part - pieces[len(pieces)-1]
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (- want, + got):\n%s", text, diff)
		}
	})
}

func BenchmarkCount(b *testing.B) {
	text := "Our hours are Monday to Friday, 9 to 5. We are at 1 Example Street, Springfield. Parking is behind the house."
	b.ReportAllocs()
	for b.Loop() {
		sms.Count(text)
	}
}

// TestLettersAreCountedComposed: a phone or an editor of Apple's may write é as
// e with an accent, which GSM-7 has no character for.
func TestLettersAreCountedComposed(t *testing.T) {
	const composed, apart = "Nous vous rappelons d\u00e8s que possible, caf\u00e9", "Nous vous rappelons de\u0300s que possible, cafe\u0301"
	if got, want := sms.Count(apart), sms.Count(composed); got != want || want.Alphabet != sms.GSM7 {
		t.Errorf("%+v, and composed %+v", got, want)
	}
	if got := sms.Explain(apart); got != nil {
		t.Errorf("%+v", got)
	}
}
