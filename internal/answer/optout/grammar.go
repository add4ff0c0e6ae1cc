package optout

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
)

// words has one table a language. words/README.md says how to write one.
//
//go:embed words/*.txt
var words embed.FS

// grammar is all tables as one.
type grammar struct {
	spelling

	alone     map[string]Word    // texts that say no more than a keyword, and courtesies; without spaces
	exact     map[string]Word    // texts that are no more than that, with their accents
	only      map[string]Word    // those that must stand without courtesies, too
	polite    set                // courtesies
	reactions map[string]bool    // "Liked", before a quoted text
	small     map[string]bool    // words that leave a keyword in another sentence what it is
	rules     map[string][]*rule // by each word that they may begin with
}

// table is what rules of one language share.
type table struct {
	sets          map[string]set
	before, after map[string]bool // words that may stand before ^ and after $
}

// rule is a line that begins with stop, sole or none.
type rule struct {
	stops    bool
	sole     bool // only where the other sentences say nothing
	begins   bool // ^
	ends     bool // $
	states   bool // .: it is no question
	elements []element
	table    *table
}

// element is a part of a rule.
type element struct {
	set      set
	optional bool // ?
	repeated bool // *
	gap      int  // ..: up to so many words
	rest     bool // ...: the rest of the sentence
	cross    bool // ,: the sentence may end here
	ends     bool // ;: it must
}

// number stands in rules for digits.
const number = "#"

// set has phrases by their first words.
type set map[string][][]string

func (s set) add(phrase []string) { s[phrase[0]] = append(s[phrase[0]], phrase) }

// tables returns the grammar of all languages.
var tables = sync.OnceValue(func() *grammar {
	g, err := readTables(words)
	if err != nil {
		panic(err) // a test reads them
	}
	return g
})

// readTables reads the tables of a folder.
func readTables(folder fs.FS) (*grammar, error) {
	g := &grammar{
		spelling: spelling{known: map[string]bool{}, ordinary: map[string]bool{}, squeezed: map[string]string{}, spelled: map[string]string{}, joined: map[string][]string{}},
		alone:    map[string]Word{}, exact: map[string]Word{}, only: map[string]Word{}, polite: set{}, reactions: map[string]bool{},
		small: map[string]bool{}, rules: map[string][]*rule{},
	}
	files, err := fs.Glob(folder, "words/*.txt")
	if err != nil {
		return nil, err
	}
	byLanguage := map[string]*table{}
	for _, file := range files {
		data, err := fs.ReadFile(folder, file)
		if err != nil {
			return nil, err
		}
		language, _, _ := strings.Cut(strings.TrimSuffix(path.Base(file), ".txt"), "_")
		t := byLanguage[language]
		if t == nil {
			t = &table{sets: map[string]set{}, before: map[string]bool{}, after: map[string]bool{}}
			byLanguage[language] = t
		}
		for number, line := range strings.Split(string(data), "\n") {
			if err := g.readLine(t, strings.TrimSpace(line)); err != nil {
				return nil, fmt.Errorf("%s:%d: %w", path.Base(file), number+1, err)
			}
		}
	}
	for _, word := range slices.Sorted(maps.Keys(g.known)) {
		short := squeeze(word)
		if other, found := g.squeezed[short]; !strings.HasSuffix(word, "*") && (!found || len(word) < len(other)) {
			g.squeezed[short] = word // the shorter of two counts: stop, stopp
		}
	}
	return g, nil
}

// readLine reads a line of a table: what it is, a colon, and what it says.
func (g *grammar) readLine(t *table, line string) error {
	if line == "" || strings.HasPrefix(line, "#") {
		return nil
	}
	kind, says, found := strings.Cut(line, ":")
	kind, name, _ := strings.Cut(kind, " ")
	if !found {
		return fmt.Errorf("want what the line is, a colon, and what it says: %q", line)
	}
	if kind == "stop" || kind == "sole" || kind == "none" {
		return g.readRule(t, kind, says)
	}
	for text := range strings.SplitSeq(says, ",") {
		if kind == "set" && strings.Contains(text, "<") {
			if err := t.combine(name, strings.Fields(text)); err != nil {
				return err
			}
			continue
		}
		phrase := folded(text)
		if kind != "spelled" && kind != "known" {
			g.know(phrase)
		}
		if len(phrase) == 0 {
			return fmt.Errorf("there is nothing between two commas: %q", line)
		}
		whole := strings.Join(phrase, "")
		switch kind {
		case "alone", "only", "exact":
			word := Word(name)
			if word != Stop && word != Start && word != Help {
				return fmt.Errorf("%q is not stop, start or help", name)
			}
			into := g.alone
			switch kind {
			case "only":
				into = g.only
			case "exact":
				into, whole = g.exact, accented(text)
			}
			if other, known := into[whole]; known && other != word {
				return fmt.Errorf("%q is %s in another table", text, other)
			}
			into[whole] = word
			g.known[strings.Join(phrase, "")] = true
		case "set":
			if t.sets[name] == nil {
				t.sets[name] = set{}
			}
			t.sets[name].add(phrase)
		case "polite":
			g.polite.add(phrase)
		case "before", "after", "small":
			for _, word := range phrase {
				g.small[word] = true
				t.before[word] = t.before[word] || kind == "before"
				t.after[word] = t.after[word] || kind == "after"
			}
		case "reaction":
			g.reactions[whole] = true
		case "spelled":
			g.spelled[whole] = name
		case "near":
			if len(whole) > longest {
				return fmt.Errorf("%q has more than %d letters", whole, longest)
			}
			g.near = append(g.near, whole)
		case "joined":
			g.joined[whole] = phrase
		case "known":
			for _, word := range phrase {
				g.ordinary[word] = true
			}
		default:
			return fmt.Errorf("no line is called %q", kind)
		}
	}
	return nil
}

