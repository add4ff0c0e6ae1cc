package doctor_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/switchhook/switchhook/internal/tool/cli"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

// TestDoctorReportsEntriesWithoutAKey has an entry whose chain has a key, and
// one that was never provisioned.
func TestDoctorReportsEntriesWithoutAKey(t *testing.T) {
	system := nstest.Start(t, nstest.Quirks{})
	system.AddDomain("example.net")
	system.AddUser("example.net", "2000")
	system.AddSMSNumber("example.net", "19294873999", "2000")
	system.AddSMSNumber("example.net", "19294873998", "2000")
	folder := t.TempDir()
	write(t, filepath.Join(folder, "domains.json"), `{
  "keyed": {"api_domain": "example.net", "user": "2000", "ns_system_user": "8001", "from_number": "19294873999", "message": "Hello"},
  "bare": {"api_domain": "example.net", "user": "2000", "ns_system_user": "8002", "from_number": "19294873998", "message": "Hello"},
  "bounded": {"api_domain": "example.net", "user": "2000", "ns_system_user": "8003", "from_number": "19294873998", "message": "Hello", "allow_from": ["192.0.2.1"]}}`)
	const more = "public_url = \"http://127.0.0.1:1\"\nlisten = \"127.0.0.1:0\"\ndomains_file = \"domains.json\""
	settings := phoneSettings(t, folder, system.URL, more)
	provision(t, settings, "keyed")
	examine(t, settings).wants(t, false,
		"warn  entries      1 of them text any number, for anyone who learns the address of the webhook: bare\n")
	provision(t, settings, "bare")
	if found := examine(t, settings); strings.Contains(found.out, "text any number") {
		t.Errorf("it reports entries without a key:\n%s", found.out)
	}
	phoneSettings(t, folder, system.URL, more+"\ntextback.keys = \"off\"")
	examine(t, settings).wants(t, false, "warn  entries      2 of them text any number")
}

// provision makes an entry's chain on the phone system, as an operator does.
func provision(t *testing.T, settings, id string) {
	t.Helper()
	var out bytes.Buffer
	main := cli.Main{In: strings.NewReader(""), Out: &out, Err: &out, Getenv: func(string) string { return "" }}
	if code := main.Run(t.Context(), []string{"provision", "-c", settings, id}); code != 0 || !strings.Contains(out.String(), "created") {
		t.Fatalf("provision ended with %d:\n%s", code, out.String())
	}
}
