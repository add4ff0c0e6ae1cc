package cli

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// Read reads a command line as Run does, and runs nothing.
func Read(args []string) error {
	if len(args) > 0 && args[0] == "help" {
		args = append(slices.Clone(args[1:]), "--help")
	}
	leave := make(chan int, 1)
	parser, err := kong.New(new(commands), (&Main{Out: io.Discard, Err: io.Discard}).grammar(context.Background(), leave)...)
	if err != nil {
		return err
	}
	_, err = parser.Parse(args)
	if len(leave) > 0 {
		return nil
	}
	return err
}

// Commands returns all commands that help shows, each with its examples and whether
// it belongs to a group.
func Commands() (all map[string][]string, ungrouped []string, err error) {
	parser, err := kong.New(new(commands), new(Main).grammar(context.Background(), nil)...)
	if err != nil {
		return nil, nil, err
	}
	all = map[string][]string{}
	for _, leaf := range parser.Model.Leaves(true) {
		command := strings.TrimPrefix(leaf.FullPath(), parser.Model.Name+" ")
		if leaf.ClosestGroup() == nil {
			ungrouped = append(ungrouped, command)
		}
		all[command] = nil
	}
	for command, lines := range examples {
		if _, there := all[command]; !there && command != "" {
			err = errors.Join(err, errors.New("examples of "+command+", which is no command"))
		}
		for line := range strings.Lines(lines) {
			if line = strings.TrimSpace(line); line != "" {
				all[command] = append(all[command], line)
			}
		}
	}
	return all, ungrouped, err
}
