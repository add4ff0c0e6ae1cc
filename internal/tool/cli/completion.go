package cli

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/switchhook/switchhook/internal/server"
)

// What shells load; each has completeCommand find the words. The Debian package
// has them too.
var (
	//go:embed completion/switchhook.bash
	bashCompletion string
	//go:embed completion/_switchhook
	zshCompletion string
	//go:embed completion/switchhook.fish
	fishCompletion string
)

type completionCommand struct {
	Shell string `arg:"" help:"bash, zsh or fish." enum:"bash,zsh,fish"`
}

// Run prints what a shell loads.
func (c *completionCommand) Run(m *Main) error {
	script := map[string]string{"bash": bashCompletion, "zsh": zshCompletion, "fish": fishCompletion}[c.Shell]
	_, err := io.WriteString(m.Out, script)
	return err
}

// completeCommand prints what the last word may become, one a line, with its meaning
// after a tab. Shells run it.
type completeCommand struct {
	Word []string `arg:"" optional:"" help:"The words after switchhook; the last one is not complete."`
}

// Run prints the words. A shell has no place for errors: then there are none.
func (c *completeCommand) Run(ctx context.Context, m *Main, app *kong.Kong) error {
	typed := &typedLine{node: app.Model.Node, names: func(what string, f settingsFlag) []string { return namesOf(ctx, what, f) }}
	for _, s := range typed.suggest(c.Word) {
		if _, err := fmt.Fprintf(m.Out, "%s\t%s\n", s.word, s.meaning); err != nil {
			return err
		}
	}
	return nil
}

// suggestion is what a word may become.
type suggestion struct{ word, meaning string }

// typedLine is a command line up to the cursor.
type typedLine struct {
	node     *kong.Node // the command so far
	flag     *kong.Flag // whose value comes next; nil: none's
	args     int        // those of the command so far
	settings settingsFlag

	// names returns the names of things of a kind, by the tag "names" of a value.
	names func(what string, f settingsFlag) []string
}

// suggest returns what the last word may become.
func (l *typedLine) suggest(words []string) []suggestion {
	if len(words) > 1 && words[0] == "help" {
		words = words[1:]
	}
	if len(words) == 0 {
		words = []string{""}
	}
	last := words[len(words)-1]
	for _, word := range words[:len(words)-1] {
		l.pass(word)
	}
	if last == "=" && l.flag != nil { // bash splits --entry=shop
		last = ""
	}
	var all []suggestion
	name, _, hasValue := strings.Cut(last, "=")
	switch {
	case l.flag != nil:
		all = l.values(l.flag.Value, "")
	case strings.HasPrefix(last, "-") && hasValue:
		if flag := l.find(name); flag != nil {
			all = l.values(flag.Value, name+"=")
		}
	case strings.HasPrefix(last, "-"):
		all = l.flags()
	default:
		all = l.commands()
		if n := len(l.node.Positional); n > 0 {
			// The last argument may be one of several.
			if at := min(l.args, n-1); l.args < n || l.node.Positional[at].IsCumulative() {
				all = append(all, l.values(l.node.Positional[at], "")...)
			}
		}
	}
	return slices.DeleteFunc(all, func(s suggestion) bool {
		return !strings.HasPrefix(s.word, last) || !plainArg.MatchString(s.word)
	})
}

// pass takes a complete word.
func (l *typedLine) pass(word string) {
	switch {
	case word == "=" && l.flag != nil:
		return
	case l.flag != nil:
		l.took(l.flag, word)
		l.flag = nil
		return
	case strings.HasPrefix(word, "-"):
		name, value, hasValue := strings.Cut(word, "=")
		flag := l.find(name)
		switch {
		case flag == nil || flag.IsBool():
		case hasValue:
			l.took(flag, value)
		default:
			l.flag = flag
		}
		return
	}
	if child := childOf(l.node, word); child != nil {
		l.node = child
		return
	}
	l.args++
}

// took notes the value of a flag.
func (l *typedLine) took(flag *kong.Flag, value string) {
	if flag.Name == configFlag {
		l.settings.Config = value
	}
}

// find returns a flag as it is written; nil: there is none.
func (l *typedLine) find(written string) *kong.Flag {
	for _, level := range l.node.AllFlags(true) {
		for _, flag := range level {
			if written == "--"+flag.Name || flag.Short != 0 && written == "-"+string(flag.Short) {
				return flag
			}
		}
	}
	return nil
}

func (l *typedLine) flags() (all []suggestion) {
	for _, level := range l.node.AllFlags(true) {
		for _, flag := range level {
			all = append(all, suggestion{"--" + flag.Name, flag.Help})
		}
	}
	return all
}

func (l *typedLine) commands() (all []suggestion) {
	if l.args > 0 {
		return nil
	}
	for _, child := range l.node.Children {
		if !child.Hidden {
			all = append(all, suggestion{child.Name, child.Help})
		}
	}
	if l.node.Parent == nil {
		all = append(all, suggestion{"help", "Explain a command."})
	}
	return all
}

// values returns those that a flag or an argument may have, if they are known.
func (l *typedLine) values(v *kong.Value, prefix string) (all []suggestion) {
	known := l.names(v.Tag.Get("names"), l.settings)
	if v.Enum != "" {
		known = v.EnumSlice()
	}
	for _, value := range known {
		all = append(all, suggestion{prefix + value, ""})
	}
	return all
}

// completionTimeout bounds reading names: somebody has pressed Tab.
const completionTimeout = time.Second

// namesOf returns the ids of entries or the names of on-call's routes.
func namesOf(ctx context.Context, what string, f settingsFlag) (all []string) {
	if what == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, completionTimeout)
	defer cancel()
	settings, err := f.load(nil)
	if err != nil {
		return nil
	}
	switch what {
	case "route":
		if settings.OnCall != nil {
			for i := range settings.OnCall.Routes {
				all = append(all, string(settings.OnCall.Routes[i].Name))
			}
		}
	case "entry":
		_ = withRecords(ctx, settings, forEntries(server.OpenStore), func(r *records) error {
			entries, err := r.entries(ctx)
			if err != nil {
				return err
			}
			for _, e := range entries.All() {
				all = append(all, e.ID)
			}
			return nil
		})
	}
	return all
}
