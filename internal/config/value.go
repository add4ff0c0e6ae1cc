package config

// form is how a value is written.
type form int

const (
	bare    form = iota // outside TOML, where everything is text without quotes
	text                // "in quotes"
	boolean             // true, false
	number
	moment // a date, a time of day, or both
	list   // […]
	table  // {…}
)

// noun returns what a form is called in a sentence.
func (f form) noun() string {
	return [...]string{"a word", "text in quotes", "true or false without quotes", "a number", "a date or time of day", "a list in brackets", "a table in braces"}[f]
}

// value is what one place says that a key is.
type value struct {
	form   form
	text   string      // where it is no list or table
	items  []value     // of a list
	fields []statement // of a table
	origin Origin
	folder string // where relative paths in the value begin
}

// asksNothing says whether a value is what stands for "no" or "none".
func (v value) asksNothing() bool {
	switch v.form {
	case bare, text:
		return v.text == ""
	case boolean:
		return v.text == "false"
	case list:
		return len(v.items) == 0
	default:
		return false
	}
}
