package speech

import (
	"errors"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/setting"
)

// Settings say how texts are spoken to callers.
type Settings struct {
	Engine     Engine        `key:"engine" default:"espeak-ng" doc:"The program that speaks: espeak-ng speaks a hundred languages, flite English alone, and nicer. Where it is not installed, does not speak a language, or fails before its first sound, the other one speaks."`
	Voice      VoiceName     `key:"voice" example:"female" doc:"The voice where a document names none: male or female. Left out, the usual one of the language."`
	Language   Language      `key:"language" default:"en-US" doc:"The language where a document names none."`
	FirstSound time.Duration `key:"first_sound" default:"5s" min:"1s" max:"30s" doc:"How long a caller waits in silence for the first sound of a text. Then the program is stopped."`
	Timeout    time.Duration `key:"timeout" default:"30s" min:"1s" max:"5m" doc:"How long a program may work on one text, while the caller hears how it begins."`

	// Fallback is empty if callers hear nothing then.
	Fallback setting.Path `key:"fallback" example:"/etc/switchhook/sorry.wav" doc:"A recording, a WAV file of a minute at most, that a caller hears in place of a text that no program can speak. Left out, the text is skipped."`

	Domains []DomainSettings `key:"domain" named:"name" doc:"What differs for the callers of one domain. In the environment the domain is SWITCHHOOK_SPEECH_DOMAIN_0_NAME."`
}

// DomainSettings are those of one domain, whole: what it leaves out is as for all.
type DomainSettings struct {
	Name     setting.Domain `key:"name" example:"example.net" need:"item" doc:"The domain."`
	Engine   Engine         `key:"engine" example:"flite" inherits:"speech.engine" doc:"The program that speaks. Left out, that of [speech]."`
	Voice    VoiceName      `key:"voice" example:"male" inherits:"speech.voice" doc:"The voice where a document names none. Left out, that of [speech]."`
	Language Language       `key:"language" example:"en-GB" inherits:"speech.language" doc:"The language where a document names none. Left out, that of [speech]."`
	Fallback setting.Path   `key:"fallback" example:"/etc/switchhook/example-sorry.wav" inherits:"speech.fallback" doc:"The recording that is heard in place of a text. Left out, that of [speech]."`
}

// Check reports a domain that has two sections.
func (s *Settings) Check() error {
	var problems []error
	seen := map[string]bool{}
	for i, d := range s.Domains {
		name := strings.ToLower(string(d.Name))
		if seen[name] && name != "" {
			problems = append(problems, setting.Problemf(domainPath(i, "name"), "is %q, as that of an earlier section is", d.Name))
		}
		seen[name] = true
	}
	return errors.Join(problems...)
}

// VoiceName is a voice that operators choose.
type VoiceName string

// The voices.
const (
	Male   VoiceName = "male"
	Female VoiceName = "female"
)

// Choices returns the voices.
func (VoiceName) Choices() []string { return setting.Words(Male, Female) }

// Language is a BCP-47 tag.
type Language string

// UnmarshalText reads a tag.
func (l *Language) UnmarshalText(text []byte) error {
	*l = Language(text)
	letters := "abcdefghijklmnopqrstuvwxyz0123456789"
	for part := range strings.SplitSeq(tagOf(string(text)), "-") {
		if part == "" || strings.Trim(part, letters) != "" || len(text) > maxTag {
			return setting.ErrForm
		}
	}
	return nil
}

// Takes says what a Language is.
func (l Language) Takes() string { return `the tag of a language, such as "en-GB" or "nl"` }
