package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/server/config"
)

func TestDotenvIsReadAsOperatorsWriteIt(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       [][2]string
	}{
		{"plain", "NS_TOKEN=nss_1a2b", [][2]string{{"NS_TOKEN", "nss_1a2b"}}},
		{"several, with empty lines and comments", "# token\n\nA=1\n  # more\nB=2\n", [][2]string{{"A", "1"}, {"B", "2"}}},
		{"export", "export A=1\nexport\tB=2", [][2]string{{"A", "1"}, {"B", "2"}}},
		{"a variable called export", "export=1", [][2]string{{"export", "1"}}},
		{"spaces around", "  A = 1 2  \n", [][2]string{{"A", "1 2"}}},
		{"nothing behind the sign", "A=\nB=2", [][2]string{{"A", ""}, {"B", "2"}}},
		{"a name alone", "A\nB # is empty\nC=3", [][2]string{{"C", "3"}}},
		{"a comment behind a value", "A=1 # one\nB=\t# none\nC=1#2", [][2]string{{"A", "1"}, {"B", ""}, {"C", "1#2"}}},
		{"a value that begins with #", "COLOUR=#1a73e8", [][2]string{{"COLOUR", "#1a73e8"}}},
		{"signs in the value", "A=b=c==", [][2]string{{"A", "b=c=="}}},
		{"quotation marks within a value", `A=it's "so"`, [][2]string{{"A", `it's "so"`}}},
		{"single quotes", `A='a # b \n "c" \' \\' # comment`, [][2]string{{"A", `a # b \n "c" ' \`}}},
		{"double quotes", `A="a # b\tc\n \"d\" 'e' \\ \d"`, [][2]string{{"A", "a # b\tc\n \"d\" 'e' \\ \\d"}}},
		{"empty quotes", "A=''\nB=\"\"", [][2]string{{"A", ""}, {"B", ""}}},
		{"several lines in quotes", "KEY=\"-----BEGIN\nabc\n-----END\"\nB=2", [][2]string{{"KEY", "-----BEGIN\nabc\n-----END"}, {"B", "2"}}},
		{"nothing is expanded", "A=$HOME\nB=\"${A}\"", [][2]string{{"A", "$HOME"}, {"B", "${A}"}}},
		{"lines of Windows", "\ufeffA=1\r\nB='2'\r\nC=\r\n", [][2]string{{"A", "1"}, {"B", "2"}, {"C", ""}}},
		{"twice", "A=1\nA=2", [][2]string{{"A", "1"}, {"A", "2"}}},
		{"other letters in values", "A=Grüße\xff", [][2]string{{"A", "Grüße\xff"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, problems := config.ReadDotenv(c.text)
			if len(problems) > 0 {
				t.Errorf("problems: %q", problems)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("variables (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDotenvTellsEveryBrokenLineAndNoValue(t *testing.T) {
	got, problems := config.ReadDotenv("this is hunter2\nA=1\nB='x\"hunter2\n=hunter2\nC=\"hunter2\" hunter2\n\nD=\"a\nb\" c\nE=5\n")
	if diff := cmp.Diff([][2]string{{"A", "1"}, {"E", "5"}}, got); diff != "" {
		t.Errorf("variables (-want +got):\n%s", diff)
	}
	want := []string{
		".env:1: this line is not NAME=VALUE",
		".env:3: the quotation that begins here does not end; put a quotation mark behind the value of B",
		".env:4: this line is not NAME=VALUE",
		".env:5: something stands behind the closing quotation mark of C; quotation marks within a value need a backslash",
		".env:7: something stands behind the closing quotation mark of D; quotation marks within a value need a backslash",
	}
	if diff := cmp.Diff(want, problems); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

// quoted writes a value for .env. The value must not contain \r\n, which .env
// takes for the end of a line.
func quoted(value string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`
}

func FuzzDotenv(f *testing.F) {
	f.Add("NS_TOKEN=nss_1a2b\nexport UPDATE_SECRET='a b' # c\n")
	f.Add("A=\"a\\n\nb\"\r\nB\nC = 'it\\'s'\n=\n\"")
	f.Add("\ufeff#\n\n A=\n")
	f.Fuzz(func(t *testing.T, text string) {
		pairs, problems := config.ReadDotenv(text)
		if most := strings.Count(text, "\n") + 1; len(pairs)+len(problems) > most {
			t.Errorf("%d variables and %d problems in %d lines", len(pairs), len(problems), most)
		}
		// What was read and is written again reads the same.
		var written strings.Builder
		for _, p := range pairs {
			written.WriteString(p[0] + "=" + quoted(p[1]) + "\n")
			if strings.Contains(p[1], "\r\n") {
				return
			}
		}
		again, problems := config.ReadDotenv(written.String())
		if len(problems) > 0 {
			t.Errorf("written anew it has problems: %q\n%s", problems, written.String())
		}
		if diff := cmp.Diff(pairs, again); diff != "" {
			t.Errorf("written anew (-first +again):\n%s", diff)
		}
	})
}
