package setting_test

import (
	"strings"
	"testing"

	"github.com/switchhook/switchhook/internal/setting"
)

func TestSecretsAreTakenOutOfURLs(t *testing.T) {
	for text, want := range map[string]string{
		"":                         "",
		"https://hook.example/a":   "https://hook.example/a",
		"https://hook.example?a=b": "https://hook.example?a=b",
		"https://hook.example/menu?id=7&key=s3cret&x=1":         "https://hook.example/menu?id=7&key=<secret>&x=1",
		"https://hook.example/menu?secret_key=s3cret#top":       "https://hook.example/menu?secret_key=<secret>#top",
		"https://hook.example/menu?Secret%5Fkey=s3cret;more":    "https://hook.example/menu?Secret%5Fkey=<secret>",
		"https://hook.example/?X-Amz-Signature=abc&v=2":         "https://hook.example/?X-Amz-Signature=<secret>&v=2",
		"https://hook.example/?access_token=abc=&v=2":           "https://hook.example/?access_token=<secret>&v=2",
		"https://hook.example/?a=b;token=s3cret":                "https://hook.example/?a=b;token=<secret>",
		"https://hook.example/#token=s3cret":                    "https://hook.example/#token=<secret>",
		"https://user:s3cret@hook.example/a@b?to=c@d":           "https://<secret>@hook.example/a@b?to=c@d",
		"https://s3cret@hook.example":                           "https://<secret>@hook.example",
		"/menu?key=s3cret":                                      "/menu?key=<secret>",
		"?token=":                                               "?token=",
		"https://hook.example/?monkey=1&turnkey=2&finishOnKey=": "https://hook.example/?monkey=1&turnkey=2&finishOnKey=",
		`GET "https://u:s3cret@h.example/?key=s3cret": EOF, then wss://h.example/?token=s3cret failed`: `GET "https://<secret>@h.example/?key=<secret>": EOF, then wss://h.example/?token=<secret> failed`,
		"the key=value pairs stay, and a ?b=c too":                                                     "the key=value pairs stay, and a ?b=c too",
		"sip:8001@pbx.example": "sip:8001@pbx.example",
	} {
		got := setting.WithoutSecrets(text)
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
		if again := setting.WithoutSecrets(got); again != got {
			t.Errorf("%q: a second time it is %q", text, again)
		}
	}
}

func FuzzWithoutSecrets(f *testing.F) {
	f.Add("https://hook.example/menu?id=7&", "")
	f.Add("://a@b?x=%zz&", "#://")
	f.Fuzz(func(t *testing.T, before, after string) {
		const secret = "s3cret0123456789"
		if strings.Contains(before+after, secret) {
			t.Skip()
		}
		got := setting.WithoutSecrets(before + "?key=" + secret + after)
		if strings.Contains(got, secret) {
			t.Errorf("%q is left", got)
		}
		if again := setting.WithoutSecrets(got); again != got {
			t.Errorf("%q is %q a second time", got, again)
		}
	})
}
