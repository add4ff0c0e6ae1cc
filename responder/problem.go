package responder

import (
	"fmt"
	"strings"
)

// Severity separates problems that change the call from mere oddities.
type Severity int

// How bad a problem is.
const (
	Warning Severity = iota // the call goes as written, but something is odd
	Error                   // something written in the document will not happen
)

// String returns "warning" or "error".
func (s Severity) String() string {
	if s == Error {
		return "error"
	}
	return "warning"
}

// The codes of problems in documents. They are stable; docs/problems.md has a
// paragraph on each.
const (
	CodeSyntax       = "SH101" // not well-formed XML
	CodeEncoding     = "SH102" // not UTF-8, nor an encoding that is read
	CodeTooLarge     = "SH103" // larger than MaxDocument
	CodeTooDeep      = "SH104" // elements nested too deep
	CodeEntities     = "SH105" // declares its own entities
	CodeRoot         = "SH106" // the root is neither Response nor a verb
	CodeNothing      = "SH107" // no bytes at all
	CodeAmpersand    = "SH108" // an & that begins no entity
	CodeHTMLEntity   = "SH109" // an entity of HTML that XML does not know
	CodeAfterRoot    = "SH110" // something after the root element
	CodeDoctype      = "SH111" // a DOCTYPE, which is ignored
	CodeAttribute    = "SH112" // an attribute twice, without a value, or without a space before it
	CodeLabel        = "SH113" // says that it is in an encoding that it is not in, or may not be
	CodeUnknownVerb  = "SH201" // a verb that does not exist
	CodeUnknownAttr  = "SH202" // an attribute that does not exist
	CodeCase         = "SH203" // a name in the wrong case
	CodeNotAllowed   = "SH204" // a verb in a place where it cannot stand
	CodeStrayText    = "SH205" // text where only verbs can stand
	CodeMissing      = "SH206" // what a verb cannot do without is missing
	CodeValue        = "SH207" // a value that cannot be used
	CodeNestedAction = "SH208" // an action that never fires
	CodeUnreachable  = "SH209" // verbs that never run
	CodeNoAction     = "SH210" // input that goes nowhere
	CodeForwardGoto  = "SH211" // an action on a verb that takes none
	CodeEmpty        = "SH212" // a document without verbs
	CodeNothingToSay = "SH213" // a Say without text
	CodeMarkup       = "SH214" // markup inside text
)

// kinds gives each code its severity and what a phone system does about it.
var kinds = map[string]struct {
	severity Severity
	effect   string
}{
	CodeSyntax:       {Error, "the document is not run; the caller hears an apology"},
	CodeEncoding:     {Error, "the document is not run; the caller hears an apology"},
	CodeTooLarge:     {Error, "the document is not run; the caller hears an apology"},
	CodeTooDeep:      {Error, "the document is not run; the caller hears an apology"},
	CodeEntities:     {Error, "the document is not run; the caller hears an apology"},
	CodeRoot:         {Error, "the document is not run; the caller hears an apology"},
	CodeNothing:      {Error, "there is nothing to run; the caller hears an apology"},
	CodeAmpersand:    {Warning, "it is read as &amp;"},
	CodeHTMLEntity:   {Warning, "it is read as HTML reads it; other phone systems may refuse the document"},
	CodeAfterRoot:    {Warning, "it is ignored"},
	CodeDoctype:      {Warning, "it is ignored"},
	CodeAttribute:    {Warning, "it is read as far as it can be; other phone systems may refuse the document"},
	CodeLabel:        {Warning, "other phone systems may read it differently"},
	CodeUnknownVerb:  {Error, "it is skipped with all that is in it"},
	CodeUnknownAttr:  {Warning, "it is ignored"},
	CodeCase:         {Warning, "it is read all the same; other phone systems may skip it"},
	CodeNotAllowed:   {Error, "it is skipped with all that is in it"},
	CodeStrayText:    {Warning, "it is ignored"},
	CodeMissing:      {Error, "it is skipped"},
	CodeValue:        {Error, "the default is used"},
	CodeNestedAction: {Warning, "it is ignored; the Gather's own action gets control"},
	CodeUnreachable:  {Warning, "it is never run"},
	CodeNoAction:     {Warning, "the next verb runs and the input is lost"},
	CodeForwardGoto:  {Warning, "it is ignored: control does not come back"},
	CodeEmpty:        {Warning, "the call is hung up"},
	CodeNothingToSay: {Warning, "nothing is spoken and the next verb runs"},
	CodeMarkup:       {Warning, "the markup is dropped and the text in it is spoken"},
}

// Problem is one thing that is wrong or odd about a document.
type Problem struct {
	Code     string // one of the SH codes
	Severity Severity
	Line     int    // from 1; 0 where the problem is of the whole answer, or the document was not read from text
	Column   int    // in characters from 1; 0 as Line
	Text     string // what is wrong, as a sentence
	Effect   string // what a phone system does about it
}

func problem(code, format string, args ...any) Problem {
	kind, text := kinds[code], format
	if len(args) > 0 {
		text = fmt.Sprintf(format, args...)
	}
	return Problem{Code: code, Severity: kind.severity, Text: text, Effect: kind.effect}
}

// at returns the problem with its position.
func (p Problem) at(place Position) Problem {
	p.Line, p.Column = place.Line, place.Column
	return p
}

// String returns the problem on one line, its position first.
func (p Problem) String() string {
	var b strings.Builder
	if p.Line > 0 {
		fmt.Fprintf(&b, "%d:%d: ", p.Line, p.Column)
	}
	fmt.Fprintf(&b, "%s: %s (%s; %s)", p.Severity, p.Text, p.Effect, p.Code)
	return b.String()
}

// SyntaxError says why a document cannot be read at all.
type SyntaxError struct{ Problem Problem }

// Error returns what is wrong and where.
func (e *SyntaxError) Error() string {
	if e.Problem.Line == 0 {
		return e.Problem.Text
	}
	return fmt.Sprintf("line %d, column %d: %s", e.Problem.Line, e.Problem.Column, e.Problem.Text)
}

// InvalidError says why a document cannot be written.
type InvalidError struct{ Problem Problem }

// Error returns what is wrong with the document.
func (e *InvalidError) Error() string { return "invalid document: " + e.Problem.Text }
