package netsapiens

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxName is how long a name in a path may be, in bytes. The longest are the
// ids of dial rules.
const maxName = 1024

// path joins the parts of a path, of which every second is a name that people
// chose: path("domains", domain, "users", user). Names are escaped; an error
// says which one cannot be used.
func path(parts ...string) (string, error) {
	var b strings.Builder
	b.Grow(128) // the path of a text
	of := ""
	for i, part := range parts {
		if i%2 == 1 {
			if err := checkName(of, part); err != nil {
				return "", err
			}
		}
		of = part
		b.WriteByte('/')
		escape(&b, part)
	}
	return b.String(), nil
}

// checkName refuses a name that would change the path it stands in, and a domain
// or user of asterisks alone, which means all of them.
func checkName(of, name string) error {
	what := strings.TrimSuffix(of, "s")
	switch {
	case name == "":
		return fmt.Errorf("the %s is empty", what)
	case name == ".", name == "..", len(name) > maxName, !utf8.ValidString(name), strings.ContainsFunc(name, isControl):
		return fmt.Errorf("the %s cannot stand in an address", what)
	case of != "answerrules" && strings.Trim(name, "*") == "":
		return fmt.Errorf("the %s is %q, which means all of them", what, name)
	}
	return nil
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// escape writes a part of a path as encodeURIComponent does, which is what the
// phone system's own pages use: "*" and "~", which it gives a meaning, stay;
// the "/", "+" and "=" of a dial rule's id do not.
func escape(b *strings.Builder, part string) {
	const hex = "0123456789ABCDEF"
	for i := range len(part) {
		switch c := part[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-_.!~*'()", c) >= 0:
			b.WriteByte(c)
		default:
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
}
