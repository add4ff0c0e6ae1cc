package config

import (
	"regexp"
	"strings"

	"github.com/switchhook/switchhook/internal/setting/plaintext"
)

var (
	dotenvStart = regexp.MustCompile(`^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)?[ \t]*(=?)`)
	// dotenvQuotation is a value in quotes. A quotation mark alone begins one that
	// does not end.
	dotenvQuotation = regexp.MustCompile(`(?s)^[ \t]*('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|['"])`)
	// dotenvComment is a comment after a value, with the space that starts it.
	dotenvComment = regexp.MustCompile(`[ \t]+#.*$`)

	// Before any other letter a backslash in quotes stands for itself.
	singleQuoted = strings.NewReplacer(`\'`, `'`, `\\`, `\`)
	doubleQuoted = strings.NewReplacer(`\n`, "\n", `\r`, "\r", `\t`, "\t", `\"`, `"`, `\'`, `'`, `\\`, `\`)
)

// readDotenv parses a .env file as other programs do: NAME=VALUE, an optional
// export before it, # for comments, values in single quotes verbatim, in double
// quotes with \n and the like; quoted values may span lines. Nothing is
// expanded. A name without = is no value. If a name is given twice, both are
// returned. Problems do not show values: most of them are secrets.
func readDotenv(content, file string) (found []variable, problems []Problem) {
	rest := strings.ReplaceAll(string(plaintext.Decode([]byte(content))), "\r\n", "\n")
	for line := 1; rest != ""; line++ {
		start := dotenvStart.FindStringSubmatch(rest)
		rest = rest[len(start[0]):]
		at := Origin{Kind: Dotenv, Name: start[1], File: file, Line: line}
		report := func(format string, args ...any) { problems = append(problems, problemf(at, format, args...)) }
		isPair, quotation := at.Name != "" && start[2] != "", dotenvQuotation.FindStringSubmatch(rest)
		if isPair && quotation != nil && len(quotation[1]) > 1 {
			rest = rest[len(quotation[0]):]
			line += strings.Count(quotation[0], "\n")
		}
		var text string
		text, rest, _ = strings.Cut(rest, "\n")
		behind := strings.Trim(text, " \t\r")
		nothing := behind == "" || behind[0] == '#'
		switch {
		case !isPair && nothing && start[2] == "":
		case !isPair:
			report("this line is not NAME=VALUE")
		case quotation == nil:
			found = append(found, variable{at.Name, strings.Trim(dotenvComment.ReplaceAllString(text, ""), " \t\r"), at})
		case len(quotation[1]) == 1:
			report("the quotation that begins here does not end; put a quotation mark behind the value of %s", at.Name)
		case !nothing:
			report("something stands behind the closing quotation mark of %s; quotation marks within a value need a backslash", at.Name)
		default:
			found = append(found, variable{at.Name, unquote(quotation[1]), at})
		}
	}
	return found, problems
}

func unquote(quotation string) string {
	within := quotation[1 : len(quotation)-1]
	if quotation[0] == '"' {
		return doubleQuoted.Replace(within)
	}
	return singleQuoted.Replace(within)
}
