package optout_test

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/switchhook/switchhook/internal/optout"
)

// leastRecall is how many of a hundred opt-outs must be recognised.
const leastRecall = 98

// labelled is a text of the corpus.
type labelled struct {
	want     optout.Word
	language string
	text     string
}

// score counts how texts of one language were read.
type score struct{ stops, found, others, alarms int }

func (s score) recall() float64 { return 100 * float64(s.found) / float64(max(s.stops, 1)) }

// TestOptOutsOfTheCorpusAreRecognised fails where too many opt-outs of the
// corpus are missed, or one text is taken for an opt-out that is none. With -v it prints
// recall by language. What was set aside is not printed text by text, so that
// nobody tunes the grammar by it.
func TestOptOutsOfTheCorpusAreRecognised(t *testing.T) {
	for _, file := range []string{"corpus.tsv", "heldout.tsv"} {
		t.Run(file, func(t *testing.T) {
			all := score{}
			byLanguage := map[string]*score{}
			for _, text := range corpus(t, file) {
				got := optout.Read(text.text)
				one := byLanguage[text.language]
				if one == nil {
					one = &score{}
					byLanguage[text.language] = one
				}
				for _, s := range []*score{&all, one} {
					s.count(text.want, got)
				}
				if got != text.want && file == "corpus.tsv" {
					t.Logf("%q (%s) is %q, want %q", text.text, text.language, got, text.want)
				}
			}
			t.Logf("\n%s", table(byLanguage, all))
			if all.recall() < leastRecall {
				t.Errorf("%.1f %% of the opt-outs are recognised, want %d %%", all.recall(), leastRecall)
			}
			if all.alarms > 0 {
				t.Errorf("%d texts are taken for an opt-out that are none", all.alarms)
			}
		})
	}
}

// TestConsentAndHelpOfTheCorpusAreRead has no tolerance: a text that is taken
// for a consent by mistake goes to somebody who said stop.
func TestConsentAndHelpOfTheCorpusAreRead(t *testing.T) {
	for _, file := range []string{"corpus.tsv", "heldout.tsv"} {
		for _, text := range corpus(t, file) {
			got := optout.Read(text.text)
			for _, word := range []optout.Word{optout.Start, optout.Help} {
				switch {
				case (got == word) == (text.want == word):
				case file == "corpus.tsv":
					t.Errorf("%q (%s) is %q, want %q", text.text, text.language, got, text.want)
				default:
					t.Errorf("a text that was set aside (%s) is %q, want %q", text.language, got, text.want)
				}
			}
		}
	}
}

func (s *score) count(want, got optout.Word) {
	if want == optout.Stop {
		s.stops++
		if got == optout.Stop {
			s.found++
		}
		return
	}
	s.others++
	if got == optout.Stop {
		s.alarms++
	}
}

// table returns the scores by language.
func table(byLanguage map[string]*score, all score) string {
	var out bytes.Buffer
	w := tabwriter.NewWriter(&out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "language\topt-outs\trecognised\trecall\tothers\tfalse alarms\t")
	row := func(name string, s score) {
		fmt.Fprintf(w, "%s\t%d\t%d\t%.1f %%\t%d\t%d\t\n", name, s.stops, s.found, s.recall(), s.others, s.alarms)
	}
	languages := make([]string, 0, len(byLanguage))
	for language := range byLanguage {
		languages = append(languages, language)
	}
	slices.Sort(languages)
	for _, language := range languages {
		row(language, *byLanguage[language])
	}
	row("all", all)
	_ = w.Flush()
	return out.String()
}

// corpus returns the texts of a file in testdata.
func corpus(t testing.TB, file string) []labelled {
	t.Helper()
	data, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	words := map[string]optout.Word{"stop": optout.Stop, "start": optout.Start, "help": optout.Help, "none": optout.None}
	var texts []labelled
	for number, line := range strings.Split(string(data), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Split(line, "\t")
		word, known := words[fields[0]]
		if len(fields) != 3 || !known {
			t.Fatalf("%s:%d is not label, language and text: %q", file, number+1, line)
		}
		texts = append(texts, labelled{word, fields[1], strings.ReplaceAll(fields[2], `\n`, "\n")})
	}
	return texts
}