// combine adds to a set each phrase of the first of two sets with each of the second.
func (t *table) combine(name string, two []string) error {
	var of [2]set
	for i := range of {
		if len(two) == len(of) {
			of[i] = t.sets[strings.Trim(two[i], "<>")]
		}
		if of[i] == nil {
			return fmt.Errorf("want two sets that stand above this line: %q", strings.Join(two, " "))
		}
	}
	if t.sets[name] == nil {
		t.sets[name] = set{}
	}
	for _, first := range of[0] {
		for _, second := range of[1] {
			for _, a := range first {
				for _, b := range second {
					t.sets[name].add(slices.Concat(a, b))
				}
			}
		}
	}
	return nil
}

// folded returns the words of a table, as those of a message are. A star at the
// end of a word stands for any ending.
func folded(text string) []string {
	var phrase []string
	for field := range strings.FieldsSeq(text) {
		tokens := tokensOf(field)
		for i, token := range tokens {
			if i == len(tokens)-1 && strings.HasSuffix(field, "*") {
				token.word += "*"
			}
			phrase = append(phrase, token.word)
		}
	}
	return phrase
}

// know marks words as spelled correctly.
func (g *grammar) know(phrase []string) {
	for _, word := range phrase {
		g.known[word] = true
	}
}

// readRule reads the parts of a rule.
func (g *grammar) readRule(t *table, kind, says string) error {
	r := &rule{stops: kind != "none", sole: kind == "sole", table: t}
	fields := splitElements(says)
	if len(fields) > 0 && fields[0] == "^" {
		r.begins, fields = true, fields[1:]
	}
	if len(fields) > 0 && fields[len(fields)-1] == "." {
		r.states, fields = true, fields[:len(fields)-1]
	}
	if len(fields) > 0 && fields[len(fields)-1] == "$" {
		r.ends, fields = true, fields[:len(fields)-1]
	}
	for _, field := range fields {
		e, err := g.readElement(t, field)
		if err != nil {
			return err
		}
		r.elements = append(r.elements, e)
	}
	if len(r.elements) == 0 || r.elements[0].set == nil || r.elements[0].optional || r.elements[0].repeated {
		return fmt.Errorf("a rule begins with words that must be there: %q", says)
	}
	for word := range r.elements[0].set {
		g.rules[word] = append(g.rules[word], r)
	}
	return nil
}

func (g *grammar) readElement(t *table, field string) (element, error) {
	switch field {
	case "..":
		return element{gap: 3}, nil
	case "...":
		return element{rest: true}, nil
	case ",":
		return element{cross: true}, nil
	case ";":
		return element{ends: true}, nil
	case number, number + "*":
		return element{set: set{number: {{number}}}, repeated: field != number}, nil
	}
	var e element
	field, e.optional = strings.CutSuffix(field, "?")
	if strings.HasSuffix(field, ">*") || strings.HasSuffix(field, ")*") {
		field, e.repeated = strings.CutSuffix(field, "*")
	}
	e.set = set{}
	for part := range strings.SplitSeq(strings.Trim(field, "()"), "/") {
		part = strings.TrimSpace(part)
		if name, isSet := strings.CutPrefix(part, "<"); isSet {
			named := t.sets[strings.TrimSuffix(name, ">")]
			if named == nil {
				return e, fmt.Errorf("there is no set %s above this line", part)
			}
			if part == field { // the whole field: no need of a copy
				e.set = named
				return e, nil
			}
			for _, phrases := range named {
				for _, phrase := range phrases {
					e.set.add(phrase)
				}
			}
			continue
		}
		phrase := folded(part)
		if len(phrase) == 0 {
			return e, fmt.Errorf("%q is no word", part)
		}
		g.know(phrase)
		e.set.add(phrase)
	}
	return e, nil
}

// splitElements splits a rule at the spaces outside of parentheses.
func splitElements(says string) []string {
	inside := false
	return strings.FieldsFunc(says, func(r rune) bool {
		inside = r == '(' || inside && r != ')'
		return r == ' ' && !inside
	})
}
