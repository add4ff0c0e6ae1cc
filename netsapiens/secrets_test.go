package netsapiens_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/netsapiens"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

func TestTokenIsNotPrinted(t *testing.T) {
	config := netsapiens.Config{URL: "https://pbx.example.net", Token: nstest.Token}
	c, err := netsapiens.New(config)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("started", "config", config, "token", config.Token, "client", c)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("started", "token", config.Token, "tokens", []any{config.Token})
	asJSON, err := json.Marshal(map[string]any{"token": config.Token})
	if err != nil || string(asJSON) != `{"token":"\u003csecret\u003e"}` {
		t.Errorf("%s, %v", asJSON, err)
	}
	shown := log.String()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		for _, v := range []any{config, &config, config.Token, c, *c, []netsapiens.Secret{config.Token}, map[string]any{"token": config.Token}} {
			shown += fmt.Sprintf(verb, v)
		}
	}
	for _, token := range []string{nstest.Token, fmt.Sprintf("%x", nstest.Token), fmt.Sprintf("%X", nstest.Token)} {
		if strings.Contains(shown, token) {
			t.Errorf("the token is in %s", shown)
		}
	}
	if got := config.Token.String(); got != "<secret>" || string(config.Token) != nstest.Token {
		t.Errorf("%q", got)
	}
}

// TestTokenThatIsRepeated has phone systems that say the token, or a part of
// it, in their refusals.
func TestTokenThatIsRepeated(t *testing.T) {
	const jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIyMDAwIn0.c2lnbmF0dXJl"
	for says, want := range map[string]string{
		"Invalid token " + nstest.Token:                   "Invalid token <secret>",
		"Invalid token '" + nstest.Token + "'.":           "Invalid token '<secret>'.",
		"Invalid token " + nstest.Token[:12] + "…":        "Invalid token <secret>…",
		"Authorization: Bearer " + nstest.Token + ", no":  "Authorization: Bearer <secret>, no",
		"use nss_" + strings.Repeat("x", 56) + " instead": "use <secret> instead",
		"not " + jwt:                                       "not <secret>",
		"key nsd_Atest\nkeyAtest":                          "key <secret> keyAtest",
		strings.Repeat(" ", 3000) + nstest.Token:           "",
		"nothing secret about 2000@example.com, is there?": "nothing secret about 2000@example.com, is there?",
	} {
		system := start(t, nstest.Quirks{})
		system.Break(nstest.SendMessage, 1, nstest.Refuses(401, says))
		if e := failed(t, clientOf(t, system.URL).SendSMS(t.Context(), text())); e.Vendor != want {
			t.Errorf("%q is shown as %q, want %q", says, e.Vendor, want)
		}
	}
}

func TestTokenOfAnotherKindIsNotRepeatedEither(t *testing.T) {
	for _, token := range []netsapiens.Secret{"0123456789abcdef", "short", "eyJhbGciOiJIUzI1NiJ9.e30.c2ln"} {
		c, err := netsapiens.New(netsapiens.Config{URL: "http://pbx.example.net", Token: token, HTTP: &http.Client{
			Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				body := strings.NewReader("you said " + r.Header.Get("Authorization"))
				return &http.Response{StatusCode: http.StatusForbidden, Body: io.NopCloser(body), Request: r}, nil
			})}})
		if err != nil {
			t.Fatal(err)
		}
		err = c.SendSMS(t.Context(), text())
		if shown := fmt.Sprintf("%v %+v %#v", err, err, err); strings.Contains(shown, string(token)) || !strings.Contains(shown, "you said Bearer <secret>") {
			t.Error(shown)
		}
	}
}

func TestWhatCannotBeAClient(t *testing.T) {
	for _, row := range []struct{ url, token, want string }{
		{"", "x", "no address of the phone system is given"},
		{"pbx.example.net", "x", "the address of the phone system is not one"},
		{"ftp://pbx.example.net", "x", "the address of the phone system is not one"},
		{"https://", "x", "the address of the phone system is not one"},
		{"https://:443", "x", "the address of the phone system is not one"},
		{"https://pbx.example.net:x", "x", "the address of the phone system is not one"},
		{"https://user:hunter2@pbx.example.net", "x", "the address of the phone system holds more than a host and a path"},
		{"https://pbx.example.net/?a=b", "x", "the address of the phone system holds more than a host and a path"},
		{"https://pbx.example.net/?", "x", "the address of the phone system holds more than a host and a path"},
		{"https://pbx.example.net/#a", "x", "the address of the phone system holds more than a host and a path"},
		{"https://pbx.example.net/ns-api", "x", "the address of the phone system has /ns-api in it"},
		{"https://pbx.example.net/ns-api/v2/", "x", "the address of the phone system has /ns-api in it"},
		{"https://pbx.example.net", "", "no token for the phone system is given"},
		{"https://pbx.example.net", "hunter2\n", "the token for the phone system has a space, a line break or another odd character in it, at position 8 of 8"},
		{"https://pbx.example.net", "Bearer hunter2", "the token for the phone system has a space, a line break or another odd character in it, at position 7 of 14"},
		{"https://pbx.example.net", "hünter2", "the token for the phone system has a space, a line break or another odd character in it, at position 2 of 8"},
		{"https://pbx.example.net/prefix/", "hunter2", ""},
		{"HTTPS://PBX.example.net:8443", "hunter2", ""},
	} {
		c, err := netsapiens.New(netsapiens.Config{URL: row.url, Token: netsapiens.Secret(row.token)})
		if row.want == "" {
			if c == nil || err != nil {
				t.Errorf("%s: %v", row.url, err)
			}
			continue
		}
		if err == nil || err.Error() != row.want || c != nil || fault.CodeOf(err) != fault.Invalid || fault.HintOf(err) == "" {
			t.Errorf("%s: %v", row.url, err)
		}
	}
}
