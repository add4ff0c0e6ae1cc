package config_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestAddressesThatHoldSecrets gives each as a variable, and checks what is
// shown of it, or the problem. Neither may contain the password.
func TestAddressesThatHoldSecrets(t *testing.T) {
	const (
		database   = `is not the address of a PostgreSQL database, such as "postgres://user:password@db.example.net/switchhook"`
		unreadable = "cannot be read; in a password / is written %2F, @ %40, : %3A, # %23 and % %25"
		unnamed    = "names no database; write its name behind the host and a slash"
	)
	for _, c := range []struct{ path, text, want, problem string }{
		{"database", "postgres://a:hunter2@db.example.net/switchhook", "db.example.net/switchhook", ""},
		{"database", "postgresql://a:hunter2@db.example.net:5433/switchhook?sslmode=verify-full", "db.example.net:5433/switchhook", ""},
		{"database", "postgres://a:hunter2@one:5432,two:5433/switchhook", "one:5432,two:5433/switchhook", ""},
		{"database", "postgres://[::1]/switchhook?password=hunter2", "[::1]/switchhook", ""},
		{"database", "postgres:///switchhook?host=/run/postgresql&password=hunter2", "/run/postgresql/switchhook", ""},
		{"database", "postgres://a@b?dbname=switchhook&password=hunter2", "b/switchhook", ""},
		{"database", "postgres://a:hunter%2F2@b/c", "b/c", ""},
		{"database", "postgres://a:hunter2@hunter2@b/c", "b/c", ""},
		{"database", "postgres://a:hunter2/@b/c", "", unreadable},
		{"database", "postgres://a:hunter2#@b/c", "", unreadable},
		{"database", "postgres://a:hunter2%@b/c", "", unreadable},
		{"database", "postgres://a:1/hunter2@b/c", "", unreadable},
		{"database", "postgres://a:1/hunter2@b", "", unreadable},
		{"database", "postgres://a:hunter2@b:99999/c", "", unreadable},
		{"database", "postgres://a:hunter2@b/", "", unnamed},
		{"database", "postgres://a:hunter2@b", "", unnamed},
		{"database", "postgres://a:hunter2@/c", "", "names no host"},
		{"database", "postgres://a:hunter2@one,/c", "", "names no host beside a comma, port or @"},
		{"database", "postgres://b/c/hunter2", "", "goes on behind the name of the database"},
		{"database", "postgres://b/c/password=hunter2", "", "has = or & where a host or the database is named; parameters begin with a question mark"},
		{"database", "mysql://a:hunter2@b/c", "", database},
		{"database", "host=b password=hunter2", "", database},
		{"database", "postgres://a:hunter2@b/c\n", "", "holds a line break or another control character"},

		{"alerts.webhook", "https://chat.example.net/hooks/hunter2", "chat.example.net", ""},
		{"alerts.webhook", "http://127.0.0.1:8065/hooks?key=hunter2", "127.0.0.1:8065", ""},
		{"alerts.webhook", "chat.example.net/hunter2", "", "does not begin with https:// or http://"},
		{"alerts.webhook", "https:///hunter2", "", "names no host"},
		{"alerts.webhook", "https://a:99999/hunter2", "", "has a port that is not a number up to 65535"},
		{"alerts.webhook", "https://hunter2:x@a/", "", "holds a user name or password; leave that out"},
		{"alerts.webhook", "https://a/hunter 2", "", `is not a web address, such as "https://chat.example.net/hooks/switchhook"`},
	} {
		t.Run(c.path+" "+c.text, func(t *testing.T) {
			from := fromFile(t, complete, nil)
			name := "SWITCHHOOK_" + strings.ToUpper(strings.ReplaceAll(c.path, ".", "_"))
			from.Environ = []string{name + "=" + c.text}
			if c.problem != "" {
				if diff := cmp.Diff([]string{"environment " + name + ": " + c.path + " " + c.problem}, refusal(t, from)); diff != "" {
					t.Errorf("problems (-want +got):\n%s", diff)
				}
				return
			}
			s := load(t, from)
			secret, shown := s.Database.Secret, s.Database.Place()
			if c.path != "database" {
				secret, shown = s.Alerts.Webhook.Secret, s.Alerts.Webhook.Host()
			}
			if secret.Reveal() != c.text || shown != c.want {
				t.Errorf("it reveals %q and shows %q, want %q and %q", secret.Reveal(), shown, c.text, c.want)
			}
			text, err := json.Marshal(s.Alerts)
			if err != nil {
				t.Fatal(err)
			}
			all := fmt.Sprintf("%+v %#v %v %+v %s %v", s.Database, s.Database, s.Alerts, s.Alerts, text, s.Describe())
			if strings.Contains(all+shown, "hunter2") {
				t.Errorf("the secret shows in %s %s", shown, all)
			}
			if described(t, s, c.path).Value != "<secret>" {
				t.Errorf("it is described as %q", described(t, s, c.path).Value)
			}
		})
	}
}

func TestAddressesThatHoldSecretsMayStandInFilesAndCredentials(t *testing.T) {
	const address = "postgres://a:hunter2@b/c"
	for name, content := range map[string]string{
		"a file":       "database_file = 'secret'\n" + complete,
		"a credential": complete,
	} {
		t.Run(name, func(t *testing.T) {
			from := fromFile(t, content, map[string]string{"secret": address + "\n", "credentials/database": address + "\n"})
			if name == "a credential" {
				from.CredentialsDir = "credentials"
			}
			if got := load(t, from).Database.Reveal(); got != address {
				t.Errorf("the database is %q", got)
			}
		})
	}
}

func TestWhatIsNotSetShowsNothing(t *testing.T) {
	s := load(t, fromFile(t, "database = ''\n"+complete, nil))
	if s.Database.IsSet() || s.Database.Place() != "" || s.Alerts.Webhook.IsSet() || s.Alerts.Webhook.Host() != "" || described(t, s, "database").Value != "" {
		t.Errorf("database %q, webhook %q", s.Database.Place(), s.Alerts.Webhook.Host())
	}
}
