// Package bench measures Switchhook beside what it replaces, both doing the same
// work in one run, and checks the figures that it promises.
package bench_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// clients is how many phone systems ask at once.
const clients = 32

// oneEntry is the domains.json of one customer.
const oneEntry = `{
  "example.net-sms": {"api_domain": "example.net", "user": "2000", "ns_system_user": "8001",
    "from_number": "12125550100", "message": "We are open Monday to Friday, 9 to 5, at 1 Example Street."}
}`

// BenchmarkTextBack asks /webresponder, of Switchhook as it is shipped, on each
// database, and of a small Flask service under gunicorn -w 2 that writes nothing
// down, for texts that an instant phone system takes: requests a second, the
// 99th percentile, and the memory of all processes after the run. Each
// iteration is one call of somebody who has not called before, with logging on.
func BenchmarkTextBack(b *testing.B) {
	for _, database := range databases {
		b.Run("switchhook-"+database.name, func(b *testing.B) {
			system, config := newPhoneSystem(b, 0), database.make(b)
			write(b, filepath.Join(config.Folder, "domains.json"), oneEntry) // which the server imports
			measure(b, newLine(b, serve(b, system, config), system, "example.net-sms", clients))
		})
	}
	b.Run("flask", func(b *testing.B) {
		const gunicorn = "/usr/bin/gunicorn"
		if _, err := os.Stat(gunicorn); err != nil {
			b.Skip("needs Debian's gunicorn, python3-flask and python3-requests: make bench installs them")
		}
		system, folder, address := newPhoneSystem(b, 0), b.TempDir(), freeAddress(b)
		domains := filepath.Join(folder, "domains.json")
		write(b, domains, oneEntry)
		app, err := filepath.Abs(".")
		if err != nil {
			b.Fatal(err)
		}
		command := exec.CommandContext(context.Background(), "/usr/bin/python3", gunicorn, "-w", "2", "-b", address, "--chdir", app, "flask_app:app")
		command.Env = append(os.Environ(), "NS_TOKEN="+token, "NS_URL="+system.url, "DOMAINS="+domains, "PYTHONDONTWRITEBYTECODE=1")
		measure(b, newLine(b, start(b, command, address, "/webresponder"), system, "example.net-sms", clients))
	})
}

// measure makes b.N calls.
func measure(b *testing.B, l *line) {
	b.Helper()
	b.ResetTimer()
	c := l.together(b, b.N, clients)
	b.StopTimer()
	if c.failed > 0 {
		l.service.fatal(b, "%d of %d calls failed", c.failed, b.N)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
	b.ReportMetric(ms(part(c.took, 0.99)), "p99-ms")
	all, own := l.service.memory(b)
	b.ReportMetric(all, "MiB")
	b.ReportMetric(own, "own-MiB")
	b.ReportMetric(load(), "load")
}
