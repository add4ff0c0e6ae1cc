package dialplan_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/switchhook/switchhook/internal/core/dialplan"
	"github.com/switchhook/switchhook/internal/fault"
)

func TestPatternsMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, uri string
		want         bool
	}{
		{"*", "12125550100", true},
		{"*", "", true},
		{"webresponder8001", "webresponder8001", true},
		{"webresponder8001", "WebResponder8001", true},
		{"webresponder8001", "webresponder80011", false},
		{"webresponder8001", "webresponder800", false},
		{"user_????", "user_8000", true},
		{"user_????", "user_80001", false},
		{"queue_*", "queue_9002", true},
		{"vmail_[1-5]*", "vmail_5555", true},
		{"vmail_[1-5]*", "vmail_6555", false},
		{"[2-9]??", "411", true},
		{"[2-9]??", "111", false},
		{"[0-9][0-9]", "7x", false},
		{"[A-C]", "b", true},
		{"[abx]", "X", true},
		{"[*]67*", "*671000", true},
		{"[*]67*", "671000", false},
		{"[-a]", "-", true},
		{"[a-]", "-", true},
		{"sip:611@*", "sip:611@example.net", true},
		{"sip:611@*", "611@example.net", true}, // sip: is the default
		{"sip:611@*", "sip:6111@example.net", false},
		{"sip:1??????????@*", "sip:12125550100@example.net", true},
		{"sip:1??????????@*", "+12125550100@example.net", true},
		{"sip:1??????????@*", "12125550100", true},
		{"sip:1??????????@*", "2125550100", false},
		{"sip:+1*@*", "12125550100", true},
		{"+1212*", "+12125550100", true},
		{"1212*", "+12125550100", true},
		{"tel:1212*", "12125550100", false},
		{"tel:1212*", "tel:+12125550100", true},
		{"8000@*", "8000@example.net", true},
		{"8000@EXAMPLE.net", "8000@example.NET", true},
		{"8000@other.example", "8000@example.net", false},
		{"*@example.net", "1001@example.net", true},
		{"*@example.net", "1001", false},
		{"1*1*1", "1111", true},
		{"1*1*1", "1121", true},
		{"1*1*1", "112", false},
		{"*0100", "12125550100", true},
		{"**", "x", true},
		{"?", "é", true},
		{"??", "é", false},
		{"café", "café", true},
		{"a?c", "aéc", true},
	} {
		if got := pattern(t, c.pattern).Matches(dialplan.ParseURI(c.uri, "")); got != c.want {
			t.Errorf("%s against %s: %v, want %v", c.pattern, c.uri, got, c.want)
		}
	}
}

func TestBadPatternsAreRefusedWithASentence(t *testing.T) {
	for text, want := range map[string]string{
		"":                       "must not be empty",
		"[":                      "[ without a ]",
		"12[3":                   "[ without a ]",
		"[]":                     "without characters",
		"[9-2]":                  "runs backwards",
		"[é]":                    "beyond ASCII",
		"+*":                     "asks for a plus",
		"sip:+*@*":               "asks for a plus",
		"\xff":                   "not UTF-8",
		strings.Repeat("1", 256): "too long",
	} {
		_, err := dialplan.ParsePattern(text)
		if err == nil || !strings.Contains(err.Error(), want) || fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%.20q: %v, want an error with %q", text, err, want)
		}
	}
}

// FuzzPattern compares the matcher with regular expressions.
func FuzzPattern(f *testing.F) {
	for _, seed := range [][2]string{
		{"sip:1??????????@*", "12125550100"}, {"[2-9]*1?", "3111"}, {"a**b*c", "aXbXbc"},
		{"user_[a-c]?", "user_b1"}, {"*@*.example", "x@y.example"}, {"[^a]", "^"}, {"?é*", "éé"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, text, user string) {
		if !utf8.ValidString(user) || len(user) > 300 || strings.ContainsAny(text+user, "@:+;<> \t\r\n\v\f\u0085\u00a0") {
			t.Skip("the reference knows bare names alone")
		}
		p, err := dialplan.ParsePattern(text)
		if err != nil {
			return
		}
		u := dialplan.URI{User: user}
		if got, want := p.Matches(u), reference(text).MatchString(lower(user)); got != want {
			t.Errorf("%q against %q: %v, want %v", text, user, got, want)
		}
	})
}

// reference is a bare pattern as a regular expression.
func reference(text string) *regexp.Regexp {
	var b strings.Builder
	b.WriteString(`(?s)^`)
	text = lower(text)
	for text != "" {
		r, n := utf8.DecodeRuneInString(text)
		switch r {
		case '*':
			b.WriteString(`.*`)
		case '?':
			b.WriteString(`.`)
		case '[':
			n = strings.IndexByte(text, ']') + 1
			b.WriteString(`[`)
			inner := text[1 : n-1]
			for i := 0; i < len(inner); i++ {
				fmt.Fprintf(&b, `\x%02x`, inner[i])
				if i+2 < len(inner) && inner[i+1] == '-' {
					fmt.Fprintf(&b, `-\x%02x`, inner[i+2])
					i += 2
				}
			}
			b.WriteString(`]`)
		default:
			b.WriteString(regexp.QuoteMeta(text[:n]))
		}
		text = text[n:]
	}
	b.WriteString(`$`)
	return regexp.MustCompile(b.String())
}

func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
