package speech

import (
	"errors"
	"strconv"
	"strings"
)

// voices is what espeak-ng can speak with: for each language tag, in lower case,
// the voice that suits it best.
type voices map[string]string

// standard is the language if none is named, or there is no voice for it.
const standard = "en-us"

// The variants of a voice that "male" and "female" stand for: clearly one or
// the other, and well understood over a telephone.
const (
	variantMale   = "+m3"
	variantFemale = "+f3"
)

// maxTag is the longest language tag that we parse (RFC 5646, 4.4.1).
const maxTag = 35

// parseVoices reads what espeak-ng --voices prints: a heading, and a line for
// each voice of its priority, language, age and gender, name, file, and other
// languages it serves, as in
//
//	5  fr-fr           --/M      French_(France)    roa/fr               (fr 5)
//
// A voice is known here by its file. Named by its language it is spoken too,
// but a variant that is asked for is then lost where the two differ (fr-fr).
func parseVoices(list []byte) (voices, error) {
	known := make(voices)
	rank := make(map[string]int)
	offer := func(tag, file string, priority int) {
		tag = strings.ToLower(tag)
		if held, ok := rank[tag]; !ok || priority < held {
			known[tag], rank[tag] = file, priority
		}
	}
	for line := range strings.Lines(string(list)) {
		fields := strings.Fields(line)
		if len(fields) < 5 || !plain(fields[4]) {
			continue
		}
		if _, err := strconv.Atoi(fields[0]); err != nil {
			continue // the heading
		}
		offer(fields[1], fields[4], 0)
		// The other languages: "(zh-cmn 5)(zh 5)", the better the lower.
		for _, other := range strings.FieldsFunc(strings.Join(fields[5:], " "), func(r rune) bool { return r == '(' || r == ')' }) {
			tag, number, _ := strings.Cut(other, " ")
			if priority, err := strconv.Atoi(number); err == nil {
				offer(tag, fields[4], priority)
			}
		}
	}
	if known[standard] == "" {
		return nil, errors.New("there is none for American English")
	}
	return known, nil
}

// plain reports whether name, of a voice file, can stand as an argument: it is
// made of letters, digits, dashes and the separators of a path, and is no flag.
func plain(name string) bool {
	for _, r := range name {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune(`-_/\`, r):
		default:
			return false
		}
	}
	return name != "" && name[0] != '-'
}

// choose returns the voice to speak with, as espeak-ng takes it after -v.
func (v voices) choose(language, voice string) string {
	chosen := v.of(language)
	switch strings.ToLower(strings.TrimSpace(voice)) {
	case "male":
		return chosen + variantMale
	case "female":
		return chosen + variantFemale
	}
	return chosen
}

// of returns the voice for a language tag: its own, or that of the tag with
// its last part left off, and so on; at last the standard one.
func (v voices) of(language string) string {
	tag := tagOf(language)
	if tag == "en" || len(tag) > maxTag {
		tag = standard // of two Englishes the one that the phone system speaks
	}
	for tag != "" {
		if file := v[nearest(tag)]; file != "" {
			return file
		}
		tag = tag[:max(0, strings.LastIndexByte(tag, '-'))]
	}
	return v[standard]
}

// nearest returns the tag that espeak-ng knows for one that it does not know, if
// dropping its last parts would lead to the wrong variety or language.
func nearest(tag string) string {
	switch tag {
	case "en-ca", "en-ph", "en-pr":
		return "en-us"
	// The children of es-419 in the Unicode CLDR (supplemental, parentLocales).
	case "es-ar", "es-bo", "es-br", "es-bz", "es-cl", "es-co", "es-cr", "es-cu", "es-do", "es-ec", "es-gt", "es-hn",
		"es-jp", "es-mx", "es-ni", "es-pa", "es-pe", "es-pr", "es-py", "es-sv", "es-us", "es-uy", "es-ve":
		return "es-419"
	case "nn", "no":
		return "nb"
	case "zh-hk", "zh-mo", "zh-hant-hk", "zh-hant-mo":
		return "yue"
	case "iw": // the former codes of Hebrew and Indonesian, still in use
		return "he"
	case "in":
		return "id"
	}
	return tag
}
