// Package docs_test runs what the documentation shows: documents are parsed,
// events read, programs built and called, commands run and their output
// compared.
package docs_test

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/responder"
)

// snippet is a fenced block of a page.
type snippet struct {
	page, language, text string
	line                 int
}

func (s snippet) String() string { return fmt.Sprintf("%s:%d", s.page, s.line) }

func snippets(t *testing.T, language string) []snippet {
	t.Helper()
	pages, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	var found []snippet
	for _, page := range append(pages, "../README.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		var open *snippet
		indent := "" // of a block within a list
		for i, line := range strings.Split(string(text), "\n") {
			if open == nil {
				indent = line[:len(line)-len(strings.TrimLeft(line, " "))]
			}
			line = strings.TrimPrefix(line, indent)
			fence, isFence := strings.CutPrefix(line, "```")
			switch {
			case isFence && open == nil:
				open = &snippet{page: page, language: fence, line: i + 2}
			case isFence:
				if open.language == language {
					found = append(found, *open)
				}
				open = nil
			case open != nil:
				open.text += line + "\n"
			}
		}
	}
	if len(found) == 0 {
		t.Fatalf("no page has a block of %s", language)
	}
	return found
}

func TestDocumentsAreFreeOfProblems(t *testing.T) {
	for _, s := range snippets(t, "xml") {
		if s.page == "problems.md" {
			continue // shows what is wrong; tested with package responder
		}
		parsed, err := responder.Parse([]byte(s.text))
		if err != nil || len(parsed.Problems) > 0 {
			t.Errorf("%v: %v %v", s, err, parsed.Problems)
		}
	}
}

func TestEventsCanBeRead(t *testing.T) {
	const header = `{"event":"call","target":"http://127.0.0.1/","flags":{}}` + "\n"
	for _, s := range snippets(t, "json") {
		text := s.text
		if !strings.HasPrefix(text, `{"event":"call"`) {
			text = header + text
		}
		saved, err := trace.ReadSaved(strings.NewReader(text))
		if err != nil {
			t.Errorf("%v: %v", s, err)
			continue
		}
		var written bytes.Buffer
		if err := saved.Write(&written); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(text, written.String()); diff != "" {
			t.Errorf("%v is not written as it stands there (- page, + written):\n%s", s, diff)
		}
	}
}

func TestProgramsBuildAndPassTheirTests(t *testing.T) {
	var program string
	for _, s := range snippets(t, "go") {
		folder := t.TempDir()
		if strings.HasPrefix(s.text, "package ") {
			program = s.text
		} else {
			test := "package main\n\nimport (\n\t\"testing\"\n\t\"time\"\n\n" +
				"\t\"github.com/switchhook/switchhook/responder\"\n\t\"github.com/switchhook/switchhook/respondertest\"\n)\n\n" + s.text
			write(t, folder, "main_test.go", test)
			program = readmeProgram(t)
		}
		write(t, folder, "main.go", program)
		if out, err := inModule(t, folder, "go", "test", "./...").CombinedOutput(); err != nil {
			t.Errorf("%v: %v\n%s", s, err, out)
		}
	}
}

func TestCommandsPrintWhatThePagesShow(t *testing.T) {
	programs := path(t)
	address := serveReadmeProgram(t)
	took := regexp.MustCompile(`\d+ ms|\d+\.\d s`)
	normal := func(s string) string {
		return took.ReplaceAllString(strings.ReplaceAll(s, address, "127.0.0.1:8080"), "N s")
	}
	folders := map[string]string{}
	for _, s := range snippets(t, "console") {
		if folders[s.page] == "" {
			folders[s.page] = t.TempDir() // files of one block are there for the next
		}
		for _, step := range steps(s.text) {
			program, rest, _ := strings.Cut(step.command, " ")
			switch program {
			case "make": // make demo and make test are CI's
				continue
			case "cat":
				write(t, folders[s.page], rest, step.output)
				continue
			}
			command := exec.Command("sh", "-c", strings.ReplaceAll(step.command, "127.0.0.1:8080", address))
			command.Dir = folders[s.page]
			command.Env = append(os.Environ(), programs)
			out, err := command.CombinedOutput()
			if err != nil {
				t.Errorf("%v: %s: %v\n%s", s, step.command, err, out)
			}
			if step.output != "" {
				if diff := cmp.Diff(normal(step.output), normal(string(out))); diff != "" {
					t.Errorf("%v: %s prints something else (- page, + now):\n%s", s, step.command, diff)
				}
			}
		}
	}
}

// step is a command of a console block, with what the page shows it to print.
type step struct{ command, output string }

func steps(text string) []step {
	var all []step
	for line := range strings.Lines(text) {
		if command, ok := strings.CutPrefix(line, "$ "); ok {
			command, _, _ = strings.Cut(command, "  #")
			all = append(all, step{command: strings.TrimSpace(command)})
		} else if len(all) > 0 {
			all[len(all)-1].output += line
		}
	}
	return all
}

// readmeProgram returns the responder that the README shows, which the other
// pages call too.
func readmeProgram(t *testing.T) string {
	t.Helper()
	for _, s := range snippets(t, "go") {
		if s.page == "../README.md" && strings.HasPrefix(s.text, "package ") {
			return s.text
		}
	}
	t.Fatal("the README shows no program")
	return ""
}

// serveReadmeProgram runs the README's responder on a free port.
func serveReadmeProgram(t *testing.T) (address string) {
	t.Helper()
	folder := t.TempDir()
	program := strings.Replace(readmeProgram(t), `_ = http.ListenAndServe("127.0.0.1:8080", nil)`,
		`listener, _ := net.Listen("tcp", "127.0.0.1:0"); fmt.Println(listener.Addr()); _ = http.Serve(listener, nil)`, 1)
	program = strings.Replace(program, `"context"`, "\"context\"\n\t\"fmt\"\n\t\"net\"", 1)
	write(t, folder, "main.go", program)
	binary := filepath.Join(folder, "responder")
	if out, err := inModule(t, folder, "go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	command := exec.CommandContext(t.Context(), binary)
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line)
}

// inModule returns a command in a folder that is a separate module beside this
// one.
func inModule(t *testing.T, folder, name string, args ...string) *exec.Cmd {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: without programs")
	}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	write(t, folder, "go.mod", "module example.net/snippet\n\ngo 1.26.0\n")
	write(t, folder, "go.work", "go 1.26.0\n\nuse (\n\t.\n\t"+root+"\n)\n")
	command := exec.Command(name, args...)
	command.Dir = folder
	command.Env = append(os.Environ(), "GOWORK="+filepath.Join(folder, "go.work"), "GOFLAGS=")
	return command
}

func write(t *testing.T, folder, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
