package cli_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/switchhook/switchhook/internal/tool/cli"
)

func TestEachCommandIsInAGroupAndHasExamples(t *testing.T) {
	all, ungrouped, err := cli.Commands()
	if err != nil {
		t.Error(err)
	}
	if len(ungrouped) > 0 {
		t.Errorf("%q have no group: cli.go", ungrouped)
	}
	for command, lines := range all {
		if len(lines) == 0 {
			t.Errorf("%s has no examples: examples.go", command)
		}
		for _, line := range lines {
			if err := readsAs(line); err != nil {
				t.Errorf("help %s: %s: %v", command, line, err)
			}
			if !strings.Contains(line, "switchhook "+command) {
				t.Errorf("help %s: %s is an example of something else", command, line)
			}
		}
	}
}

func TestHelpShowsGroupsAndExamples(t *testing.T) {
	run(t, "", nil, "help").wants(t, 0, "Write and test responders:\n  demo ", "Look after callers, day by day:\n", "Examples:\n  switchhook demo\n")
	run(t, "", nil, "help", "texts", "resend").wants(t, 0, "Examples:\n  switchhook texts resend qzx5\n")
}

var (
	// shellWord is one of a command in a shell, plain or quoted.
	shellWord = regexp.MustCompile(`'[^']*'|"[^"]*"|[^\s'"|>;&)]+|[|>;&)]`)
)

// readsAs reports what is wrong with a command as somebody would paste it.
func readsAs(command string) error {
	_, command, _ = strings.Cut(command, "switchhook ")
	var args []string
	for _, word := range shellWord.FindAllString(command, -1) {
		if len(word) == 1 && strings.ContainsAny(word, "|>;&)") {
			break
		}
		args = append(args, strings.Trim(word, `'"`))
	}
	return cli.Read(args)
}

func TestCommandsInMessagesAreForTheSameSettings(t *testing.T) {
	settings := phoneSettings(t, t.TempDir(), "http://127.0.0.1:9", "public_url = \"https://hooks.example.net\"\n")
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"texts", "resend", "-c", settings}, "hint: switchhook texts list -c " + settings + " --state dead shows them\n"},
		{[]string{"texts", "list", "-c", settings}, "hint: switchhook serve -c " + settings + " makes it"},
		{[]string{"provision", "--remove", "-c", settings}, "hint: switchhook export -c " + settings + " shows all of them\n"},
		{[]string{"provision", "--remove"}, "hint: switchhook export shows all of them\n"},
		{[]string{"call", "2125551212", "--core", "http://127.0.0.1:9"}, "hint: switchhook demo starts one; "},
	} {
		run(t, "", nil, c.args...).wants(t, 2, c.want)
	}
}
