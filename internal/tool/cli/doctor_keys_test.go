//go:build unix

package cli_test

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestDoctorTellsWhichEntriesHaveNoKey has an entry whose chain has a key, and
// one that was never provisioned.
func TestDoctorTellsWhichEntriesHaveNoKey(t *testing.T) {
	system := phoneSystem(t)
	system.AddSMSNumber("example.net", "19294873998", "2000")
	path := folder(t, map[string]string{"domains.json": `{
  "keyed": {"api_domain": "example.net", "user": "2000", "ns_system_user": "8001", "from_number": "19294873999", "message": "Hello"},
  "bare": {"api_domain": "example.net", "user": "2000", "ns_system_user": "8002", "from_number": "19294873998", "message": "Hello"},
  "bounded": {"api_domain": "example.net", "user": "2000", "ns_system_user": "8003", "from_number": "19294873998", "message": "Hello", "allow_from": ["192.0.2.1"]}}`})
	settings := filepath.Join(path, "switchhook.toml")
	put(t, settings, textBackSettings(system, ""))
	run(t, "", nil, "provision", "-c", settings, "keyed").wants(t, 0, "created")
	run(t, "", nil, "doctor", "-c", settings).wants(t, 0,
		"warn  entries      1 of them text whoever the webhook is asked about, by anybody who learns its address: bare\n")
	run(t, "", nil, "provision", "-c", settings, "bare").wants(t, 0, "created")
	if r := run(t, "", nil, "doctor", "-c", settings); strings.Contains(r.out, "text whoever") {
		t.Errorf("it tells of entries without a key:\n%s", r.out)
	}
	put(t, settings, textBackSettings(system, "")+"\n[textback]\nkeys = \"off\"\n")
	run(t, "", nil, "doctor", "-c", settings).wants(t, 0, "warn  entries      2 of them text whoever")
}
