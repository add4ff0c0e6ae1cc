//go:build unix

package cli_test

import (
	"database/sql"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/netsapiens/nstest"
	"github.com/switchhook/switchhook/test/await"
)

// texts returns what `texts list` shows.
func texts(t *testing.T, settings string, more ...string) (all []ledger.Text) {
	t.Helper()
	r := run(t, "", nil, append([]string{"texts", "list", "--json", "-c", settings}, more...)...)
	if r.code != 0 {
		t.Fatalf("texts list: %d %s", r.code, r.err)
	}
	for line := range strings.Lines(r.out) {
		var text ledger.Text
		if err := json.Unmarshal([]byte(line), &text); err != nil {
			t.Fatal(err)
		}
		all = append(all, text)
	}
	return all
}

// becomes waits until there are n texts to a number, all in a state.
func becomes(t *testing.T, settings, number string, n int, state ledger.State) {
	t.Helper()
	for began := time.Now(); ; {
		all := texts(t, settings, "--number", number)
		there := 0
		for _, text := range all {
			if text.State == state {
				there++
			}
		}
		if there == n && len(all) == n {
			return
		}
		if time.Since(began) > await.Limit {
			t.Fatalf("the texts to %s are %+v, want %d that are %s", number, all, n, state)
		}
	}
}

// TestAnOperatorsDayBesideAServer does what operators do while a server runs,
// each task by its command.
func TestAnOperatorsDayBesideAServer(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: without servers of their own")
	}
	system := phoneSystem(t)
	path := folder(t, map[string]string{
		"switchhook.toml": strings.Replace(textBackSettings(system, ""), "domains_file = \"domains.json\"\n", "listen = \"127.0.0.1:0\"\n", 1), "domains.json": oldDomains,
	})
	settings := filepath.Join(path, "switchhook.toml")
	run(t, "", nil, "import", "-c", settings, filepath.Join(path, "domains.json")).wants(t, 0, "2 added")
	p := serve(t, path, "-c", "switchhook.toml")

	// One goes out; the operator hears of two others, and resends them.
	p.hears("example.net-sms", "+19175550121", "call-1", success)
	system.Break(nstest.SendMessage, 1, nstest.Refuses(503, "Service Unavailable"))
	p.hears("example.net-sms", "+19175550122", "call-2", apology)
	system.Break(nstest.SendMessage, 1, nstest.Refuses(403, "Forbidden"))
	p.hears("example.net-sms", "+19175550123", "call-3", apology)
	run(t, "", nil, "texts", "list", "-c", settings, "--state", "dead").wants(t, 0, "1917•••0122", " (failed): ", "1917•••0123", " (refused): ")
	run(t, "", nil, "doctor", "-c", settings).wants(t, 0, "texts: 1 sent, 0 queued, 2 dead", "warn  database", "2 texts are dead")
	dead := texts(t, settings, "--state", "dead", "--number", "+1 917 555 0123")
	run(t, "", nil, "texts", "resend", "-c", settings, dead[0].ID[:6]).wants(t, 0, "1 queued")
	becomes(t, settings, "19175550123", 1, ledger.Sent)
	run(t, "", nil, "texts", "resend", "-c", settings, dead[0].ID).wants(t, 2, "is not dead but sent")
	run(t, "", nil, "texts", "resend", "-c", settings, "--dead").wants(t, 0, "1 queued")
	becomes(t, settings, "19175550122", 1, ledger.Sent)
	if n := len(system.Messages()); n != 3 {
		t.Errorf("%d texts went out, want 3", n)
	}

	// A number that was put on the list gets no more texts.
	run(t, "", nil, "suppress", "add", "-c", settings, "(917) 555-0124").wants(t, 0, "no more texts and calls")
	p.hears("example.net-sms", "+19175550124", "call-4", apology)
	run(t, "", nil, "activity", "list", "-c", settings, "--number", "0124").wants(t, 0, "suppressed  The number is on the suppression list since")
	run(t, "", nil, "suppress", "remove", "-c", settings, "9175550124").wants(t, 0, "off the list")
	p.hears("example.net-sms", "+19175550124", "call-5", success)

	// A changed entry counts on the next call.
	run(t, strings.Replace(oldDomains, "Tampa", "Miami", 1), nil, "import", "-c", settings, "-").wants(t, 0, "0 added, 2 replaced")
	p.hears("example.net-sms", "+19175550125", "call-6", success)
	if all := system.Messages(); !strings.Contains(all[len(all)-1].Text, "Miami") {
		t.Errorf("the text is %q", all[len(all)-1].Text)
	}

	// A backup made while the server runs is a database that another can use.
	restored := filepath.Join(path, "restored")
	if err := os.Mkdir(restored, 0o700); err != nil {
		t.Fatal(err)
	}
	run(t, "", nil, "backup", "-c", settings, filepath.Join(restored, "switchhook.db")).wants(t, 0, "is a copy of the database")
	put(t, filepath.Join(restored, "switchhook.toml"), strings.Replace(textBackSettings(system, ""), "domains_file = \"domains.json\"\ndata = \"data\"", "data = \".\"", 1))
	copied := filepath.Join(restored, "switchhook.toml")
	if n := len(texts(t, copied)); n != 5 {
		t.Errorf("the copy has %d texts, want 5", n)
	}
	other := serve(t, restored, "-c", "switchhook.toml")
	other.hears("example.net-sms", "+19175550121", "call-1", success) // it knows that this caller has had a text
	other.hears("example.net-sms", "+19175550126", "call-7", success)
	if n := len(system.Messages()); n != 6 {
		t.Errorf("%d texts went out, want 6", n)
	}

	// Export everything about a number, then erase it.
	run(t, "", nil, "number", "export", "-c", settings, "9175550124").wants(t, 0, `"reason": "suppressed"`, `"reason": "sent"`, `"call_id": "call-5"`)
	run(t, "", nil, "number", "erase", "-c", settings, "9175550124", "--yes").wants(t, 0, "texts to it 1, texts from it 0, answers to its calls 2")
	run(t, "", nil, "number", "erase", "-c", settings, "9175550124").wants(t, 0, "nothing is kept about")

	// A second server of the folder is refused.
	run(t, "", nil, "serve", "-c", settings, "--listen", "127.0.0.1:0").wants(t, 2, "another switchhook serve uses the folder", "stop that one first")
}

