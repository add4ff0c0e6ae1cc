package setting_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/setting"
)

const password = "hunter2hunter2"

func TestSecretIsNeverPrinted(t *testing.T) {
	secret := setting.NewSecret(password)
	type outer struct {
		Public setting.Secret
		hidden setting.Secret
	}
	nested := outer{secret, secret}
	printed := []string{secret.String(), fmt.Sprint(secret), fmt.Sprintln(secret, &secret), fmt.Errorf("wrap %w", errors.New(fmt.Sprint(secret))).Error()}
	for verb := range strings.SplitSeq("v +v #v s q x X d t b o c U e g p T 10s -30q .3s w", " ") {
		for _, value := range []any{secret, &secret, nested, &nested, []setting.Secret{secret}, map[string]setting.Secret{"a": secret}, [1]any{nested}} {
			printed = append(printed, fmt.Sprintf("%"+verb, value))
		}
	}
	for _, marshal := range []func(any) ([]byte, error){json.Marshal, xml.Marshal} {
		text, err := marshal(nested)
		if err != nil {
			t.Fatal(err)
		}
		printed = append(printed, string(text))
	}
	var log bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		slog.New(handler).Info("settings", "secret", secret, "pointer", &secret, "nested", nested)
	}
	printed = append(printed, log.String(), cmp.Diff(secret, setting.NewSecret("other")))

	hex := fmt.Sprintf("%x", password)
	for _, text := range printed {
		if strings.Contains(text, password) || strings.Contains(strings.ToLower(text), hex) || strings.Contains(text, password[:3]) {
			t.Errorf("the secret shows in %q", text)
		}
	}
	for _, text := range printed[:3] {
		if !strings.Contains(text, "<secret>") {
			t.Errorf("%q does not say that there is a secret", text)
		}
	}
}

func TestSecretsAreCompared(t *testing.T) {
	var none setting.Secret
	set := setting.NewSecret(password)
	for _, c := range []struct {
		name string
		got  bool
		want bool
	}{
		{"equal to the same", set.Equal(setting.NewSecret(password)), true},
		{"equal to another", set.Equal(setting.NewSecret(password + "3")), false},
		{"equal to none", set.Equal(none), false},
		{"none equal to none", none.Equal(setting.NewSecret("")), true},
		{"matches the same", set.Matches(password), true},
		{"matches another", set.Matches("hunter"), false},
		{"matches empty", set.Matches(""), false},
		{"none matches empty", none.Matches(""), false},
		{"none matches something", none.Matches("x"), false},
		{"is set", set.IsSet(), true},
		{"none is set", none.IsSet(), false},
		{"reveals", set.Reveal() == password, true},
		{"none reveals nothing", none.Reveal() == "", true},
	} {
		if c.got != c.want {
			t.Errorf("%s: %t", c.name, c.got)
		}
	}
}
