package sms_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/phone/sms"
)

func TestWhatMakesATextLongerIsExplained(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []sms.Stranger
	}{
		{"nothing does", whole + extension, nil},
		{"a word processor", "We’re “open” – don’t call…", []sms.Stranger{
			{Character: "’", Times: 2, Instead: "'"}, {Character: "“", Times: 1, Instead: `"`}, {Character: "”", Times: 1, Instead: `"`},
			{Character: "–", Times: 1, Instead: "-"}, {Character: "…", Times: 1, Instead: "..."},
		}},
		{"spaces", "9\u00A0to\u20095\t(or later)", []sms.Stranger{
			{Character: "\u00A0", Times: 1, Instead: " "}, {Character: "\u2009", Times: 1, Instead: " "}, {Character: "\t", Times: 1, Instead: " "},
		}},
		{"what shows nothing", "a\u200Bb\u00ADc\uFEFF", []sms.Stranger{
			{Character: "\u200B", Times: 1, Needless: true}, {Character: "\u00AD", Times: 1, Needless: true}, {Character: "\uFEFF", Times: 1, Needless: true},
		}},
		{"letters with marks", "São Brânçon Łódź œ", []sms.Stranger{
			{Character: "ã", Times: 1, Instead: "a"}, {Character: "â", Times: 1, Instead: "a"}, {Character: "ç", Times: 1, Instead: "c"},
			{Character: "Ł", Times: 1, Instead: "L"}, {Character: "ó", Times: 1, Instead: "o"},
		}},
		{"a mark on its own", "x\u0301", []sms.Stranger{{Character: "\u0301", Times: 1, Needless: true}}},
		{"wide letters, ligatures", "Ａﬁ™½", []sms.Stranger{
			{Character: "Ａ", Times: 1, Instead: "A"}, {Character: "ﬁ", Times: 1, Instead: "fi"}, {Character: "™", Times: 1, Instead: "TM"}, {Character: "½", Times: 1, Instead: "1/2"},
		}},
		{"nothing alike", "я🙂\xff", []sms.Stranger{{Character: "я", Times: 1}, {Character: "🙂", Times: 1}, {Character: "\uFFFD", Times: 1}}},
		{"the first five", "абвгдеа", []sms.Stranger{
			{Character: "а", Times: 2}, {Character: "б", Times: 1}, {Character: "в", Times: 1}, {Character: "г", Times: 1}, {Character: "д", Times: 1},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := sms.Explain(c.text)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%q (- want, + got):\n%s", c.text, diff)
			}
			for _, stranger := range got {
				if size := sms.Count(stranger.Instead); size.Alphabet != sms.GSM7 {
					t.Errorf("%q, instead of %q, is %s", stranger.Instead, stranger.Character, size.Alphabet)
				}
			}
		})
	}
}
