package crash_test

import (
	"cmp"
	"database/sql"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
	"github.com/switchhook/switchhook/netsapiens/nstest"
	"github.com/switchhook/switchhook/test/await"
)

// What honest requests ask for: text-back and buttons of several customers, so
// that no cap is in their way, and one on-call rota.
const (
	honestTenants = 10
	honestEntries = 4 // of each tenant, with texts, and as many with a button
	onCallSecret  = "the-secret-of-the-dial-plan"
	honestKey     = "the-key-of-the-honest-dial-rules"
	attackedAt    = "https://hooks.example.net"
)

// smallNewNumbers is a cap that small attacks reach.
const smallNewNumbers = 20

func honestEntry(i int) string  { return fmt.Sprint("honest-", i%(honestTenants*honestEntries)) }
func honestButton(i int) string { return fmt.Sprint("button-", i%(honestTenants*honestEntries)) }

// victims are the entries that are attacked, all of one customer.
var victims = []string{
	// It is asked without a key, as those of phone systems that were set up by hand.
	`"keyless":{"api_domain":"victim.example","user":"2000","from_number":"12125550180","message":"Our hours are 9 to 5."}`,
	`"keyed":{"api_domain":"victim.example","user":"2000","from_number":"12125550180","message":"Our hours are 9 to 5.","key":"` + honestKey + `"}`,
	`"asking":{"api_domain":"victim.example","user":"2000","from_number":"12125550180","message":"Our hours are 9 to 5.","key":"` + honestKey + `","consent_key":"1"}`,
	`"pressed":{"api_domain":"victim.example","queue":"9001@victim.example"}`,
}

// besieged is a server with the settings as shipped, and all that shows what is
// done to it.
type besieged struct {
	t        *testing.T
	system   *nstest.System
	folder   string
	database store.Config
	socket   *os.File // that the server is handed, as systemd does it
	address  string

	mu      sync.Mutex
	command *exec.Cmd
	ended   chan struct{}
}

// startBesieged starts one. The program is that of these tests, or in full tests
// the one that is shipped.
func startBesieged(t *testing.T, fresh func(testing.TB) store.Config, attacks []row) *besieged {
	t.Helper()
	b := &besieged{t: t, system: nstest.Start(t, nstest.Quirks{}), folder: t.TempDir()}
	b.database = store.Config{URL: fresh(t).URL, Folder: filepath.Join(b.folder, "data")}
	entries := append([]string(nil), victims...)
	b.addCustomer("victim.example", "12125550180", "9001")
	for tenant := range honestTenants {
		domain, number := fmt.Sprintf("honest%d.example", tenant), fmt.Sprintf("1212555%04d", 101+tenant)
		b.addCustomer(domain, number, "9001")
		for i := tenant; i < honestTenants*honestEntries; i += honestTenants {
			entries = append(entries,
				fmt.Sprintf(`%q:{"api_domain":%q,"user":"2000","from_number":%q,"message":"Our hours are 9 to 5.","key":%q}`, honestEntry(i), domain, number, honestKey),
				fmt.Sprintf(`%q:{"api_domain":%q,"queue":"9001@%s"}`, honestButton(i), domain, domain))
		}
	}
	settings := fmt.Sprintf("public_url = %q\ndata = \"data\"\ndomains_file = \"domains.json\"\n", attackedAt)
	if b.database.URL != "" {
		settings += fmt.Sprintf("database = %q\n", b.database.URL)
	}
	sections := ""
	for _, r := range attacks {
		settings += r.settings
		sections += r.sections
	}
	settings += sections + fmt.Sprintf("[netsapiens]\nurl = %q\ntoken = %q\n[forms]\nsecret = %q\n", b.system.URL, nstest.Token, secret) +
		"[clicktocall]\ncodes_from = \"honest-0\"\n" +
		fmt.Sprintf("[oncall]\nsecret = %q\n[[oncall.source]]\nkind = \"file\"\npath = \"rota.toml\"\n", onCallSecret)
	if !full() { // other tests are busy
		settings += "[textback]\n" + patiently + fmt.Sprintf("new_numbers_per_hour = %d\n", smallNewNumbers)
	}
	b.write(settingsFile, settings)
	b.write("domains.json", "{"+strings.Join(entries, ",\n")+"}\n")
	b.write("rota.toml", "[[person]]\nid = \"ann\"\nnumbers = [\"+31611111111\"]\n[[shift]]\npeople = [\"ann\"]\n")
	b.listen()
	b.start()
	t.Cleanup(b.kill)
	return b
}

func (b *besieged) addCustomer(domain, number, queue string) {
	b.system.AddDomain(domain)
	b.system.AddUser(domain, user)
	b.system.AddSMSNumber(domain, number, user)
	b.system.AddQueue(domain, queue)
}

func (b *besieged) write(name, text string) {
	b.t.Helper()
	if err := os.WriteFile(filepath.Join(b.folder, name), []byte(text), 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// listen opens the socket. Clients wait in it while no server is there.
func (b *besieged) listen() {
	b.t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.t.Fatal(err)
	}
	defer listener.Close()
	tcp, ok := listener.(*net.TCPListener)
	if !ok {
		b.t.Fatal("TCP does not listen by TCP")
	}
	if b.socket, err = tcp.File(); err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = b.socket.Close() })
	b.address = listener.Addr().String()
}

