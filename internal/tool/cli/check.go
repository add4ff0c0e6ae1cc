package cli

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/switchhook/switchhook/internal/call/document"
	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/responder"
)

type checkCommand struct {
	Source string `arg:"" name:"file|url" help:"A document, - for standard input, or a responder's URL."`
	Method string `help:"How a responder is asked: GET or POST." enum:"GET,POST" default:"GET"`
	Secret string `help:"Sign the request with this HttpSecret." placeholder:"SECRET"`
	JSON   bool   `help:"Print the problems as JSON, one a line." name:"json"`
}

// Run reports what is wrong or odd about a document.
func (c *checkCommand) Run(ctx context.Context, m *Main) error {
	answer, contentType, err := c.read(ctx, m)
	if err != nil {
		return err
	}
	parsed, err := document.Parse(answer, contentType)
	if err := c.print(m, parsed); err != nil {
		return err
	}
	errors, _ := count(parsed.Problems)
	return failedIf(err != nil || errors > 0)
}

// read returns the document, and the responder's Content-Type.
func (c *checkCommand) read(ctx context.Context, m *Main) (answer []byte, contentType string, err error) {
	if lower := strings.ToLower(c.Source); strings.HasPrefix(lower, "http://") || strings.HasPrefix(lower, "https://") {
		return c.fetch(ctx, m)
	}
	// One byte above the limit, so that the checker notices a document that is
	// too large.
	answer, err = m.readInput(c.Source, "the document", responder.MaxDocument+1)
	return answer, "", err
}

func (c *checkCommand) fetch(ctx context.Context, m *Main) (answer []byte, contentType string, err error) {
	private, err := m.private()
	if err != nil {
		return nil, "", err
	}
	response, err := simulator.Ask(ctx, simulator.Options{Target: c.Source, Method: c.Method, Secret: c.Secret, Private: private})
	if err != nil {
		return nil, "", err
	}
	if response.Status < 200 || response.Status > 299 {
		return nil, "", fault.Newf(fault.Unavailable, "the responder answered %d %s instead of a document", response.Status, http.StatusText(response.Status)).
			WithHint("a phone system does not run such an answer; the caller hears an apology")
	}
	return response.Body, response.Header.Get("Content-Type"), nil
}

// problemJSON is a problem as --json prints it.
type problemJSON struct {
	Code     string `json:"code"`
	Severity string `json:"severity"`
	Line     int    `json:"line"`
	Column   int    `json:"column"`
	Text     string `json:"text"`
	Effect   string `json:"effect"`
}

func (c *checkCommand) print(m *Main, parsed *responder.Parsed) error {
	if c.JSON {
		var problems []problemJSON
		for _, p := range parsed.Problems {
			problems = append(problems, problemJSON{p.Code, p.Severity.String(), p.Line, p.Column, p.Text, p.Effect})
		}
		return printJSON(m.Out, problems...)
	}
	for _, p := range parsed.Problems {
		where := c.Source
		if p.Line > 0 {
			where += fmt.Sprintf(":%d:%d", p.Line, p.Column)
		}
		fmt.Fprintf(m.Out, "%s: %s %s: %s\n    %s\n", where, p.Severity, p.Code, p.Text, p.Effect)
	}
	errors, warnings := count(parsed.Problems)
	if errors+warnings == 0 {
		fmt.Fprintf(m.Out, "%s: no problems, %s\n", c.Source, plural(len(parsed.Document.Verbs), "verb"))
		return nil
	}
	fmt.Fprintf(m.Out, "%s, %s\n", plural(errors, "error"), plural(warnings, "warning"))
	return nil
}

func count(problems []responder.Problem) (errors, warnings int) {
	for _, p := range problems {
		if p.Severity == responder.Error {
			errors++
		} else {
			warnings++
		}
	}
	return errors, warnings
}
