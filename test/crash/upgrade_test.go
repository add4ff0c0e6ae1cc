package crash_test

import (
	"cmp"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/answer/provision"
	"github.com/switchhook/switchhook/internal/answer/textback"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
	"github.com/switchhook/switchhook/netsapiens/nstest"
	"github.com/switchhook/switchhook/test/await"
)

const (
	// keylessCommit is the last one that made no keys. It is built and run.
	keylessCommit = "8fb9cec5bf4feb61d9ed9911e205d08bb100835a"

	// upgradedVariable is the variable with the number of entries, for those who
	// work at this test: with 200 it is over in a minute.
	upgradedVariable = "CRASH_TEST_ENTRIES"
	upgradedEntries  = 10_000

	// allKeysWithin is the time within which the keys of so many are promised.
	allKeysWithin = time.Hour

	// callsBefore is how many calls the old version answers.
	callsBefore = 20
)

// TestUpgradeGivesKeys has the last version that made no keys provision
// entries, and the current one go on in the same folder. People call all the
// while, as their phone system's rules say at that moment, also while a rule
// is being changed. Nobody is refused, each rule gets its own key at the
// promised pace, and nothing else on the phone system changes.
func TestUpgradeGivesKeys(t *testing.T) {
	if !full() {
		t.Skip("half an hour: with " + fullSize + "=1")
	}
	old := keylessProgram(t)
	for _, engine := range []struct {
		name     string
		database func(*testing.T) string
	}{
		{"sqlite", func(*testing.T) string { return "" }},
		{"postgres", func(t *testing.T) string { return storetest.EmptyPostgres(t).URL }}, // the old version makes its own tables
	} {
		t.Run(engine.name, func(t *testing.T) {
			t.Parallel() // it waits more than it computes
			u := newUpgrade(t, engine.database(t))
			u.runOld(old)
			u.runNew()
		})
	}
}

// keylessProgram builds the program that made no keys.
func keylessProgram(t *testing.T) string {
	t.Helper()
	const root = "../.."
	folder := t.TempDir()
	run := func(in, name string, args ...string) ([]byte, error) {
		command := exec.Command(name, args...)
		command.Dir, command.Env = in, append(os.Environ(), "CGO_ENABLED=0")
		return command.CombinedOutput()
	}
	if out, err := run(root, "git", "cat-file", "-e", keylessCommit+"^{commit}"); err != nil {
		t.Skipf("the commit %.7s is not here; a shallow clone has no history: %v %s", keylessCommit, err, out)
	}
	source, program := filepath.Join(folder, "source"), filepath.Join(folder, "switchhook")
	if out, err := run(root, "sh", "-c", `mkdir "$1" && git archive "$0" | tar x -C "$1"`, keylessCommit, source); err != nil {
		t.Fatalf("unpack %.7s: %v\n%s", keylessCommit, err, out)
	}
	if out, err := run(source, "go", "build", "-trimpath", "-buildvcs=false", "-o", program, "./cmd/switchhook"); err != nil {
		t.Fatalf("build %.7s: %v\n%s", keylessCommit, err, out)
	}
	return program
}

// upgrade is a folder that one program leaves to the next, with the phone system
// of both.
type upgrade struct {
	*upgradedSystem
	t        *testing.T
	folder   string
	database store.Config
}

