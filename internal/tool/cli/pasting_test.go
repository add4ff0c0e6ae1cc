package cli_test

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/switchhook/switchhook/internal/tool/cli"
)

const root = "../../.."

var (
	// inProse is a command within a sentence: it ends where a shell or a reader would
	// end it, or the sentence does.
	inProse = regexp.MustCompile("\\bswitchhook ([a-z][^;:,`\\n→]*)")

	// inCode is a whole command in backquotes.
	inCode = regexp.MustCompile("`(switchhook [^`]+)`")

	// inShell is a line of a shell's block, or of root's.
	inShell = regexp.MustCompile(`^ *[$#] (?:.* )?(switchhook [a-z].*)$`)

	verb = regexp.MustCompile(`%[-+# 0-9.]*[a-z]`)
)

// lacking reports whether an error says that a command is right as far as it goes: the
// reader adds the rest.
func lacking(err error) bool {
	parse, ok := errors.AsType[*kong.ParseError](err)
	return ok && strings.HasPrefix(parse.Error(), "expected ")
}

// TestCommandsInMessagesRunWhenPasted reads each text of the program. A command in it is
// as many words as can be read; none of its flags, and no word in capitals, may be left.
func TestCommandsInMessagesRunWhenPasted(t *testing.T) {
	all, _, err := cli.Commands()
	if err != nil {
		t.Fatal(err)
	}
	first := map[string]bool{"help": true}
	for command := range all {
		word, _, _ := strings.Cut(command, " ")
		first[word] = true
	}
	found := 0
	each := func(place, text string) {
		if strings.HasSuffix(text, " ") {
			text += "x" // what follows is put together
		}
		for _, match := range inProse.FindAllStringSubmatch(verb.ReplaceAllString(strings.ReplaceAll(text, "%d", "1"), "x"), -1) {
			sentence, _, _ := strings.Cut(match[1]+" ", ". ")
			words := shellWord.FindAllString(sentence, -1)
			if len(words) == 0 || !first[strings.Trim(words[0], ".)")] {
				continue // prose about the program
			}
			found++
			taken := 0
			for n := len(words); n > 0 && taken == 0; n-- {
				if err := readsAs("switchhook " + strings.TrimRight(strings.Join(words[:n], " "), ".)")); err == nil || lacking(err) {
					taken = n
				}
			}
			for _, word := range words[taken:] {
				if taken == 0 || strings.HasPrefix(word, "--") {
					t.Errorf("%s: switchhook %s cannot be read from %s on", place, strings.Join(words, " "), word)
					break
				}
			}
		}
	}
	files := token.NewFileSet()
	err = filepath.WalkDir(filepath.Join(root, "internal"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(files, path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
				if text, err := strconv.Unquote(literal.Value); err == nil {
					each(files.Position(literal.Pos()).String(), text)
				}
			}
			return true
		})
		return nil
	})
	if err != nil || found < 30 {
		t.Errorf("%d commands were found, %v", found, err)
	}
}

// TestCommandsOfThePagesCanBeRead reads each command that a page shows.
func TestCommandsOfThePagesCanBeRead(t *testing.T) {
	pages, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, page := range append(pages, filepath.Join(root, "README.md"), filepath.Join(root, "CONTRIBUTING.md")) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		language := "" // of the block; empty: none
		for line := range strings.Lines(string(text)) {
			line = strings.TrimSpace(line)
			fence, isFence := strings.CutPrefix(line, "```")
			var commands [][]string
			switch {
			case isFence:
				language = fence
			case language == "":
				commands = inCode.FindAllStringSubmatch(line, -1)
			case language == "sh" && strings.HasPrefix(line, "switchhook "):
				commands = [][]string{{"", line}}
			case language == "shell" || language == "console" || language == "text":
				commands = inShell.FindAllStringSubmatch(line, -1)
			}
			for _, match := range commands {
				command, _, _ := strings.Cut(match[1], "  #")
				found++
				err := readsAs(command)
				if err != nil && !lacking(err) && !errors.Is(err, fs.ErrNotExist) && !strings.Contains(command, "…") {
					t.Errorf("%s: %s: %v", filepath.Base(page), command, err)
				}
			}
		}
	}
	if found < 60 {
		t.Errorf("%d commands were found", found)
	}
}
