package plaintext_test

import (
	"testing"

	"github.com/switchhook/switchhook/internal/setting/plaintext"
)

func TestFilesOfAllEditorsAreOneText(t *testing.T) {
	for name, row := range map[string]struct{ data, want string }{
		"UTF-8":                         {"naïve", "naïve"},
		"a mark":                        {"\xEF\xBB\xBFnaïve", "naïve"},
		"a mark alone":                  {"\xEF\xBB\xBF", ""},
		"UTF-16":                        {"\xFF\xFEa\x00\xEF\x00=\xD8\x00\xDE", "aï😀"},
		"UTF-16, the larger byte first": {"\xFE\xFF\x00a\x00\xEF\xD8=\xDE\x00", "aï😀"},
		"UTF-16 without a mark":         {"a\x00b\x00", "ab"},
		"UTF-16 without a mark, the larger byte first": {"\x00a\x00b", "ab"},
		"UTF-16 with half a sign":                      {"\xFF\xFEa\x00b", "a"},
		"a NUL within":                                 {"a\x00bc", "a\x00bc"},
		"another charset":                              {"na\xEFve", "na\xEFve"},
		"nothing":                                      {"", ""},
		"one byte":                                     {"\xFF", "\xFF"},
	} {
		if got := string(plaintext.Decode([]byte(row.data))); got != row.want {
			t.Errorf("%s: %q, not %q", name, got, row.want)
		}
	}
}

func TestLettersAreComposed(t *testing.T) {
	for given, want := range map[string]string{"e\u0301": "é", "é": "é", "A\u030Angstro\u0308m": "Ångström", "\u1112\u1161\u11AB": "한", "ﬁ": "ﬁ", "": ""} {
		if got := plaintext.Compose(given); got != want {
			t.Errorf("%+q becomes %+q, not %+q", given, got, want)
		}
	}
}
