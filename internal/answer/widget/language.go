package widget

import (
	"embed"
	"encoding/json"
	"path"
	"strings"
	"sync"

	"golang.org/x/text/language"
)

// A language is a file of texts. Its name is its tag; all have the same texts,
// which a test sees to.
//
//go:embed lang/*.json
var files embed.FS

// fallback is the language of those who want none that we speak.
const fallback = "en"

// maxHeader bounds what is read of a visitor's Accept-Language.
const maxHeader = 200

// vocabulary is all languages: their texts as they stand in the files, and the
// matcher that finds one for a visitor. It is made once, from embedded files.
var vocabulary = sync.OnceValue(func() (all struct {
	tags    []string // the fallback first
	texts   map[string]json.RawMessage
	matcher language.Matcher
}) {
	entries, err := files.ReadDir("lang")
	if err != nil {
		panic(err) // they are in the program
	}
	all.texts = make(map[string]json.RawMessage)
	all.tags = []string{fallback}
	for _, e := range entries {
		text, err := files.ReadFile(path.Join("lang", e.Name()))
		if err != nil {
			panic(err)
		}
		tag := strings.TrimSuffix(e.Name(), ".json")
		all.texts[tag] = text
		if tag != fallback {
			all.tags = append(all.tags, tag)
		}
	}
	supported := make([]language.Tag, 0, len(all.tags))
	for _, tag := range all.tags {
		supported = append(supported, language.MustParse(tag))
	}
	all.matcher = language.NewMatcher(supported)
	return all
})

// choose returns the language for a visitor: what the page demands, else the
// first of theirs that we speak, else the entry's. Demanded says that another
// visitor of that page would get the same.
func choose(demanded, accepted, entrys string) (tag string, isDemanded bool) {
	if tag := match(demanded); tag != "" {
		return tag, true
	}
	for _, wanted := range []string{accepted, entrys} {
		if tag := match(wanted); tag != "" {
			return tag, false
		}
	}
	return fallback, false
}

// match returns the best of our languages for a list of tags, or "".
func match(wanted string) string {
	if len(wanted) > maxHeader {
		wanted = wanted[:max(0, strings.LastIndexByte(wanted[:maxHeader], ','))]
	}
	tags, _, err := language.ParseAcceptLanguage(wanted)
	if err != nil || len(tags) == 0 {
		return ""
	}
	all := vocabulary()
	_, index, confidence := all.matcher.Match(tags...)
	if confidence < language.High {
		return ""
	}
	return all.tags[index]
}
