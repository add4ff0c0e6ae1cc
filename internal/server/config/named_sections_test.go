package config_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/speech"
	"github.com/switchhook/switchhook/internal/setting"
)

// TestADomainsNameStandsInItsHead: [speech.domain."example.net"] is an item with
// that name; a variable changes one, or adds one.
func TestADomainsNameStandsInItsHead(t *testing.T) {
	from := fromFile(t, complete+`[speech]
engine = "flite"
language = "en-GB"
fallback = "sorry.wav"
[speech.domain."example.net"]
voice = "male"
[speech.domain.local]
engine = "espeak-ng"
fallback = "/srv/local.wav"
`, nil)
	from.Environ = []string{"SWITCHHOOK_SPEECH_DOMAIN_1_LANGUAGE=nl", "SWITCHHOOK_SPEECH_DOMAIN_2_NAME=example.org"}
	s := load(t, from)
	sorry := s.Speech.Fallback
	if sorry == "sorry.wav" || sorry == "" {
		t.Errorf("a relative path is %q", sorry)
	}
	want := []speech.DomainSettings{
		{Name: "example.net", Engine: speech.Flite, Voice: speech.Male, Language: "en-GB", Fallback: sorry},
		{Name: "local", Engine: speech.EspeakNG, Language: "nl", Fallback: setting.Path("/srv/local.wav")},
		{Name: "example.org", Engine: speech.Flite, Language: "en-GB", Fallback: sorry},
	}
	if diff := cmp.Diff(want, s.Speech.Domains); diff != "" {
		t.Errorf("domains (-want +got):\n%s", diff)
	}
	if got := described(t, s, "speech.domain.0.name"); got.Value != "example.net" || got.Origin.String() != "switchhook.toml:13" {
		t.Errorf("the name is %s, from %s", got.Value, got.Origin)
	}
}

func TestProblemsOfDomainsAreReported(t *testing.T) {
	for name, c := range map[string]struct {
		file string
		want []string
	}{
		"twice": {"[speech.domain.\"example.net\"]\n[speech.domain.\"Example.net\"]\n", []string{
			`switchhook.toml:10: speech.domain.1.name is "Example.net", as that of an earlier section is`,
		}},
		"no name": {"[[speech.domain]]\nengine = 'flite'\n", []string{
			`switchhook.toml:9: speech.domain.0.name is missing: write name = "example.net" below [speech.domain."example.net"], or set SWITCHHOOK_SPEECH_DOMAIN_0_NAME in the environment`,
		}},
		"as items": {"[[speech.domain]]\nname = 'a'\n[[speech.domain]]\nname = 'a'\n", []string{
			`switchhook.toml:12: speech.domain.1.name is "a", as that of an earlier section is`,
		}},
		"no domain": {"[speech.domain]\nengine = 'flite'\n", []string{
			`switchhook.toml:9: speech.domain is a section; write [speech.domain."example.net"] on a line of its own, and its keys below`,
		}},
		"no such key": {"[speech.domain.\"example.net\"]\nengin = 'flite'\n", []string{
			`switchhook.toml:10: speech.domain.0.engin is not a setting; is speech.domain.0.engine meant?`,
		}},
		"no such engine": {"[speech.domain.\"example.net\"]\nengine = 'festival'\nlanguage = '-'\n", []string{
			`switchhook.toml:10: speech.domain.0.engine is "festival"; it takes "espeak-ng" or "flite"`,
			`switchhook.toml:11: speech.domain.0.language is "-"; it takes the tag of a language, such as "en-GB" or "nl"`,
		}},
		"a bad name": {"[speech.domain.\"exa mple\"]\n", []string{
			`switchhook.toml:9: speech.domain.0.name is "exa mple", which holds other characters than letters, digits, dots, dashes and underscores`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, refusal(t, fromFile(t, complete+c.file, nil))); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}
