package speech

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/setting"
)

// Set speaks as settings say. It is safe for concurrent use.
type Set struct {
	settings   Settings
	voices     map[Engine]engineVoice
	missing    map[Engine]error
	recordings map[setting.Path]recording
	count      func(engine Engine, ok bool)
}

// engineVoice is the Voice of an engine.
type engineVoice interface {
	Voice

	// speaks reports whether a language, as a tag, can be spoken.
	speaks(tag string) bool
}

// Open finds the engines, those too that settings do not name, and reads the
// recordings. Count counts each text that an engine was asked to speak; optional.
// The error says which recording cannot be used; an engine that is not there is
// none.
func Open(s Settings, count func(engine Engine, ok bool)) (*Set, error) {
	if count == nil {
		count = func(Engine, bool) {}
	}
	set := &Set{
		settings: s, voices: map[Engine]engineVoice{}, missing: map[Engine]error{},
		recordings: map[setting.Path]recording{}, count: count,
	}
	limits := Limits{FirstSound: s.FirstSound, Whole: s.Timeout}.orDefaults()
	for _, engine := range [...]Engine{EspeakNG, Flite} {
		var err error
		if set.voices[engine], err = find(engine, limits); err != nil {
			delete(set.voices, engine)
			set.missing[engine] = err
		}
	}
	err := set.read("fallback", s.Fallback)
	for i, d := range s.Domains {
		err = cmp.Or(err, set.read(domainPath(i, "fallback"), d.Fallback))
	}
	if err != nil {
		return nil, err
	}
	return set, nil
}

func domainPath(i int, key string) string { return fmt.Sprintf("domain.%d.%s", i, key) }

// Missing returns why engines that the settings name cannot be used.
func (s *Set) Missing() error {
	var errs []error
	for _, engine := range s.named() {
		errs = append(errs, s.missing[engine])
	}
	return errors.Join(errs...)
}

// Engines returns the engines that the settings name and that are there.
func (s *Set) Engines() []Engine {
	return slices.DeleteFunc(s.named(), func(engine Engine) bool { return s.voices[engine] == nil })
}

// named returns the engines that the settings name.
func (s *Set) named() []Engine {
	engines := []Engine{s.settings.Engine}
	for _, d := range s.settings.Domains {
		if d.Engine != "" && !slices.Contains(engines, d.Engine) {
			engines = append(engines, d.Engine)
		}
	}
	return engines
}

// Choose returns an utterance with what the settings of its domain say: engine,
// voice, language, and the recording that stands in for it. Two that are equal then
// sound the same.
func (s *Set) Choose(u Utterance) Utterance {
	d := s.of(u.Domain)
	u.Domain, u.engine, u.fallback = "", d.Engine, d.Fallback
	u.Voice, u.Language = cmp.Or(u.Voice, string(d.Voice)), cmp.Or(u.Language, string(d.Language))
	if able := s.able(u); len(able) > 0 {
		u.engine = able[0]
	}
	return u
}

// of returns the settings of a domain.
func (s *Set) of(domain string) DomainSettings {
	for _, d := range s.settings.Domains {
		if strings.EqualFold(string(d.Name), domain) {
			return d
		}
	}
	return DomainSettings{Engine: s.settings.Engine, Voice: s.settings.Voice, Language: s.settings.Language, Fallback: s.settings.Fallback}
}

// able returns the engines that can speak an utterance, the chosen one first.
func (s *Set) able(u Utterance) (engines []Engine) {
	for _, engine := range [...]Engine{u.engine, EspeakNG, Flite} {
		v := s.voices[engine]
		if v != nil && !slices.Contains(engines, engine) && v.speaks(tagOf(u.Language)) {
			engines = append(engines, engine)
		}
	}
	return engines
}

// Speak implements Voice. Where the engine of the settings fails before its first
// sound, another one speaks the text, and where none can, the caller hears the
// recording. Either is an error all the same: it is to be told, and the sound is
// not to be kept.
func (s *Set) Speak(ctx context.Context, u Utterance, into *audio.Sound) error {
	if u.engine == "" {
		u = s.Choose(u)
	}
	if _, err := speakable(u.Text); err != nil {
		return err
	}
	able := s.able(u)
	var failed error
	if len(able) == 0 { // espeak-ng, which speaks any language, is not there
		failed = cmp.Or(s.missing[u.engine], s.missing[EspeakNG])
	}
	for _, engine := range able {
		err := s.voices[engine].Speak(ctx, u, into)
		if ctx.Err() != nil {
			return err
		}
		s.count(engine, err == nil)
		switch {
		case err == nil && failed == nil:
			return nil
		case err == nil:
			return &fault.Error{Code: fault.Unavailable, Message: string(engine) + " spoke the text instead", Err: failed}
		case into.Len() > 0:
			return err
		}
		failed = cmp.Or(failed, err)
	}
	return s.playInstead(u, into, failed)
}

// playInstead plays the recording, if there is one, in place of a text that cannot
// be spoken.
func (s *Set) playInstead(u Utterance, into *audio.Sound, err error) error {
	clip := s.recordings[u.fallback][into.Rate()]
	if clip == nil {
		return err
	}
	into.Append(clip)
	return &fault.Error{Code: fault.Unavailable, Message: "a recording was played instead of the text", Hint: fault.HintOf(err), Err: err}
}

// recording is a recorded sound, by samples a second.
type recording map[int][]int16

// maxRecording is the longest recording: it says that something does not work, and
// stays in memory.
const maxRecording = time.Minute

// read reads the recording of a setting.
func (s *Set) read(path string, file setting.Path) error {
	if file == "" || s.recordings[file] != nil {
		return nil
	}
	r, err := readRecording(string(file))
	if err != nil {
		return &fault.Error{
			Code: fault.Invalid, Message: fmt.Sprintf("speech.%s is %s, which cannot be played", path, file), Err: err,
			Hint: "make it a WAV file: ffmpeg -i FILE -ar 16000 -ac 1 sorry.wav",
		}
	}
	s.recordings[file] = r
	return nil
}

func readRecording(path string) (recording, error) {
	r := recording{}
	for _, rate := range [...]int{audio.Rate, audio.Wideband} {
		file, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		sound := audio.NewSound(rate)
		wav, err := audio.OpenWAV(file)
		if err == nil {
			err = wav.Decode(sound)
		}
		_ = file.Close() // it was read
		if err != nil {
			return nil, err
		}
		if sound.Duration() > maxRecording {
			return nil, fmt.Errorf("it takes %v; it may take %v", sound.Duration(), maxRecording)
		}
		reader := sound.Reader()
		r[rate] = make([]int16, sound.Len())
		reader.Read(r[rate])
	}
	return r, nil
}
