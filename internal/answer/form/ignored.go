package form

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"unicode"

	"github.com/switchhook/switchhook/internal/fault/spelling"
	"github.com/switchhook/switchhook/internal/setting/plaintext"
)

// known returns the fields that the form takes, stray spaces cut, and a sentence
// for each whose value cannot be used. If a field is sent twice, the first value
// that is not empty counts.
func (h *Handler) known(all []sent) (fields map[string]string, problems []string) {
	fields = make(map[string]string, len(all))
	seen := make(map[string]bool, len(all))
	for _, f := range all {
		value := strings.TrimSpace(f.value)
		switch {
		case seen[f.name] || value == "" && f.problem == "" || !h.takes(f.name):
			continue
		case f.problem == "":
			fields[f.name] = value
		case f.name != fieldSecret: // which is then a wrong one
			problems = append(problems, "the field "+f.name+" "+f.problem)
		}
		seen[f.name] = true
	}
	return fields, problems
}

func (h *Handler) takes(name string) bool {
	return h.Known == nil || name == fieldSecret || slices.Contains(h.Known, name)
}

// maxLogged is how much of what was sent is logged, in bytes.
const maxLogged = 400

func clip(s string) string { return plaintext.Clip(s, maxLogged) }

// ignored is what an answer says of fields that the form does not take.
type ignored struct {
	Ignored    string `json:"ignored,omitempty"`      // their names, in the order in which they were sent
	DidYouMean string `json:"did_you_mean,omitempty"` // the names that may have been meant, in the same order
}

// ignored returns what the answer says. Every name counts, wherever it came
// from: we cannot tell a slip from what a form service adds.
func (h *Handler) ignored(all []sent) ignored {
	var names, meant []string
	for _, f := range all {
		name := strings.Map(func(r rune) rune {
			if unicode.IsPrint(r) {
				return r
			}
			return unicode.ReplacementChar
		}, f.name)
		if name == "" || h.takes(f.name) || f.name == fieldCharset || slices.Contains(names, name) {
			continue
		}
		names = append(names, name)
		if near := spelling.Loosely(name, h.Known); near != "" && !slices.Contains(meant, near) {
			meant = append(meant, near)
		}
	}
	return ignored{strings.Join(names, ", "), strings.Join(meant, ", ")}
}

// answer is an answer, with the ignored fields added.
type answer struct {
	body   any // an object
	beside ignored
}

// MarshalJSON puts both into one object.
func (a answer) MarshalJSON() ([]byte, error) {
	body, err := marshal(a.body)
	if err != nil || a.beside == (ignored{}) {
		return body, err
	}
	beside, err := marshal(a.beside)
	if err != nil {
		return nil, err
	}
	separator := []byte(",")
	if len(body) == len("{}") {
		separator = nil
	}
	return slices.Concat(body[:len(body)-1], separator, beside[1:]), nil
}

// marshal writes JSON without the escapes that HTML needs.
func marshal(value any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return bytes.TrimSpace(b.Bytes()), err
}
