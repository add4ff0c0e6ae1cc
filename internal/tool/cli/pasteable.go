package cli

import (
	"regexp"
	"strings"

	"github.com/alecthomas/kong"
)

// commandInText is a command in a sentence, with what follows up to the next pause.
var commandInText = regexp.MustCompile(`\bswitchhook((?: [a-z]+)+)([^;:,\n]*)`)

// pasteable returns a text whose commands run as they stand there: by the name by which
// the shell found the program, with the settings file of the running command.
func (m *Main) pasteable(text string) string {
	return commandInText.ReplaceAllStringFunc(text, func(found string) string {
		match := commandInText.FindStringSubmatch(found)
		words, node := strings.Fields(match[1]), m.root
		for node != nil && len(words) > 0 {
			child := childOf(node, words[0])
			if child == nil {
				break
			}
			node, words = child, words[1:]
		}
		if node == nil || node == m.root || !node.Leaf() {
			return found
		}
		rest := strings.Join(append([]string{""}, words...), " ") + match[2]
		command := m.program() + strings.TrimPrefix(node.FullPath(), m.root.Name)
		typed := &typedLine{node: node}
		if m.settings != "" && typed.find("--config") != nil && !strings.Contains(rest, " -c ") {
			command += " -c " + quoted(m.settings)
		}
		return command + rest
	})
}

// childOf returns a command of a command; nil: there is none of that name.
func childOf(node *kong.Node, name string) *kong.Node {
	for _, child := range node.Children {
		if child.Name == name {
			return child
		}
	}
	return nil
}
