package netsapiens

import (
	"strings"

	"github.com/switchhook/switchhook/internal/phone"
)

// Recipients returns the numbers that a message is for, as digits, whatever
// groups those in To.
func (m Message) Recipients() []string {
	var all []string
	for list := range strings.FieldsFuncSeq(m.To, func(r rune) bool { return r == ',' || r == ';' }) {
		if strings.Contains(list, "=") {
			continue // ;ext=4, of the previous one
		}
		for _, written := range apart(list) {
			if n := phone.ReadCaller(written, phone.Home{}); !n.Hidden() {
				all = append(all, n.Digits())
				continue
			}
			all = append(all, strings.FieldsFunc(written, func(r rune) bool { return r == ' ' || r == '+' })...)
		}
	}
	return all
}

// apart returns numbers that nothing but a plus or a space keeps apart. A space
// does so where what stands around it has the length of a number.
func apart(list string) []string {
	var all []string
	begins, digits := 0, 0
	for i, r := range list {
		switch {
		case '0' <= r && r <= '9':
			digits++
		case r == '+' && digits > 0:
			all = append(all, list[begins:i])
			begins, digits = i, 0
		}
	}
	all = append(all, list[begins:])
	var each []string
	for _, one := range all {
		words := strings.Fields(one)
		long := true
		for _, word := range words {
			long = long && len(strings.Trim(word, "+")) >= minNational && strings.Trim(word, "+0123456789") == ""
		}
		switch {
		case long:
			each = append(each, words...)
		default:
			each = append(each, one)
		}
	}
	return each
}
