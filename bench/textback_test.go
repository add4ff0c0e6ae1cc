// Package bench measures Switchhook beside what it replaces, both doing the
// same work in one run.
package bench_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// clients is how many phone systems ask at once.
const clients = 32

// BenchmarkTextBack asks /webresponder, of Switchhook as it is shipped and of
// a small Flask service under gunicorn -w 2, for texts that an instant phone
// system takes: requests a second, the 99th percentile, and the memory of all
// processes after the run. Each iteration is one call, with logging on.
func BenchmarkTextBack(b *testing.B) {
	system := newPhoneSystem(b)
	folder := b.TempDir()
	write(b, filepath.Join(folder, "domains.json"), `{
  "example.net-sms": {"api_domain": "example.net", "user": "2000", "ns_system_user": "8001",
    "from_number": "12125550100", "message": "We are open Monday to Friday, 9 to 5, at 1 Example Street."}
}`)
	b.Run("switchhook", func(b *testing.B) {
		binary := filepath.Join(b.TempDir(), "switchhook")
		build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", binary, "../cmd/switchhook")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
		address := freeAddress(b)
		command := exec.Command(binary, "serve")
		command.Env = append(os.Environ(), "NS_TOKEN=secret", "UPDATE_SECRET=secret", "SWITCHHOOK_LISTEN="+address,
			"SWITCHHOOK_NETSAPIENS_URL="+system.url, "SWITCHHOOK_PUBLIC_URL=https://hooks.example.net", "SWITCHHOOK_DATA="+folder)
		measure(b, system, command, folder, address)
	})
	b.Run("flask", func(b *testing.B) {
		const gunicorn = "/usr/bin/gunicorn"
		if _, err := os.Stat(gunicorn); err != nil {
			b.Skip("needs Debian's gunicorn, python3-flask and python3-requests: make bench installs them")
		}
		address := freeAddress(b)
		app, err := filepath.Abs(".")
		if err != nil {
			b.Fatal(err)
		}
		command := exec.Command("/usr/bin/python3", gunicorn, "-w", "2", "-b", address, "--chdir", app, "flask_app:app")
		command.Env = append(os.Environ(), "NS_TOKEN=secret", "NS_URL="+system.url, "DOMAINS="+filepath.Join(folder, "domains.json"), "PYTHONDONTWRITEBYTECODE=1")
		measure(b, system, command, folder, address)
	})
}

// measure runs a service and asks it b.N times.
func measure(b *testing.B, system *phoneSystem, command *exec.Cmd, folder, address string) {
	b.Helper()
	log, err := os.Create(filepath.Join(b.TempDir(), "log"))
	if err != nil {
		b.Fatal(err)
	}
	command.Dir, command.Stdout, command.Stderr = folder, log, log
	if err := command.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() {
		_ = command.Process.Signal(os.Interrupt)
		_ = command.Wait()
	}()
	await(b, address, log.Name())

	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}, Timeout: 30 * time.Second}
	before := system.texts.Load()
	took := make([]time.Duration, b.N)
	var next atomic.Int64
	var failed atomic.Int64
	var group sync.WaitGroup
	b.ResetTimer()
	for range clients {
		group.Go(func() {
			for i := next.Add(1) - 1; i < int64(b.N); i = next.Add(1) - 1 {
				began := time.Now()
				if !ask(client, address, before, i) {
					failed.Add(1)
				}
				took[i] = time.Since(began)
			}
		})
	}
	group.Wait()
	b.StopTimer()
	if failed.Load() > 0 || system.texts.Load()-before != int64(b.N) {
		text, _ := os.ReadFile(log.Name())
		b.Fatalf("%d of %d calls failed, %d texts went out\n%s", failed.Load(), b.N, system.texts.Load()-before, text[max(0, len(text)-2000):])
	}
	slices.Sort(took)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	all, own := memory(b, command.Process.Pid)
	b.ReportMetric(all, "MiB")
	b.ReportMetric(own, "own-MiB")
}

// ask makes one call and reports whether it got its text.
func ask(client *http.Client, address string, run, i int64) bool {
	query := url.Values{
		"id": {"example.net-sms"}, "NmsAni": {fmt.Sprintf("+1212%07d", 5550000+i%10000)}, "NmsDnis": {"12125550100"},
		"OrigCallID": {fmt.Sprintf("call-%d-%d", run, i)},
	}
	response, err := client.Get("http://" + address + "/webresponder?" + query.Encode())
	if err != nil {
		return false
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return err == nil && response.StatusCode == http.StatusOK && bytes.Contains(body, []byte("texted you"))
}

// phoneSystem takes every text at once.
type phoneSystem struct {
	url   string
	texts atomic.Int64
}

func newPhoneSystem(b *testing.B) *phoneSystem {
	b.Helper()
	system := &phoneSystem{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/messages") && r.Header.Get("Authorization") == "Bearer secret" {
			system.texts.Add(1)
		}
		w.WriteHeader(http.StatusAccepted)
	}))
	b.Cleanup(server.Close)
	system.url = server.URL
	return system
}

func freeAddress(b *testing.B) string {
	b.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// await waits until a service takes connections.
func await(b *testing.B, address, log string) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), 20*time.Second)
	defer cancel()
	retry := time.NewTicker(20 * time.Millisecond)
	defer retry.Stop()
	for {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err == nil {
			_ = conn.Close()
			return
		}
		select {
		case <-ctx.Done():
			text, _ := os.ReadFile(log)
			b.Fatalf("it does not listen: %v\n%s", err, text)
		case <-retry.C:
		}
	}
}

// memory returns the MiB that a process and its children hold, shared pages
// divided among them; own is what of it is no file's, such as the program
// itself, which the system can drop and read again.
func memory(b *testing.B, pid int) (all, own float64) {
	b.Helper()
	for _, one := range append(children(pid), pid) {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", one))
		if err != nil {
			b.Logf("memory is not measured: %v", err)
			return 0, 0
		}
		for line := range strings.Lines(string(text)) {
			name, kib, _ := strings.Cut(strings.TrimSpace(line), ":")
			n, _ := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(kib, "kB")), 64)
			switch name {
			case "Pss":
				all += n / 1024
			case "Pss_Anon":
				own += n / 1024
			}
		}
	}
	return all, own
}

func children(pid int) []int {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	var pids []int
	for field := range strings.FieldsSeq(string(text)) {
		if n, err := strconv.Atoi(field); err == nil {
			pids = append(pids, n)
		}
	}
	return pids
}

func write(b *testing.B, path, text string) {
	b.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
}
