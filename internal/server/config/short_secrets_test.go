package config_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestShortSecretsAreFoundWhereverTheyStand(t *testing.T) {
	from := fromFile(t, `public_url = "https://hooks.example.net"
[netsapiens]
url = "https://phones.example.net"
token = "x"
[forms]
secret_file = "forms"
[oncall]
previous_secret = "before"
[[oncall.source]]
kind = "file"
path = "rota.toml"
[[oncall.route]]
name = "support"
secret = "of support"
[[oncall.route]]
name = "sales"
secret = "a-secret-of-16-c"
previous_secret = "of sales"
`, map[string]string{"forms": "in a file\n", "credentials/oncall.secret": "a credential"})
	from.CredentialsDir = "credentials"
	const end = " characters; a new secret has at least 16, and openssl rand -hex 32 makes one"
	want := []string{
		"file forms: forms.secret has 9" + end,
		"credential oncall.secret: oncall.secret has 12" + end,
		"switchhook.toml:8: oncall.previous_secret has 6" + end + " (old)",
		"switchhook.toml:14: oncall.route.0.secret has 10" + end,
		"switchhook.toml:18: oncall.route.1.previous_secret has 8" + end + " (old)",
	}
	var got []string
	for _, w := range load(t, from).Weak() {
		line := w.Problem.String()
		if w.Old {
			line += " (old)"
		}
		got = append(got, line)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("found (-want +got):\n%s", diff)
	}
}
