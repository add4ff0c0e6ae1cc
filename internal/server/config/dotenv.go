package config

import (
	"regexp"
	"strings"

	"github.com/switchhook/switchhook/internal/setting/plaintext"
)

// readDotenv parses a .env file as other programs do: NAME=VALUE, an optional
// export before it, # for comments, values in single quotes verbatim, in double
// quotes with \n and the like; quoted values may span lines. Nothing is
// expanded. A name without = is no value. If a name is given twice, both are
// returned.
func readDotenv(content, file string) ([]variable, []Problem) {
	s := &dotenvScanner{
		rest: strings.ReplaceAll(string(plaintext.Decode([]byte(content))), "\r\n", "\n"),
		file: file, line: 1,
	}
	for s.rest != "" {
		s.statement()
	}
	return s.found, s.problems
}

type dotenvScanner struct {
	rest     string
	file     string
	line     int // of the start of rest
	found    []variable
	problems []Problem
}

var (
	dotenvExport = regexp.MustCompile(`^export[ \t]+`)
	dotenvName   = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]*`)
	// dotenvComment is a comment after a value, with the space that starts it.
	dotenvComment = regexp.MustCompile(`[ \t]+#.*$`)
)

const blanks = " \t"

// statement reads one statement and the end of its last line. Its messages do
// not show values: most of them are secrets.
func (s *dotenvScanner) statement() {
	start := Origin{Kind: Dotenv, File: s.file, Line: s.line}
	line, _, _ := strings.Cut(s.rest, "\n")
	text := strings.TrimLeft(line, blanks)
	text = text[len(dotenvExport.FindString(text)):]
	name := dotenvName.FindString(text)
	start.Name = name
	behind := strings.TrimLeft(text[len(name):], blanks)
	value, isPair := strings.CutPrefix(behind, "=")
	nothing := behind == "" || strings.HasPrefix(behind, "#")
	switch {
	case nothing:
		s.endLine()
	case !isPair || name == "":
		s.problems = append(s.problems, problemf(start, "this line is not NAME=VALUE"))
		s.endLine()
	default:
		s.rest = s.rest[len(line)-len(value):]
		s.value(start)
	}
}

// endLine moves to the next line.
func (s *dotenvScanner) endLine() {
	_, s.rest, _ = strings.Cut(s.rest, "\n")
	s.line++
}

// value reads the value of the statement that began at start.
func (s *dotenvScanner) value(start Origin) {
	line, _, _ := strings.Cut(s.rest, "\n")
	quoted := strings.TrimLeft(line, blanks)
	if quoted == "" || quoted[0] != '"' && quoted[0] != '\'' {
		value := strings.Trim(dotenvComment.ReplaceAllString(line, ""), " \t\r")
		s.found = append(s.found, variable{start.Name, value, start})
		s.endLine()
		return
	}
	s.rest = s.rest[len(line)-len(quoted):]
	value, length := unquote(s.rest)
	if length == 0 {
		s.problems = append(s.problems, problemf(start, "the quotation that begins here does not end; put a quotation mark behind the value of %s", start.Name))
		s.endLine()
		return
	}
	s.line += strings.Count(s.rest[:length], "\n")
	s.rest = s.rest[length:]
	line, _, _ = strings.Cut(s.rest, "\n")
	if behind := strings.Trim(line, " \t\r"); behind != "" && behind[0] != '#' {
		s.problems = append(s.problems, problemf(start, "something stands behind the closing quotation mark of %s; quotation marks within a value need a backslash", start.Name))
	} else {
		s.found = append(s.found, variable{start.Name, value, start})
	}
	s.endLine()
}

// escapes are the letters with a meaning after a backslash within double
// quotes. Before any other the backslash stands for itself.
var escapes = map[byte]byte{'n': '\n', 'r': '\r', 't': '\t', '"': '"', '\'': '\'', '\\': '\\'}

// unquote returns the value of the quotation that text begins with, and its
// length with the quotation marks; the length is 0 if it does not end.
func unquote(text string) (value string, length int) {
	var b strings.Builder
	quote := text[0]
	for i := 1; i < len(text); i++ {
		c := text[i]
		if c == quote {
			return b.String(), i + 1
		}
		if c == '\\' && i+1 < len(text) {
			next := text[i+1]
			if meant, ok := escapes[next]; ok && (quote == '"' || next == '\'' || next == '\\') {
				b.WriteByte(meant)
				i++
				continue
			}
		}
		b.WriteByte(c)
	}
	return "", 0
}
