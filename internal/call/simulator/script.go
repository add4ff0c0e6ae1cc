package simulator

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/switchhook/switchhook/internal/fault"
)

// Step is one thing that a scripted caller does, or waits for.
type Step struct {
	Do   Action
	Text string        // the keys of Press, the words of Say and Expect
	For  time.Duration // of Wait
	Line int           // of the script, from 1; 0 where it comes from elsewhere

	late bool // Press comes at the last moment that counts
}

// Action is the kind of a step.
type Action int

// What a scripted caller can do.
const (
	Press  Action = iota // press keys, once a Gather listens
	Say                  // say something, once a Gather listens
	Wait                 // do nothing for a time
	Hangup               // hang up
	Expect               // go on once a prompt was heard that holds the text
)

// String returns the step as a line of a script.
func (s Step) String() string {
	switch s.Do {
	case Press:
		return "press " + s.Text
	case Say:
		return "say " + s.Text
	case Wait:
		return "wait " + strconv.FormatFloat(s.For.Seconds(), 'f', -1, 64)
	case Hangup:
		return "hangup"
	}
	return "expect " + s.Text
}

// Bounds of scripts.
const (
	maxScriptLine  = 64 << 10
	maxScriptSteps = 10_000
	maxWait        = 24 * time.Hour // of all waits together
	maxKeys        = 255            // as many as a Gather can ask for
)

// ParseScript reads a script, a step a line: press 12#, say …, wait 3, hangup,
// expect …. Empty lines and lines that begin with # are passed over. Errors
// are *fault.Error and name the line, but for those of reading.
func ParseScript(r io.Reader) ([]Step, error) {
	scanner := bufio.NewScanner(r)
	scanner.Buffer(nil, maxScriptLine)
	var steps []Step
	var waits time.Duration
	number := 0
	for scanner.Scan() {
		number++
		line := scanner.Text()
		if number == 1 {
			line = strings.TrimPrefix(line, "\uFEFF") // some editors begin a file with it
		}
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		step, err := parseStep(line)
		if err == nil {
			waits += step.For
			switch {
			case len(steps) == maxScriptSteps:
				err = fmt.Errorf("a script has at most %d steps", maxScriptSteps)
			case waits > maxWait:
				err = fmt.Errorf("the script waits for more than %d seconds in all", int(maxWait.Seconds()))
			}
		}
		if err != nil {
			return nil, &fault.Error{Code: fault.Invalid, Message: fmt.Sprintf("line %d of the script: %v", number, err),
				Hint: "a script has lines press 12#, say …, wait 3, hangup, expect …"}
		}
		step.Line = number
		steps = append(steps, step)
	}
	switch err := scanner.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return nil, fault.Newf(fault.Invalid, "line %d of the script has more than %d bytes", number+1, maxScriptLine)
	case err != nil:
		return nil, fmt.Errorf("read line %d of the script: %w", number+1, err)
	}
	return steps, nil
}

func parseStep(line string) (Step, error) {
	if !utf8.ValidString(line) {
		return Step{}, errors.New("it is not UTF-8")
	}
	word, rest := line, ""
	if i := strings.IndexFunc(line, unicode.IsSpace); i >= 0 {
		word, rest = line[:i], strings.TrimSpace(line[i:])
	}
	switch word {
	case "press":
		keys, err := parseKeys(rest)
		return Step{Do: Press, Text: keys}, err
	case "say", "expect":
		if rest == "" {
			return Step{}, fmt.Errorf("%s what?", word)
		}
		if word == "say" {
			return Step{Do: Say, Text: rest}, nil
		}
		return Step{Do: Expect, Text: rest}, nil
	case "wait":
		seconds, err := strconv.ParseFloat(rest, 64)
		if err != nil || math.IsNaN(seconds) || seconds < 0 || seconds > maxWait.Seconds() {
			return Step{}, fmt.Errorf("wait takes a number of seconds from 0 to %d, not %q", int(maxWait.Seconds()), rest)
		}
		return Step{Do: Wait, For: time.Duration(math.Round(seconds*1000)) * time.Millisecond}, nil
	case "hangup":
		if rest != "" {
			return Step{}, fmt.Errorf("hangup takes nothing after it, not %q", rest)
		}
		return Step{Do: Hangup}, nil
	}
	return Step{}, fmt.Errorf("there is no step %q", word)
}

// ParseKeys returns the step that presses keys such as 12#. Errors are
// *fault.Error.
func ParseKeys(keys string) (Step, error) {
	pressed, err := parseKeys(keys)
	if err != nil {
		return Step{}, fault.Newf(fault.Invalid, "%v", err)
	}
	return Step{Do: Press, Text: pressed}, nil
}

// parseKeys checks that s can be pressed on a telephone.
func parseKeys(s string) (string, error) {
	keys := strings.ToUpper(strings.ReplaceAll(s, " ", ""))
	switch {
	case keys == "":
		return "", fmt.Errorf("press which keys?")
	case strings.Trim(keys, "0123456789*#ABCD") != "":
		return "", fmt.Errorf("%q has something that is not a telephone key (0 to 9, *, #, A to D)", s)
	case len(keys) > maxKeys:
		return "", fmt.Errorf("more than %d keys", maxKeys)
	}
	return keys, nil
}

// ParseAnswer reads the answer to one Gather: keys such as 12#, say:text for
// speech, or none for silence, which is a Wait of no length. Errors are
// *fault.Error.
func ParseAnswer(value string) (Step, error) {
	if text, ok := strings.CutPrefix(value, "say:"); ok {
		text = strings.TrimSpace(text)
		switch {
		case text == "":
			return Step{}, fault.Newf(fault.Invalid, "the answer %q says nothing", value).WithHint("write none for silence")
		case !utf8.ValidString(text):
			return Step{}, fault.Newf(fault.Invalid, "the answer %q is not UTF-8", value)
		}
		return Step{Do: Say, Text: text}, nil
	}
	if strings.TrimSpace(value) == "none" {
		return Step{Do: Wait}, nil
	}
	keys, err := parseKeys(value)
	if err != nil {
		return Step{}, &fault.Error{Code: fault.Invalid, Message: fmt.Sprintf("the answer %q: %v", value, err),
			Hint: "an answer is keys such as 12#, say:text for speech, or none for silence"}
	}
	return Step{Do: Press, Text: keys}, nil
}
