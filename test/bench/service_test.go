package bench_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
)

const (
	// token is what the phone system wants to see.
	token = "secret"

	// startPatience is how long a service may take to listen.
	startPatience = 20 * time.Second

	// askAgain is how often a service is asked whether it is ready: what start
	// times are rounded up to.
	askAgain = time.Millisecond
)

// databases are those that Switchhook is measured on.
var databases = []struct {
	name string
	make func(testing.TB) store.Config // returns a new, empty one
}{
	{"sqlite", storetest.EmptySQLite},
	{"postgres", storetest.EmptyPostgres},
}

// programFolder makes the folder of the program, which TestMain removes.
var programFolder = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "switchhook-bench-") })

// program builds Switchhook as `make build` does, once.
var program = sync.OnceValues(func() (string, error) {
	folder, err := programFolder()
	if err != nil {
		return "", err
	}
	binary := filepath.Join(folder, "switchhook")
	build := exec.CommandContext(context.Background(), "go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", binary, "../../cmd/switchhook")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build switchhook: %w\n%s", err, out)
	}
	return binary, nil
})

// switchhook returns a command of Switchhook with the settings that serve needs,
// and caps that no measurement reaches; all else is as it is shipped.
func switchhook(b *testing.B, system *phoneSystem, database store.Config, address string, args ...string) *exec.Cmd {
	b.Helper()
	binary, err := program()
	if err != nil {
		b.Fatal(err)
	}
	command := exec.CommandContext(context.Background(), binary, args...)
	command.Dir = filepath.Dir(database.Folder) // where there is no file of settings
	command.Env = append(environment(), "NS_TOKEN="+token, "UPDATE_SECRET=secret", "SWITCHHOOK_LISTEN="+address,
		"SWITCHHOOK_TEXTBACK_NEW_NUMBERS_PER_HOUR=100000", "SWITCHHOOK_TEXTBACK_SOURCE_PER_HOUR=100000", "SWITCHHOOK_TEXTBACK_SOURCE_PER_DAY=1000000",
		"SWITCHHOOK_TEXTBACK_ENTRY_PER_HOUR=100000", "SWITCHHOOK_TEXTBACK_ENTRY_PER_DAY=1000000",
		"SWITCHHOOK_TEXTBACK_TENANT_PER_HOUR=100000", "SWITCHHOOK_TEXTBACK_TENANT_PER_DAY=1000000",
		"SWITCHHOOK_NETSAPIENS_URL="+system.url, "SWITCHHOOK_PUBLIC_URL=https://hooks.example.net", "SWITCHHOOK_DATA="+database.Folder)
	if database.URL != "" {
		command.Env = append(command.Env, "SWITCHHOOK_DATABASE="+database.URL)
	}
	return command
}

// serve starts a server, whose environment holds this, too.
func serve(b *testing.B, system *phoneSystem, database store.Config, env ...string) *service {
	b.Helper()
	address := freeAddress(b)
	command := switchhook(b, system, database, address, "serve")
	command.Env = append(command.Env, env...)
	return start(b, command, address, "/readyz")
}

// environment returns that of this process without Switchhook's variables, which
// it refuses if it does not know them.
func environment() []string {
	return slices.DeleteFunc(os.Environ(), func(pair string) bool { return strings.HasPrefix(pair, "SWITCHHOOK_") })
}

// service is a running process that answers callers.
type service struct {
	address string
	command *exec.Cmd
	ended   chan struct{} // closed when the process has
	log     string
	took    time.Duration // from exec to the first 200 on its path
}

// start runs a command with its log in a file, waits until a path is answered
// with 200, and stops it at the end.
func start(b *testing.B, command *exec.Cmd, address, path string) *service {
	b.Helper()
	log, err := os.Create(filepath.Join(b.TempDir(), "log"))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = log.Close() }()
	s := &service{address: address, command: command, ended: make(chan struct{}), log: log.Name()}
	command.Stdout, command.Stderr = log, log
	began := time.Now()
	if err := command.Start(); err != nil {
		b.Fatal(err)
	}
	go func() {
		defer close(s.ended)
		_ = command.Wait()
	}()
	b.Cleanup(s.stop)
	s.await(b, path)
	s.took = time.Since(began)
	return s
}