// shippedProgram builds the program as `make build` does, once.
var shippedProgram = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "switchhook-attacked-") // TestAttacked removes it
	if err != nil {
		return "", err
	}
	binary := filepath.Join(folder, "switchhook")
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", binary, "../../cmd/switchhook")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build switchhook: %w\n%s", err, out)
	}
	return binary, nil
})

// start starts a server, and waits until it is ready.
func (b *besieged) start() {
	b.t.Helper()
	program, err := os.Executable()
	if full() {
		program, err = shippedProgram()
	}
	if err != nil {
		b.t.Fatal(err)
	}
	log, err := os.OpenFile(b.log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = log.Close() }()
	command := exec.Command("sh", "-c", `LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" serve -c "$1" --listen "$2"`, program, settingsFile, b.address)
	command.Dir, command.Env, command.ExtraFiles = b.folder, append(environ(asServe), listenAt+"="+b.address), []*os.File{b.socket}
	command.Stdout, command.Stderr = log, log
	if err := command.Start(); err != nil {
		b.t.Fatal(err)
	}
	ended := make(chan struct{})
	b.mu.Lock()
	b.command, b.ended = command, ended
	b.mu.Unlock()
	go func() { // ends with the process, for which kill waits
		_ = command.Wait() // it was killed, as a rule
		close(ended)
	}()
	await.That(b.t, "a server that is ready", func() bool {
		select {
		case <-ended:
			b.t.Fatalf("the server has ended:\n%s", b.said())
		default:
		}
		return b.ready()
	})
}

func (b *besieged) ready() bool {
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, "http://"+b.address+"/readyz", http.NoBody)
	if err != nil {
		b.t.Fatal(err)
	}
	response, err := lines.Do(r)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}

func (b *besieged) log() string { return filepath.Join(b.folder, "log") }

// said is the end of the log.
func (b *besieged) said() string {
	const most = 4 << 10
	text, _ := os.ReadFile(b.log()) // for a message alone
	return string(text[max(0, len(text)-most):])
}

func (b *besieged) kill() {
	_ = b.command.Process.Kill() // it may have ended by itself
	<-b.ended
}

// restart stops the server as a service manager does, and starts the next at the
// same socket. It returns how long the stop took.
func (b *besieged) restart() time.Duration {
	b.t.Helper()
	began := time.Now()
	if err := b.command.Process.Signal(syscall.SIGTERM); err != nil {
		b.t.Fatal(err)
	}
	await.From(b.t, "an end of the server", b.ended)
	took := time.Since(began)
	b.start()
	return took
}

// pid returns the number of the process.
func (b *besieged) pid() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.command.Process.Pid
}

// tick is the unit of times in /proc.
const tick = 10 * time.Millisecond

// processor returns the processor time of the server; 0 if unknown.
func (b *besieged) processor() time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", b.pid()))
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(text), ") ") // proc(5): what follows the name begins with field 3
	of := strings.Fields(after)
	if len(of) < 13 {
		return 0
	}
	own, _ := strconv.Atoi(of[11])
	kernel, _ := strconv.Atoi(of[12])
	return time.Duration(own+kernel) * tick
}

// forgetPeak has the kernel forget how much memory the server had at most.
func (b *besieged) forgetPeak() {
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", b.pid()), []byte("5"), 0o600) // proc(5); elsewhere there is none
}

// peak returns that, in MB; 0 if unknown.
func (b *besieged) peak() int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", b.pid()))
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(text), "VmHWM:")
	kb, _ := strconv.Atoi(strings.Fields(cmp.Or(after, "0"))[0])
	return kb >> 10
}

// asked asks the database a question with a number for an answer.
func (b *besieged) asked(question string) int {
	b.t.Helper()
	driver, source := "pgx", b.database.URL
	if source == "" {
		driver, source = "sqlite", "file:"+filepath.Join(b.database.Folder, "switchhook.db")+"?mode=ro"
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	n := 0
	if err := db.QueryRowContext(b.t.Context(), question).Scan(&n); err != nil {
		b.t.Fatalf("%s: %v", question, err)
	}
	return n
}

// disk is how many bytes the database has, and the log.
func (b *besieged) disk() (database, log int64) {
	b.t.Helper()
	if b.database.URL != "" {
		database = int64(b.asked("SELECT pg_database_size(current_database())"))
	}
	files, err := filepath.Glob(filepath.Join(b.database.Folder, "switchhook.db*"))
	if err != nil {
		b.t.Fatal(err)
	}
	for _, file := range files {
		if info, err := os.Stat(file); err == nil {
			database += info.Size()
		}
	}
	if info, err := os.Stat(b.log()); err == nil {
		log = info.Size()
	}
	return database, log
}

// texts are those of a domain that the phone system took.
func (b *besieged) texts(domain string) (n int) {
	for _, m := range b.system.Messages() {
		if m.Domain == domain {
			n++
		}
	}
	return n
}

// calls are those of a domain that the phone system placed.
func (b *besieged) calls(domain string) (n int) {
	for _, c := range b.system.QueuedCalls() {
		if c.Domain == domain {
			n++
		}
	}
	return n
}

// engines are how a database of each kind is made; that of SQLite the server
// makes itself.
var engines = []struct {
	name  string
	fresh func(testing.TB) store.Config
}{
	{"sqlite", func(testing.TB) store.Config { return store.Config{} }},
	{"postgres", storetest.Postgres},
}
