//go:build unix

package cli_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// completed returns the words that a command line may go on with.
func completed(t *testing.T, words ...string) []string {
	t.Helper()
	got := run(t, "", nil, append([]string{"complete", "--"}, words...)...)
	got.wants(t, 0)
	var all []string
	for line := range strings.Lines(got.out) {
		word, _, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		all = append(all, word)
	}
	return all
}

func TestCommandsAreCompleted(t *testing.T) {
	path := folder(t, map[string]string{
		"switchhook.toml": "public_url = \"https://hooks.example.net\"\ndomains_file = \"domains.json\"\n" +
			onCallSettings("[netsapiens]\nurl = \"https://ucportal.example.net\"\ntoken = \"nsd_x\"\n[forms]\nsecret = \"your-form-secret\"\n[[oncall.source]]\nkind = \"file\"\npath = \"ann.toml\"\n[[oncall.route]]\nname = \"support\"\n"),
		"domains.json": `{"example.net-sms": {"message": "a"}, "example.org-sms": {"message": "b"}, "$(odd)": {"message": "c"}}`,
		"ann.toml":     rotaOfAnn,
	})
	settings := filepath.Join(path, "switchhook.toml")
	for _, c := range []struct {
		words []string
		want  []string
	}{
		{nil, []string{"demo", "texts", "help"}},
		{[]string{"te"}, []string{"test", "texts"}},
		{[]string{"help", "texts", "re"}, []string{"resend"}},
		{[]string{"texts", "list", "--st"}, []string{"--state"}},
		{[]string{"texts", "list", "--state", "de"}, []string{"dead"}},
		{[]string{"texts", "list", "--state=de"}, []string{"--state=dead"}},
		{[]string{"texts", "list", "--state", "=", "de"}, []string{"dead"}}, // as bash splits it
		{[]string{"texts", "list", "--state", "="}, []string{"any", "sending", "queued", "sent", "dead"}},
		{[]string{"texts", "list", "--json", "--st"}, []string{"--state"}},
		{[]string{"texts", "test", "-c", settings, ""}, []string{"example.net-sms", "example.org-sms"}},
		{[]string{"texts", "list", "--config=" + settings, "--entry", "example.o"}, []string{"example.org-sms"}},
		{[]string{"provision", "-c", settings, "example.net-sms", "example.o"}, []string{"example.org-sms"}},
		{[]string{"texts", "test", "-c", settings, "example.net-sms", ""}, nil}, // a number
		{[]string{"oncall", "who", "-c", settings, "--route", ""}, []string{"support"}},
		{[]string{"texts", "list", "-c", "missing.toml", "--entry", ""}, nil},
		{[]string{"serve", "-c", ""}, nil}, // a file, which the shell knows
		{[]string{"no", "such", ""}, nil},
		{[]string{"complet"}, []string{"completion"}},
		{[]string{"completion", "z"}, []string{"zsh"}},
	} {
		got := completed(t, c.words...)
		if c.words == nil {
			got = slices.DeleteFunc(got, func(word string) bool { return !slices.Contains(c.want, word) })
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%q: got %q, want %q", c.words, got, c.want)
		}
	}
}

// TestShellsComplete has the shells that are here load what they are given and
// complete a line.
func TestShellsComplete(t *testing.T) {
	for shell, script := range map[string]string{
		"bash": `source <(switchhook completion bash) && COMP_WORDS=(switchhook texts list --state = de) COMP_CWORD=5 && _switchhook && printf '%s\n' "${COMPREPLY[@]}"`,
		"fish": `switchhook completion fish | source; and complete -C 'switchhook texts list --state=de' | string replace -- --state= '' | string trim; true`,
		"zsh": `autoload -Uz compinit && compinit -D -u && source <(switchhook completion zsh) && [[ $_comps[switchhook] == _switchhook ]] &&
			_describe() { print -l "${(@)found%%:*}" } && words=(switchhook texts list --state de) CURRENT=5 && _switchhook`,
	} {
		t.Run(shell, func(t *testing.T) {
			program, err := exec.LookPath(shell)
			if err != nil {
				t.Skip(err)
			}
			var said bytes.Buffer
			command := exec.Command(program, "-c", script)
			command.Env = append(os.Environ(), "HOME="+t.TempDir(), "TERM=dumb")
			command.Stderr = &said
			out, err := command.Output()
			if err != nil || strings.TrimSpace(string(out)) != "dead" {
				t.Errorf("%v, it completes %q, and says %s", err, out, said.String())
			}
		})
	}
}