// TestStopIsHeardByTheServer lets the receiver of a text reply to it.
func TestStopIsHeardByTheServer(t *testing.T) {
	system := phoneSystem(t)
	path := folder(t, map[string]string{"domains.json": oldDomains})
	settings := filepath.Join(path, "switchhook.toml")
	address := freeAddress(t)
	put(t, settings, "listen = \""+address+"\"\n"+strings.Replace(textBackSettings(system, ""), "https://hooks.example.net", "http://"+address, 1))
	p := serve(t, path, "-c", "switchhook.toml", "--listen", address)
	p.await("subscribed to people's texts")
	p.hears("example.net-sms", "+19175550121", "call-1", success)
	if _, failed := system.Receive("19175550121", "19294873999", "Stop."); len(failed) > 0 {
		t.Fatalf("the event was not taken: %+v", failed)
	}
	p.hears("example.net-sms", "+19175550121", "call-2", apology)
	run(t, "", nil, "suppress", "list", "-c", settings, "9175550121").wants(t, 0, "texts", "example.net", "text", "Stop.")
	becomes(t, settings, "19175550121", 2, ledger.Sent)
	run(t, "", nil, "texts", "list", "-c", settings).wants(t, 0, "confirmation")
	run(t, "", nil, "doctor", "-c", settings).wants(t, 0, "ok    replies      example.net posts people's texts")
	if _, failed := system.Receive("19175550121", "19294873999", "START"); len(failed) > 0 {
		t.Fatalf("the event was not taken: %+v", failed)
	}
	p.hears("example.net-sms", "+19175550121", "call-3", success)

	// Somebody deletes what we made, and the phone system cannot reach us.
	if status, body := p.do("POST", "/update-sms", "id=example.net-sms&secret=correct+horse+battery"); status != 200 {
		t.Fatalf("the form is answered with %d %s", status, body)
	}
	run(t, "", nil, "doctor", "-c", settings).wants(t, 0, "ok    provisioning 1 in order")
	system.RemoveUser("example.net", "8001")
	system.Break(nstest.CreateUser, nstest.Always, nstest.Refuses(500, "no"))
	run(t, "", nil, "provision", "-c", settings).wants(t, 1, "user: failed: ")
	run(t, "", nil, "doctor", "-c", settings).wants(t, 0, "warn  provisioning steps failed for example.net-sms")
	if code := p.stop(os.Interrupt); code != 0 {
		t.Errorf("the exit code is %d", code)
	}
	system.Receive("19175550121", "19294873999", "Are you there?") // nobody answers
	run(t, "", nil, "doctor", "-c", settings).wants(t, 0, "warn  replies      example.net could not post people's texts: 1 of ")
}

