package clicktocall_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/clicktocall"
	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/ledger"
)

// forms is /update-domain on a file of entries.
type forms struct {
	t       *testing.T
	path    string
	entries *entry.Book
	form    *clicktocall.Form
	kept    []ledger.Event
}

func startForms(t *testing.T) *forms {
	t.Helper()
	f := &forms{t: t, path: filepath.Join(t.TempDir(), "domains.json")}
	if err := os.WriteFile(f.path, []byte(domainsFile), 0o600); err != nil {
		t.Fatal(err)
	}
	var err error
	if f.entries, err = entry.Open(f.path, nil); err != nil {
		t.Fatal(err)
	}
	f.form = &clicktocall.Form{Secret: secret, Store: f.entries, Audit: func(_ context.Context, e ledger.Event) error { f.kept = append(f.kept, e); return nil }}
	return f
}

func (f *forms) send(fields url.Values) (int, string) {
	f.t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/update-domain", strings.NewReader(fields.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	f.form.ServeHTTP(w, r)
	return w.Code, strings.TrimSuffix(w.Body.String(), "\n")
}

func (f *forms) want(fields url.Values, status int, says string) {
	f.t.Helper()
	if fields.Get("secret") == "" {
		fields.Set("secret", secret)
	}
	if code, answer := f.send(fields); code != status || answer != says {
		f.t.Errorf("%d %s, want %d %s", code, answer, status, says)
	}
}

func TestFormSavesAnEntry(t *testing.T) {
	f := startForms(t)
	f.want(url.Values{
		"id": {"example.org-sales"}, "api_domain": {"example.org"}, "queue": {"9003@example.org"}, "button_text": {" Call\tus "}, "button_color": {"#1a73e8"},
		"company_name": {"Example"}, "logo_url": {"https://example.org/logo.png"},
	}, 200, `{"id":"example.org-sales","saved":true}`)
	e, ok := f.entries.Get("example.org-sales")
	if !ok {
		t.Fatal("there is no entry")
	}
	want := entry.Branding{ButtonText: "Call us", ButtonColor: "#1a73e8", CompanyName: "Example", LogoURL: "https://example.org/logo.png"}
	if diff := cmp.Diff(want, e.Branding); diff != "" || e.APIDomain != "example.org" || e.Queue != "9003@example.org" {
		t.Errorf("%+v (-want +got):\n%s", e, diff)
	}
	if len(f.kept) != 1 || f.kept[0].About != "example.org-sales" || strings.Contains(f.kept[0].Detail, "secret") {
		t.Errorf("%+v", f.kept)
	}
}

func TestEmptyFieldsKeepWhatIsStored(t *testing.T) {
	f := startForms(t)
	f.want(url.Values{"id": {"sales"}, "button_text": {""}, "company_name": {"Example"}}, 200, `{"id":"sales","saved":true}`)
	f.want(url.Values{"id": {"texts"}, "queue": {"9002"}}, 200, `{"id":"texts","saved":true}`)
	if e, _ := f.entries.Get("sales"); e.Branding != (entry.Branding{ButtonText: "Call Us Now", CompanyName: "Example"}) || e.Queue != "9002@example.net" {
		t.Errorf("%+v", e)
	}
	if e, _ := f.entries.Get("texts"); e.Queue != "9002@example.net" || e.Text.Message != "Open until five." {
		t.Errorf("%+v", e)
	}
}

func TestFormsAreRefused(t *testing.T) {
	f := startForms(t)
	f.want(url.Values{"id": {"sales"}, "secret": {"wrong"}}, 403, `{"message":"the secret is missing or wrong"}`)
	f.want(url.Values{}, 400, `{"message":"missing: id, api_domain, queue"}`)
	f.want(url.Values{"id": {"new"}, "api_domain": {"example.net"}}, 400, `{"message":"missing: queue"}`)
	f.want(url.Values{"id": {"a b"}, "queue": {"9002"}}, 400, `{"message":"the id \"a b\" is not 1 to 100 letters, digits, full stops, underscores or hyphens"}`)
	f.want(url.Values{"id": {"sales"}, "queue": {"9002@example.net@x"}, "logo_url": {"javascript:alert(1)"}}, 400,
		`{"message":"the field queue is not a queue such as 9002@example.net; the field logo_url is not an address such as https://example.net/logo.png"}`)
	f.want(url.Values{"id": {"sales"}, "button_text": {strings.Repeat("é", 501)}}, 400, `{"message":"the field button_text has more than 500 characters"}`)
	before, err := os.ReadFile(f.path)
	if err != nil || string(before) != domainsFile {
		t.Errorf("%s, %v", before, err)
	}
	f.form.Secret = ""
	f.want(url.Values{"id": {"sales"}, "secret": {" "}}, 403, `{"message":"the secret is missing or wrong"}`)
}
