package cli_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/switchhook/switchhook/internal/server/config"
)

// operatorToken returns the token in a server's data folder.
func operatorToken(t *testing.T, data string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(data, "operator.token"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

// asOperator sends a request from this machine, with what prove adds.
func asOperator(t *testing.T, address, path string, prove func(*http.Request)) (status int, challenges, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	prove(r)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, strings.Join(response.Header.Values("WWW-Authenticate"), ", "), string(text)
}

func nothing(*http.Request) {}

func bearer(token string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

func password(token string) func(*http.Request) {
	return func(r *http.Request) { r.SetBasicAuth("operator", token) }
}

// A plain proxy_pass makes every request come from this machine: what was for
// this machine alone was open to everybody.
func TestMetricsAndThePreviewWantTheOperatorsToken(t *testing.T) {
	path := oldFolder(t, phoneSystem(t))
	p := serve(t, path)
	token := operatorToken(t, filepath.Join(path, "switchhook-data"))
	const metrics, preview = "/metrics", "/console/widget?id=example.net-sales"
	for _, test := range []struct {
		name, path string
		prove      func(*http.Request)
		status     int
		challenges string
		has        string
	}{
		{"metrics without a token", metrics, nothing, 401, "Bearer", "the operator's token"},
		{"metrics with another", metrics, bearer(token[:len(token)-1]), 401, "Bearer", ""},
		{"metrics with the token", metrics, bearer(token), 200, "", "switchhook_alerts_total"},
		{"metrics with it as a password", metrics, password(token), 401, "Bearer", ""},
		{"the preview without a token", preview, nothing, 401, `Bearer, Basic realm="Switchhook: the password is the operator's token", charset="UTF-8"`, ""},
		{"the preview with the token", preview, bearer(token), 200, "", "<!doctype html>"},
		{"the preview with it as a password", preview, password(token), 200, "", "<!doctype html>"},
		{"the preview with another password", preview, password("correct horse battery"), 401, "Bearer, Basic", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			status, challenges, body := asOperator(t, p.address, test.path, test.prove)
			if status != test.status || !strings.HasPrefix(challenges, test.challenges) || !strings.Contains(strings.ToLower(body), test.has) {
				t.Errorf("status %d, challenges %q, body %.200s", status, challenges, body)
			}
		})
	}
}

func TestAnAddressOfItsOwnHasMetricsAlone(t *testing.T) {
	path := oldFolder(t, phoneSystem(t))
	t.Setenv("SWITCHHOOK_METRICS_LISTEN", "127.0.0.1:0")
	p := serve(t, path)
	own := p.await(`msg="metrics are on" address=(\S+)`)
	if status, _, body := asOperator(t, own, "/metrics", nothing); status != 200 || !strings.Contains(body, "switchhook_alerts_total") {
		t.Errorf("its own address answers %d %.200s", status, body)
	}
	token := operatorToken(t, filepath.Join(path, "switchhook-data"))
	if status, _, _ := asOperator(t, p.address, "/metrics", bearer(token)); status != 404 {
		t.Errorf("where all web requests are taken it is answered with %d", status)
	}
	for _, elsewhere := range []string{"/healthz", "/webresponder", "/console/widget?id=example.net-sales", "/"} {
		if status, _, _ := asOperator(t, own, elsewhere, bearer(token)); status != 404 {
			t.Errorf("%s is answered with %d", elsewhere, status)
		}
	}
}

func TestAddressesToListenOnAreNotTheSame(t *testing.T) {
	_, err := config.Load(config.Sources{Dir: folder(t, map[string]string{
		"switchhook.toml": "listen = ':80'\nmetrics_listen = ':80'\n[core]\ndomain = 'example.net'\n"}), Path: "switchhook.toml"})
	if err == nil || !strings.Contains(err.Error(), "metrics_listen is :80, as listen is; leave it out, or give it a port of its own") {
		t.Errorf("the error is %v", err)
	}
}
