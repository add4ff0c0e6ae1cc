package speech_test

import (
	"strings"
	"testing"

	"github.com/switchhook/switchhook/internal/call/speech"
)

// oneVoice is a list of voices with the one that cannot be missing.
const oneVoice = `
Pty Language       Age/Gender VoiceName          File                 Other Languages
 2  en-us           --/M      English_(America)  gmw/en-US            (en 3)
`

// fewVoices is a part of what espeak-ng 1.51 prints.
const fewVoices = `Pty Language       Age/Gender VoiceName          File                 Other Languages
 5  cmn             --/M      Chinese_(Mandarin,_latin_as_English) sit/cmn              (zh-cmn 5)(zh 5)
 5  cmn-latn-pinyin --/M      Chinese_(Mandarin,_latin_as_Pinyin) sit/cmn-Latn-pinyin  (zh-cmn 5)(zh 5)
 2  en-gb           --/M      English_(Great_Britain) gmw/en               (en 2)
 2  en-us           --/M      English_(America)  gmw/en-US            (en 3)
 5  fr-be           --/M      French_(Belgium)   roa/fr-BE            (fr 8)
 5  fr-fr           --/M      French_(France)    roa/fr               (fr 5)
 5  ko              --/M      Korean             ko                   
 5  yue             --/M      Chinese_(Cantonese) sit/yue              (zh-yue 5)(zh 8)
 5  yue             --/M      Chinese_(Cantonese,_latin_as_Jyutping) sit/yue-Latn-jyutping (zh-yue 5)(zh 8)
`

func TestVoiceIsChosenByItsFile(t *testing.T) {
	for _, tt := range []struct{ language, voice, want string }{
		{"", "", "gmw/en-US"},
		{"en-GB", "male", "gmw/en+m3"},
		{"en-ZA", "FEMALE", "gmw/en+f3"},
		{"fr-CA", "female", "roa/fr+f3"},
		{"fr-BE", "Amélie", "roa/fr-BE"},
		{"zh-Hans-CN", "", "sit/cmn"},
		{"zh-HK", "", "sit/yue"},
		{"ko-KR", "male", "ko+m3"},
		{"uk", "", "gmw/en-US"}, // not of this list
	} {
		got, err := speech.Choose([]byte(fewVoices), tt.language, tt.voice)
		if err != nil || got != tt.want {
			t.Errorf("language %q, voice %q: got %q, %v; want %q", tt.language, tt.voice, got, err, tt.want)
		}
	}
	// On Windows the lines and the paths look different.
	windows := strings.NewReplacer("\n", "\r\n", "gmw/", `gmw\`).Replace(fewVoices)
	if got, err := speech.Choose([]byte(windows), "en-US", "male"); err != nil || got != `gmw\en-US+m3` {
		t.Errorf("of a Windows list: got %q, %v", got, err)
	}
}

func FuzzChoose(f *testing.F) {
	f.Add(fewVoices, "fr-CA", "female")
	f.Add(oneVoice, "", "")
	f.Add("2 en-us M x -w/etc/passwd (en 3)", "en", "male")
	f.Add("1 en-us M x a (en -1)(((x 1) 2))\n0 EN-US M y b", "en-us-", "+f3")
	f.Fuzz(func(t *testing.T, list, language, voice string) {
		got, err := speech.Choose([]byte(list), language, voice)
		if err != nil {
			return
		}
		file := strings.TrimSuffix(strings.TrimSuffix(got, "+m3"), "+f3")
		if file == "" || file[0] == '-' || strings.ContainsAny(file, "+ \t\r\n\x00$") || !strings.Contains(list, file) {
			t.Errorf("chose %q, which is no voice of the list", got)
		}
	})
}
