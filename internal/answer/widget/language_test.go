package widget_test

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/widget"
)

func TestLanguageIsThePagesThenTheVisitorsThenTheEntrys(t *testing.T) {
	for _, c := range []struct {
		name, page, visitor, entry string
		want                       string
		varies                     bool
	}{
		{"nobody wants any", "", "", "", "en", true},
		{"the page's", "fr", "de", "nl", "fr", false},
		{"the page's region", "es-419", "de", "nl", "es", false},
		{"one of the page's that we do not speak", "ja", "de", "nl", "de", true},
		{"the visitor's", "", "de-CH,de;q=0.9,en;q=0.8", "nl", "de", true},
		{"the visitor's second", "", "ja,pt-BR;q=0.9,en;q=0.8", "nl", "pt", true},
		{"the visitor's by weight", "", "en;q=0.1,it;q=0.9", "nl", "it", true},
		{"the entry's", "", "ja,ko;q=0.9", "nl-BE", "nl", true},
		{"the entry's for a visitor without any", "", "", "es-US", "es", true},
		{"English at last", "", "ja", "ko", "en", true},
		{"nonsense", "</script>", ";;;q=,,,\x00", "", "en", true},
		{"a header without end", "", "ja," + strings.Repeat("ja;q=0.5,", 100_000) + "fr", "it", "it", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := sales()
			e.Language = c.entry
			made := script(t, e, widget.Options{URL: ourURL, Lang: c.page, AcceptLanguage: c.visitor})
			if made.Language != c.want || made.Varies != c.varies || read(t, made).Lang != c.want {
				t.Errorf("got %s, varies %v; want %s, %v", made.Language, made.Varies, c.want, c.varies)
			}
		})
	}
}

var placeholder = regexp.MustCompile(`\{\w+\}`)

// TestLanguagesSayTheSame compares the files, and with what the script asks of
// them.
func TestLanguagesSayTheSame(t *testing.T) {
	source, err := os.ReadFile("widget.js")
	if err != nil {
		t.Fatal(err)
	}
	english := texts(t, "en")
	for key := range english {
		if !regexp.MustCompile(`\bt\.`+key+`\b|\bt\[|'`+key+`'`).Match(source) || !strings.Contains(string(source), key) && key != "button" {
			t.Errorf("the script never says %q", key)
		}
	}
	for _, used := range regexp.MustCompile(`\bt\.(\w+)`).FindAllSubmatch(source, -1) {
		if english[string(used[1])] == "" {
			t.Errorf("the script says %q, which no language has", used[1])
		}
	}
	for _, tag := range widget.Languages() {
		words := texts(t, tag)
		if diff := cmp.Diff(slices.Sorted(maps.Keys(english)), slices.Sorted(maps.Keys(words))); diff != "" {
			t.Errorf("%s has other texts than en (-en +%s):\n%s", tag, tag, diff)
		}
		for key, text := range words {
			want := slices.Sorted(slices.Values(placeholder.FindAllString(english[key], -1)))
			if diff := cmp.Diff(want, slices.Sorted(slices.Values(placeholder.FindAllString(text, -1)))); diff != "" {
				t.Errorf("%s: %s has other places to fill than in en: %s", tag, key, diff)
			}
			if text == "" || strings.TrimSpace(text) != text {
				t.Errorf("%s: %s is empty, or has space around it", tag, key)
			}
		}
	}
}

func texts(t *testing.T, tag string) map[string]string {
	t.Helper()
	file, err := os.ReadFile("lang/" + tag + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var words map[string]string
	if err := json.Unmarshal(file, &words); err != nil {
		t.Fatal(err)
	}
	return words
}
