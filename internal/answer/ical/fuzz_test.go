package ical_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/switchhook/switchhook/internal/answer/ical"
)

// FuzzRead reads a file, and what was read again as it would be written.
func FuzzRead(f *testing.F) {
	for _, text := range []string{
		"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nATTENDEE;CN=\"A, B\";X=\"c \"d\" e\":mailto:a@b\r\nSUM\r\n MARY:x\r\nEND:VEVENT\r\nEND:VCALENDAR",
		"BEGIN:VCALENDAR\nDTSTART;TZID=(UTC+01:00) Amsterdam, Berlin:20260101T000000\nBEGIN:X\nEND:Y\nword\nEND:VCALENDAR\nBEGIN:VCALENDAR\nEND:VCALEN",
		"x\rBEGIN:VCALENDAR\r\tX\rA;B;;C=^n^'^^:\xe9\rend:vcalendar",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := ical.Read(data)
		if err != nil {
			return
		}
		if len(file.Calendars) == 0 {
			t.Fatal("no calendar, and no error")
		}
		var written strings.Builder
		for _, c := range file.Calendars {
			write(t, &written, c, 0)
		}
		if _, err := ical.Read([]byte(written.String())); err != nil {
			t.Errorf("%v: %q", err, written.String())
		}
	})
}

// write writes a component as the standard has it, but for long lines.
func write(t *testing.T, to *strings.Builder, c *ical.Component, depth int) {
	if depth > 8 || c.Name != strings.ToUpper(c.Name) {
		t.Errorf("the component %q at %d", c.Name, depth)
	}
	to.WriteString("BEGIN:" + c.Name + "\r\n")
	for _, p := range c.Properties {
		if p.Name == "" || p.Name != strings.ToUpper(p.Name) || !utf8.ValidString(p.Value) || strings.ContainsAny(p.Value, "\r\n") {
			t.Errorf("the property %+v", p)
		}
		to.WriteString(p.Name)
		for _, param := range p.Params {
			to.WriteString(";" + param.Name + "=\"" + strings.NewReplacer(`"`, "^'", "\n", "^n", "^", "^^").Replace(strings.Join(param.Values, ",")) + "\"")
		}
		to.WriteString(":" + p.Value + "\r\n")
	}
	for _, part := range c.Parts {
		write(t, to, part, depth+1)
	}
	to.WriteString("END:" + c.Name + "\r\n")
}