func newUpgrade(t *testing.T, database string) *upgrade {
	t.Helper()
	n, err := strconv.Atoi(cmp.Or(os.Getenv(upgradedVariable), strconv.Itoa(upgradedEntries)))
	if err != nil {
		t.Fatalf("%s: %v", upgradedVariable, err)
	}
	u := &upgrade{t: t, upgradedSystem: startUpgradedSystem(t, n), folder: t.TempDir()}
	u.database = store.Config{URL: database, Folder: filepath.Join(u.folder, "data")}
	settings := fmt.Sprintf("public_url = %q\ndata = \"data\"\ndomains_file = \"domains.json\"\n", attackedAt)
	if database != "" {
		settings += fmt.Sprintf("database = %q\n", database)
	}
	// The caps and the pace are those that are shipped.
	settings += fmt.Sprintf("[netsapiens]\nurl = %q\ntoken = %q\n[forms]\nsecret = %q\n[textback.texts]\n", u.url, nstest.Token, secret)
	for _, reason := range []textback.Reason{textback.Sent, textback.Queued, textback.Suppressed, textback.Refused, textback.Failed, textback.Uncertain, textback.Anonymous, textback.Forbidden} {
		settings += fmt.Sprintf("%s = %q\n", reason, reason)
	}
	for name, text := range map[string]string{settingsFile: settings, "domains.json": u.domainsFile()} {
		if err := os.WriteFile(filepath.Join(u.folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return u
}

// runOld leaves the folder as the old version does after it has made the chains
// and answered calls.
func (u *upgrade) runOld(program string) {
	u.t.Helper()
	began := time.Now()
	command := exec.Command(program, "provision", "-c", settingsFile)
	command.Dir, command.Env = u.folder, environ("")
	if out, err := command.CombinedOutput(); err != nil {
		u.t.Fatalf("%v\n%s", err, out[max(0, len(out)-4<<10):])
	}
	u.t.Logf("%d chains made in %s", len(u.chains), time.Since(began).Round(time.Second))
	s := startCommand(u.t, exec.Command(program, "serve", "-c", settingsFile, "--listen", "127.0.0.1:0"), "", u.folder)
	s.await(u.t)
	calls := newUpgradeCalls(u.upgradedSystem, s, 0)
	for i := range callsBefore {
		calls.comeBy(u.t.Context(), u.ways[i*len(u.ways)/callsBefore], "before the upgrade")
	}
	s.stop(u.t)
	calls.check(u.t)
	for _, w := range u.chains {
		if k := u.keyOf(w); k != "" || u.address(w) == "" {
			u.t.Fatalf("the program of old leaves %+v with the address %q", w, u.address(w))
		}
	}
}

// runNew has the current version give keys while people call.
func (u *upgrade) runNew() {
	t := u.t
	before := u.state()
	s := start(t, asServe, u.folder)
	s.await(t)
	calls := newUpgradeCalls(u.upgradedSystem, s, callsBefore)
	u.watch(calls)
	enough := make(chan struct{})
	var load sync.WaitGroup
	load.Go(func() { calls.come(t.Context(), enough) })
	u.awaitKeys()
	db := storetest.Open(t, u.database)
	u.awaitRecords(db)
	close(enough)
	load.Wait()

	calls.check(t)
	u.checkPace()
	u.checkKeys(s, db)
	u.compare(before, u.state())
	u.checkRequests()
}

// awaitKeys waits until each chain has a key, for as long as that may take.
func (u *upgrade) awaitKeys() {
	u.t.Helper()
	late := time.NewTimer(allKeysWithin)
	defer late.Stop()
	for n := range u.chains {
		select {
		case <-u.wrote:
		case <-late.C:
			u.t.Fatalf("after %s %d of %d rules have a key", allKeysWithin, n, len(u.chains))
		}
	}
}

// awaitRecords waits until it is on record that each key was seen in its rule:
// it is demanded from some time on, unless somebody's own rule leads to the
// entry without it.
func (u *upgrade) awaitRecords(db *store.Store) {
	u.t.Helper()
	await.That(u.t, "a record that each key was seen in its rule", func() bool {
		demanded, open := 0, 0
		for _, r := range u.records(db) {
			switch {
			case r.Guard == nil:
			case r.Guard.From.IsZero():
				open++
			default:
				demanded++
			}
		}
		return open == len(u.doors) && demanded == len(u.chains)-open
	})
}

func (u *upgrade) records(db *store.Store) []provision.Record {
	u.t.Helper()
	records, err := db.Provisioned().All(u.t.Context())
	if err != nil {
		u.t.Fatal(err)
	}
	return records
}

// checkKeys checks that each rule has its own key, the one on record, and that
// it works. If it is demanded by now, nothing else works.
func (u *upgrade) checkKeys(s *process, db *store.Store) {
	u.t.Helper()
	now := time.Now()
	guards := map[string]*provision.Guard{}
	for _, r := range u.records(db) {
		guards[r.Entry] = r.Guard
	}
	demanded, of := 0, map[string]string{}
	for i, w := range u.chains {
		key, guard := u.keyOf(w), guards[w.entry]
		if guard == nil || len(key) < 32 || key != string(guard.Key) {
			u.t.Errorf("the rule of %s has the key %q, the record %+v", w.entry, key, guard)
			continue
		}
		if other, ok := of[key]; ok {
			u.t.Errorf("%s and %s have one key", w.entry, other)
		}
		of[key] = w.entry
		u.hearsHidden(s, w, key, textback.Anonymous)
		if guard.Demanded(now) {
			demanded++
			u.hearsHidden(s, w, "", textback.Forbidden)
			u.hearsHidden(s, w, u.keyOf(u.chains[(i+1)%len(u.chains)]), textback.Forbidden)
		}
	}
	u.t.Logf("%d keys, each of its own; %d are demanded by now", len(of), demanded)
}

// hearsHidden has somebody call who hides their number, and gets no text: it
// only tests whether the webhook accepts the key.
func (u *upgrade) hearsHidden(s *process, w way, key string, want textback.Reason) {
	u.t.Helper()
	q := url.Values{"id": {w.entry}, "NmsAni": {"anonymous"}, "OrigCallID": {"hidden-" + w.entry}}
	if key != "" {
		q.Set("key", key)
	}
	if heard, err := ask(u.t.Context(), s.address, q); err != nil || heard != want {
		u.t.Errorf("%s with the key %q hears %q, %v; want %q", w.entry, key, heard, err, want)
	}
}
