package speech

import "slices"

// Choose returns the argument of espeak-ng for a language and a voice, out of
// a list as espeak-ng prints it. It is here to be fuzzed.
func Choose(list []byte, language, voice string) (string, error) {
	known, err := parseVoices(list)
	if err != nil {
		return "", err
	}
	return known.choose(language, voice), nil
}

// Pieces returns the pieces that flite gets a text in.
func Pieces(text string) []string { return slices.Collect(pieces(text)) }
