package config_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

const ofCore = "[core]\ndomain = 'example.net'\n"

func TestNumbersLeadToResponders(t *testing.T) {
	s := load(t, fromFile(t, ofCore+`calling_code = "31"
[[core.number]]
number = "+12125551212"
url = "https://hooks.example.net/menu?id=shop"
[[core.number]]
number = "020 123 4567"
url = "http://192.0.2.1:8080"
method = "POST"
secret_file = "secret"
user = "8001"
`, map[string]string{"secret": "s3cret\n"}))
	for path, want := range map[string]string{
		"core.number.0.number": "+12125551212", "core.number.0.url": "https://hooks.example.net/menu?id=shop",
		"core.number.0.method": "GET", "core.number.0.secret": "", "core.number.0.user": "domain",
		"core.number.1.number": "020 123 4567", "core.number.1.url": "http://192.0.2.1:8080",
		"core.number.1.method": "POST", "core.number.1.secret": "<secret>", "core.number.1.user": "8001",
	} {
		if got := described(t, s, path).Value; got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
	if got := s.Core.Numbers[1].Secret.Reveal(); got != "s3cret" {
		t.Errorf("the secret is %q", got)
	}
}

func TestProblemsOfNumbersAreReported(t *testing.T) {
	const item = "[[core.number]]\nurl = 'https://hooks.example.net'\n"
	for name, c := range map[string]struct {
		file string
		want []string
	}{
		"nothing": {"[[core.number]]\nmethod = 'GET'\n", []string{
			`switchhook.toml:3: core.number.0.number is missing: write number = "+12125551212" below [[core.number]], or set SWITCHHOOK_CORE_NUMBER_0_NUMBER in the environment`,
			`switchhook.toml:3: core.number.0.url is missing: write url = "https://hooks.example.net/menu" below [[core.number]], or set SWITCHHOOK_CORE_NUMBER_0_URL in the environment`,
		}},
		"twice": {item + "number = '+12125551212'\n" + item + "number = '2125551212'\n", []string{
			`switchhook.toml:8: core.number.1.number is +1212•••1212, as core.number.0.number is; a number leads to one responder`,
		}},
		"no URL, no method": {"[[core.number]]\nnumber = '+12125551212'\nurl = 'hooks.example.net'\nmethod = 'PUT'\n", []string{
			`switchhook.toml:5: core.number.0.url is "hooks.example.net", which does not begin with https:// or http://`,
			`switchhook.toml:6: core.number.0.method is "PUT"; it takes "GET" or "POST"`,
		}},
		"an extension": {item + "number = '8001'\n", []string{
			`switchhook.toml:5: core.number.0.number is no telephone number that can be called from outside; write it with a plus and the country's code, as in +12125551212`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, refusal(t, fromFile(t, ofCore+c.file, nil))); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}
