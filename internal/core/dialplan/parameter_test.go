package dialplan_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/switchhook/switchhook/internal/core/dialplan"
	"github.com/switchhook/switchhook/internal/fault"
)

func TestApplicationParameters(t *testing.T) {
	for _, c := range []struct{ parameter, method, secret, url string }{
		{"https://your.domain.dev/test.html", "GET", "", "https://your.domain.dev/test.html"},
		{"<HttpMethod=GET>https://your.domain.dev/test.html", "GET", "", "https://your.domain.dev/test.html"},
		{"<HttpMethod=POST>https://a.example/?id=shop&key=1", "POST", "", "https://a.example/?id=shop&key=1"},
		{"<HttpSecret=s3cret><HttpMethod=post>http://a.example:8080", "POST", "s3cret", "http://a.example:8080"},
		{"<HttpMethod=POST><HttpSecret=a=b/c+d>https://a.example/", "POST", "a=b/c+d", "https://a.example/"},
		{" <httpmethod=POST> <HTTPSECRET=x>  https://a.example/ ", "POST", "x", "https://a.example/"},
	} {
		web, err := dialplan.ParseWeb(c.parameter)
		if err != nil {
			t.Errorf("%s: %v", c.parameter, err)
			continue
		}
		if web.Method != c.method || string(web.Secret) != c.secret || web.URL.String() != c.url {
			t.Errorf("%s: %s %s, secret %q", c.parameter, web.Method, web.URL, string(web.Secret))
		}
	}
}

func TestBadApplicationParametersAreRefusedWithASentence(t *testing.T) {
	for parameter, want := range map[string]string{
		"":                                   "names no web responder",
		"<HttpMethod=POST>":                  "names no web responder",
		"<HttpMethod=POSThttps://a.example/": "not closed",
		"<HttpMethod=PUT>https://a.example/": "GET or POST",
		"<HttpMethod>https://a.example/":     "GET or POST",
		"<HttpSecret=>https://a.example/":    "is empty",
		"<HttpBody=x>https://a.example/":     "<HttpBody>",
		"a.example/test":                     "not the URL",
		"ftp://a.example/":                   "not the URL",
		"https:///x":                         "not the URL",
		"http://a.example:port/":             "not the URL",
	} {
		_, err := dialplan.ParseWeb(parameter)
		if err == nil || !strings.Contains(err.Error(), want) || fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s: %v, want an error with %q", parameter, err, want)
		}
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	web, err := dialplan.ParseWeb("<HttpSecret=s3cret>https://a.example/")
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := json.Marshal(web)
	if err != nil {
		t.Fatal(err)
	}
	printed := fmt.Sprintf("%v %+v %#v %s %q %s", web, web, web, web.Secret, web.Secret, encoded)
	if strings.Contains(printed, "s3cret") {
		t.Errorf("the secret is in %s", printed)
	}
	s := textBack(t)
	s.plan(domain, domain, s.web("*", "<HttpSecret=s3cret>https://a.example/"))
	result := dialplan.Route(s, dialplan.Query{To: "2125550100", At: noon, Explain: true})
	if text := strings.Join(steps(result), "\n") + result.Reason; result.Web.Secret != "s3cret" || strings.Contains(text, "s3cret") {
		t.Errorf("the secret is in\n%s", text)
	}
}

func FuzzWeb(f *testing.F) {
	f.Add("<HttpMethod=POST><HttpSecret=x>https://a.example/?q=1")
	f.Add("<<>>")
	f.Add("<HttpMethod=GET>//x")
	f.Fuzz(func(t *testing.T, parameter string) {
		web, err := dialplan.ParseWeb(parameter)
		if err != nil {
			return
		}
		if web.URL.Host == "" || (web.Method != "GET" && web.Method != "POST") {
			t.Errorf("%q became %+v", parameter, web)
		}
	})
}