// stop lets the process finish, and waits for it.
func (s *service) stop() {
	_ = s.command.Process.Signal(os.Interrupt)
	<-s.ended
}

// await waits until a path is answered with 200.
func (s *service) await(b *testing.B, path string) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), startPatience)
	defer cancel()
	retry := time.NewTicker(askAgain)
	defer retry.Stop()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.address+path, nil)
		if err != nil {
			b.Fatal(err)
		}
		if response, err := http.DefaultClient.Do(request); err == nil {
			_, _ = io.Copy(io.Discard, response.Body)
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case <-ctx.Done():
			s.fatal(b, "it is not ready after %v", startPatience)
		case <-s.ended:
			s.fatal(b, "it has ended")
		case <-retry.C:
		}
	}
}

// fatal ends the benchmark with the end of the log.
func (s *service) fatal(b *testing.B, format string, args ...any) {
	b.Helper()
	const shown = 2000
	text, _ := os.ReadFile(s.log)
	b.Fatalf("%s\n%s", fmt.Sprintf(format, args...), text[max(0, len(text)-shown):])
}

// processes returns the process and its children.
func (s *service) processes() []int {
	pid := s.command.Process.Pid
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	pids := []int{pid}
	for field := range strings.FieldsSeq(string(text)) {
		if n, err := strconv.Atoi(field); err == nil {
			pids = append(pids, n)
		}
	}
	return pids
}

// memory returns the MiB that all processes hold, shared pages divided among
// them; own is the part not backed by a file, such as the program itself, which
// the system can drop and read again.
func (s *service) memory(b *testing.B) (all, own float64) {
	b.Helper()
	for _, pid := range s.processes() {
		sizes := fields(b, fmt.Sprintf("/proc/%d/smaps_rollup", pid))
		all += sizes["Pss"]
		own += sizes["Pss_Anon"]
	}
	return all, own
}

// resident returns the MiB of memory (RSS) that the process holds, and the most
// that it has held.
func (s *service) resident(b *testing.B) (now, most float64) {
	b.Helper()
	sizes := fields(b, fmt.Sprintf("/proc/%d/status", s.command.Process.Pid))
	return sizes["VmRSS"], sizes["VmHWM"]
}

// fields returns the lines "name: n kB" of a file, in MiB.
func fields(b *testing.B, path string) map[string]float64 {
	b.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		b.Logf("memory is not measured: %v", err)
	}
	sizes := map[string]float64{}
	for line := range strings.Lines(string(text)) {
		name, size, _ := strings.Cut(strings.TrimSpace(line), ":")
		if kib, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(size, "kB")), 64); err == nil {
			sizes[name] = kib / 1024
		}
	}
	return sizes
}

// worked returns the processor time that the process has used.
func (s *service) worked() time.Duration {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.command.Process.Pid))
	_, rest, _ := strings.Cut(string(text), ") ")
	stat := strings.Fields(rest)
	const (
		user, system = 11, 12                // of the fields after the name, in
		tick         = 10 * time.Millisecond // which Linux has on all machines that we know
	)
	if len(stat) <= system {
		return 0
	}
	u, _ := strconv.Atoi(stat[user])
	k, _ := strconv.Atoi(stat[system])
	return time.Duration(u+k) * tick
}

// waited returns the time that the process's threads were ready to run and had
// no processor: on an otherwise idle machine it is next to nothing.
func (s *service) waited() time.Duration {
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", s.command.Process.Pid))
	var sum time.Duration
	for _, thread := range threads {
		text, _ := os.ReadFile(thread)
		if columns := strings.Fields(string(text)); len(columns) > 1 {
			ns, _ := strconv.ParseInt(columns[1], 10, 64)
			sum += time.Duration(ns)
		}
	}
	return sum
}

// load returns how many processes wanted the machine within the last minute:
// they make the figures worse.
func load() float64 {
	text, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(text), " ")
	n, _ := strconv.ParseFloat(first, 64)
	return n
}

func freeAddress(b *testing.B) string {
	b.Helper()
	listener, err := (&net.ListenConfig{}).Listen(b.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

func write(b *testing.B, path, text string) {
	b.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
}
