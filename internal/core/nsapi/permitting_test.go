package nsapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/core/nsapi"
)

func TestKeysReachWhatTheirScopeAllows(t *testing.T) {
	s := newSystem(t)
	s.do("POST", "/domains", object{"domain": "other.example"}).wants(http.StatusAccepted, "Accepted")
	s.do("POST", in+"/users", user("2001")).wants(http.StatusAccepted, "Accepted")
	for _, c := range []struct {
		token, method, path string
		body                any
		status              int
		message             string
	}{
		{"", "GET", "/version", nil, 401, "no API key was given"},
		{"nss_super-user-of-test", "GET", "/version", nil, 401, "not valid"},
		{super, "GET", "/domains/other.example/users", nil, 200, ""},
		{manager, "GET", in + "/users", nil, 200, ""},
		{manager, "GET", "/domains/~/users", nil, 200, ""},
		{manager, "GET", "/domains/EXAMPLE.net/users", nil, 200, ""},
		{manager, "GET", "/domains/other.example/users", nil, 401, "the domain other.example is out of this API key's scope"},
		{manager, "POST", "/domains/other.example/users", user("1"), 401, "out of this API key's scope"},
		{manager, "GET", "/domains/~/users/~", nil, 400, "own user"},
		{manager, "GET", "/domains", nil, 403, "Super User"},
		{manager, "POST", "/domains", object{"domain": "more.example"}, 403, "Super User"},
		{manager, "GET", "/phonenumbers", nil, 403, "Super User"},
		{manager, "GET", "/version", nil, 200, ""},
		{basic, "GET", "/domains/~/users/~", nil, 200, ""},
		{basic, "GET", in + "/users/2000/answerrules/*", nil, 200, ""},
		{basic, "GET", in + "/users/2001", nil, 403, "Office Manager"},
		{basic, "GET", in + "/users", nil, 403, "Office Manager"},
		{basic, "PUT", in + "/users/2000/answerrules/*", forward("1"), 403, "Office Manager"},
		{basic, "DELETE", in + "/users/2000", nil, 403, "Office Manager"},
		{basic, "GET", "/domains/other.example/users/2000", nil, 401, "out of this API key's scope"},
		{readOnly, "GET", "/domains", nil, 200, ""},
		{readOnly, "POST", in + "/users", user("1"), 403, "only read"},
	} {
		t.Run(c.token+" "+c.method+" "+c.path, func(t *testing.T) {
			one := *s
			one.t = t
			got := one.doAs(c.token, c.method, c.path, c.body).wants(c.status, c.message)
			if challenge := got.header.Get("WWW-Authenticate"); (c.status == http.StatusUnauthorized) != (challenge == "Bearer") {
				t.Errorf("the challenge is %q", challenge)
			}
		})
	}
}

func TestSchemeOfTheHeaderMayBeInAnyCase(t *testing.T) {
	s := newSystem(t)
	for header, status := range map[string]int{"bearer " + super: 200, "BEARER  " + super: 200, "Basic " + super: 401, super: 401, "": 401} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/ns-api/v2/version", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", header)
		if got := s.send(r).status; got != status {
			t.Errorf("%q answered %d, want %d", header, got, status)
		}
	}
}

func TestKeysThatCannotBe(t *testing.T) {
	token := nsapi.Token(super)
	for want, keys := range map[string][]nsapi.Key{
		"API key 1: the token is shorter than 16": {{Token: "short", Scope: nsapi.SuperUser}},
		`API key 1: "King" is not a scope`:        {{Token: token, Scope: "King"}},
		"needs a domain":                          {{Token: token, Scope: nsapi.OfficeManager}},
		"needs a user":                            {{Token: token, Scope: nsapi.BasicUser, Domain: domain}},
		"API key 2: the token is that of another": {{Token: token, Scope: nsapi.SuperUser}, {Token: token, Scope: nsapi.SuperUser}},
	} {
		_, err := nsapi.New(nsapi.Config{Core: core.New(core.Config{}), Keys: keys})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), super) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func TestTokensAreMadeAndDoNotPrint(t *testing.T) {
	for scope, prefix := range map[nsapi.Scope]string{nsapi.SuperUser: "nss_", nsapi.OfficeManager: "nsd_", nsapi.BasicUser: "nsu_"} {
		token := nsapi.NewToken(scope)
		if len(token) != 60 || !strings.HasPrefix(string(token), prefix) || token == nsapi.NewToken(scope) {
			t.Errorf("%s: a token of %d characters that begins with %.4s", scope, len(token), string(token))
		}
		key := nsapi.Key{Token: token, Scope: scope}
		encoded, err := json.Marshal(key)
		if err != nil {
			t.Fatal(err)
		}
		if printed := fmt.Sprintf("%v %+v %#v %s", key, key, key, encoded); strings.Contains(printed, string(token)) {
			t.Errorf("the token is in %s", printed)
		}
	}
}

// TestTheFirstNameThatAKeyLacksIsTold has a key with neither name, which is told
// the same each time.
func TestTheFirstNameThatAKeyLacksIsTold(t *testing.T) {
	s := newSystem(t)
	for range 20 {
		s.do("GET", "/domains/~/users/~", nil).wants(http.StatusBadRequest, "~ means the API key's own domain")
	}
}
