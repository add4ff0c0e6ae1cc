package phone

import (
	_ "embed"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// The plans are data of libphonenumber and its rules, without its port to Go:
// that unpacks the data of all countries and compiles its patterns before main
// begins, which makes every command start 9 ms later and its binary 4 MB
// larger. Here a country costs when the first of its numbers is asked for. The
// tests compare the two.

//go:embed numbering.txt
var numbering string

// plans returns what numbering.txt says. It is a constant that is read when
// first asked for.
var plans = sync.OnceValue(func() *world { return readPlans(numbering) })

// world is the numbering plans of all countries.
type world struct {
	byCode   map[int][]*plan // the main one of those that share a code comes first
	byRegion map[string]*plan
}

// plan is the numbering plan of a region.
type plan struct {
	code   int    // of the country
	region string // two letters, or nowhere

	leading       prefix // of the numbers of a region that shares its code
	international prefix // before a country code, such as 011
	national      prefix // before a number within the country, such as 1 or 0
	rewritten     string // template for what national has matched; empty: it is cut

	local   []int // lengths of numbers without an area code
	general numbers
	kinds   []numbersOf // in the order in which they are tried
	fixed   numbers
	mobile  numbers
	same    bool // numbers do not tell land lines from mobiles
}

// nowhere is the region of codes that belong to no country, such as 800.
const nowhere = "001"

// numbers is a set of numbers. The zero numbers are none.
type numbers struct {
	lengths []int // empty: any that the pattern takes
	pattern pattern
}

type numbersOf struct {
	kind Kind
	numbers
}

func (n *numbers) contains(national string) bool {
	return (len(n.lengths) == 0 || slices.Contains(n.lengths, len(national))) && n.matches(national)
}

func (n *numbers) matches(national string) bool {
	return n.pattern.text != "" && n.pattern.compiled().MatchString(national)
}

// pattern is a regular expression that is compiled when it is first needed.
type pattern struct {
	text     string
	compiled func() *regexp.Regexp
}

// prefix is a pattern of how numbers may begin.
type prefix struct{ pattern }

func wholePattern(text string) pattern {
	return pattern{text, sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(?:` + text + `)$`) })}
}

func prefixPattern(text string) prefix {
	return prefix{pattern{text, sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(?:` + text + `)`) })}}
}

// cut returns what follows the prefix, and what its groups matched.
func (p *prefix) cut(digits string) (rest string, groups []int, ok bool) {
	if p.text == "" {
		return "", nil, false
	}
	groups = p.compiled().FindStringSubmatchIndex(digits)
	if groups == nil {
		return "", nil, false
	}
	return digits[groups[1]:], groups, true
}

// readPlans reads numbering.txt, whose form its head describes.
func readPlans(text string) *world {
	w := &world{byCode: map[int][]*plan{}, byRegion: map[string]*plan{}}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		p := readPlan(strings.TrimSuffix(line, "\n"))
		w.byCode[p.code] = append(w.byCode[p.code], p)
		if p.region != nowhere {
			w.byRegion[p.region] = p
		}
	}
	return w
}

func readPlan(line string) *plan {
	p := &plan{}
	fields := strings.Split(line, "\t")
	p.code, p.region = atoi(fields[0]), fields[1]
	for _, field := range fields[2:] {
		name, value, _ := strings.Cut(field, "=")
		switch name {
		case "international":
			p.international = prefixPattern(value)
		case "national":
			p.national = prefixPattern(value)
		case "rewritten":
			p.rewritten = value
		case "leading":
			p.leading = prefixPattern(value)
		case "local":
			p.local = lengthsOf(value)
		case "general":
			p.general = numbersIn(value)
		case "fixed":
			p.fixed = numbersIn(value)
		case "mobile":
			if p.same = value == "fixed"; !p.same {
				p.mobile = numbersIn(value)
			}
		default:
			p.kinds = append(p.kinds, numbersOf{Kind(name), numbersIn(value)})
		}
	}
	return p
}

func numbersIn(value string) numbers {
	lengths, text, _ := strings.Cut(value, ":")
	return numbers{lengthsOf(lengths), wholePattern(text)}
}

func lengthsOf(value string) []int {
	var lengths []int
	for length := range strings.SplitSeq(value, ",") {
		if length != "" {
			lengths = append(lengths, atoi(length))
		}
	}
	return lengths
}

// atoi reads a number of the table, where a test has seen that it is one.
func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic("numbering.txt: " + err.Error())
	}
	return n
}
