package nstest

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
)

// Object is a JSON object.
type Object = map[string]any

// fields are the fields of a body: how each is checked.
type fields map[string]field

// field is a check of a value, and whether the body may do without it.
type field struct {
	check    func(value any, in input) string // what it should be, where it is not
	optional bool
}

// check says which field is missing, odd, or not one of this call.
func (f fields) check(in input) string {
	for _, name := range slices.Sorted(maps.Keys(in.fields)) {
		known, ok := f[name]
		if !ok {
			return fmt.Sprintf("this call has no field %q", name)
		}
		if want := known.check(in.fields[name], in); want != "" {
			return fmt.Sprintf("the field %q is %v, not %s", name, in.fields[name], want)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(f)) {
		if _, ok := in.fields[name]; !ok && !f[name].optional {
			return fmt.Sprintf("the field %q is missing", name)
		}
	}
	return ""
}

// maybe makes a field optional.
func maybe(f field) field {
	f.optional = true
	return f
}

// matches is a text of a certain form.
func matches(what, pattern string) field {
	form := regexp.MustCompile("^(?:" + pattern + ")$")
	return field{check: func(value any, _ input) string {
		if text, ok := value.(string); ok && form.MatchString(text) {
			return ""
		}
		return what
	}}
}

// truth is a JSON true.
var truth = field{check: func(value any, _ input) string {
	if value == true {
		return ""
	}
	return "true"
}}

// sameAs is the text that stands in the path at that name.
func sameAs(name string) field {
	return field{check: func(value any, in input) string {
		if value == in.r.PathValue(name) {
			return ""
		}
		return "what the path says"
	}}
}

// feature is a feature of an answer rule: on or off, with its parameters.
var feature = field{check: func(value any, _ input) string {
	const what = `{"enabled":"yes" or "no","parameters":[texts]}`
	object, ok := value.(Object)
	if !ok || len(object) != 2 || object["enabled"] != "yes" && object["enabled"] != "no" {
		return what
	}
	parameters, ok := object["parameters"].([]any)
	if !ok || object["enabled"] == "yes" && len(parameters) == 0 {
		return what
	}
	for _, p := range parameters {
		if text, ok := p.(string); !ok || text == "" {
			return what
		}
	}
	return ""
}}

// The forms of texts.
var (
	anyText = matches("a text", `(?s).*`)
	text    = matches("a text with something in it", `(?s).*\S.*`)
	name    = matches("the name of a user", `[A-Za-z0-9._-]{1,16}`)
	yesNo   = matches(`"yes" or "no"`, `yes|no`)
	yes     = matches(`"yes"`, `yes`)
	number  = matches("a number of digits alone", `[0-9]{1,15}`)
	email   = matches("an e-mail address", `[^@\s]+@[^@\s]+`)
	scope   = matches("the scope of a system user", `Simple User|No Portal`)
	days    = matches("a day, a range of days or *", `\*|[0-6]|\[[0-6]-[0-6]\]`)
	date    = matches("a date or *", `\*|[0-9]{4}-[0-9]{2}-[0-9]{2}`)
	clock   = matches("a time or *", `\*|[0-2][0-9]:[0-9]{2}`)
	scheme  = matches("a scheme or [*]", `\[\*\]|sip:|<Null>`)
	sms     = matches(`"sms"`, `sms`)
)

// inPath are the forms of the names in a path.
var inPath = map[string]*regexp.Regexp{
	"queue":   regexp.MustCompile(`^[A-Za-z0-9._-]{1,16}$`),
	"domain":  regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`),
	"user":    regexp.MustCompile(`^[A-Za-z0-9._-]{1,16}$`),
	"session": regexp.MustCompile(`^[A-Za-z0-9_]{32,}$`),
}

// checkPath says which name in the path of a request is odd.
func checkPath(r *http.Request) string {
	for _, name := range slices.Sorted(maps.Keys(inPath)) {
		if value := r.PathValue(name); value != "" && !inPath[name].MatchString(value) {
			return fmt.Sprintf("%q cannot be a %s", value, name)
		}
	}
	return ""
}