// TestADatabaseThatIsNewerIsRefused gives a server tables of a later version:
// it must not touch them.
func TestADatabaseThatIsNewerIsRefused(t *testing.T) {
	folder := t.TempDir()
	settings := phoneSettings(t, folder, "http://127.0.0.1:1", "listen = \"127.0.0.1:0\"\npublic_url = \"http://127.0.0.1:1\"")
	run(t, oldDomains, nil, "import", "-c", settings, "-").wants(t, 0, "2 added")
	later(t, filepath.Join(folder, "switchhook.db"))
	for _, command := range [][]string{
		{"serve"}, {"texts", "list"}, {"suppress", "list"}, {"export"}, {"provision", "--plan"}, {"backup", filepath.Join(folder, "copy.db")},
	} {
		run(t, "", nil, append(command, "-c", settings)...).wants(t, 2, "the database is of a newer switchhook: its tables have version 1000", "use the newer program again")
	}
	r := run(t, "", nil, "doctor", "-c", settings)
	r.wants(t, 1, "fail  database     the database is of a newer switchhook")
	if strings.Contains(r.out, "there are none yet") {
		t.Errorf("it says that there are no entries:\n%s", r.out)
	}
}

// later gives a database the version of a future program.
func later(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), "INSERT INTO switchhook_schema (version_id, is_applied) VALUES (1000, 1)"); err != nil {
		t.Fatal(err)
	}
}

// TestTheFirstVersionsFolderIsTakenOver starts a server in a data folder with
// its entries in a file and no database.
func TestTheFirstVersionsFolderIsTakenOver(t *testing.T) {
	system := phoneSystem(t)
	path := folder(t, map[string]string{"switchhook.toml": strings.Replace(textBackSettings(system, ""), "domains_file = \"domains.json\"\n", "", 1)})
	settings, data := filepath.Join(path, "switchhook.toml"), filepath.Join(path, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(data, "domains.json"), oldDomains[:100])
	run(t, "", nil, "serve", "-c", settings, "--listen", "127.0.0.1:0").wants(t, 2, "domains.json cannot be brought into the database", "fix it, or move it away")
	put(t, filepath.Join(data, "domains.json"), oldDomains)
	p := serve(t, path, "-c", "switchhook.toml")
	p.await("entries imported into the database.* entries=2")
	p.hears("example.net-sms", "+19175550121", "call-1", success)
	run(t, "", nil, "export", "-c", settings).wants(t, 0, `"button_color": "#1a73e8"`)
	kept, err := os.ReadFile(filepath.Join(data, "domains.json.imported"))
	if err != nil || string(kept) != oldDomains {
		t.Errorf("what was taken over is not kept: %v", err)
	}
	if code := p.stop(os.Interrupt); code != 0 {
		t.Errorf("the exit code is %d", code)
	}
	p = serve(t, path, "-c", "switchhook.toml") // the second time there is nothing to take over
	if strings.Contains(p.log.String(), "brought into") {
		t.Errorf("it takes over again:\n%s", p.log.String())
	}
	p.hears("example.net-sms", "+19175550121", "call-1", success)
	if n := len(system.Messages()); n != 1 {
		t.Errorf("%d texts went out, want 1", n)
	}
}

// freeAddress returns an address on which nothing listens now: the phone system
// has to know it before the server listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}
