package entry_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/answer/entry"
)

// many is a domains.json of 10,000 entries.
func many(b *testing.B) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "domains.json")
	text := []byte("{\n")
	for i := range 10_000 {
		if i > 0 {
			text = append(text, ",\n"...)
		}
		text = fmt.Appendf(text, `  "customer-%d.example.net-sms": {
    "api_domain": "customer-%d.example.net",
    "user": "2000",
    "ns_system_user": "8001",
    "from_number": "1212%07d",
    "message": "Our hours are Monday to Friday, 9 to 5. We are at %d Example Street, Springfield. Parking is behind the house.",
    "time_zone": "America/New_York",
    "hours": {"mon": ["09:00-17:00"], "tue": ["09:00-17:00"], "wed": ["09:00-17:00"], "thu": ["09:00-17:00"], "fri": ["09:00-17:00"]},
    "messages": {"closed": "We are closed now. Call us Monday to Friday, 9 to 5."},
    "branding": { "button_text": "Call Us Now", "button_color": "#1a73e8", "company_name": "Example", "logo_url": "" }
  }`, i, i, 5550000+i, i)
	}
	text = append(text, "\n}\n"...)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		b.Fatal(err)
	}
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(path, old, old); err != nil {
		b.Fatal(err)
	}
	return path
}

// BenchmarkOpen10000 is what a start, or a change of the file, takes.
func BenchmarkOpen10000(b *testing.B) {
	path := many(b)
	for b.Loop() {
		if _, err := entry.Open(path, nil); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOpenFull10000 is the same for entries with every field there is.
func BenchmarkOpenFull10000(b *testing.B) {
	one := strings.TrimSuffix(strings.TrimSpace(fullFile)[1:], "}")
	one = strings.TrimSpace(one)[len(`"full":`):]
	text := []byte("{")
	for i := range 10_000 {
		if i > 0 {
			text = append(text, ',')
		}
		text = fmt.Appendf(text, `"customer-%d.example.net-sms": %s`, i, one)
	}
	path := filepath.Join(b.TempDir(), "domains.json")
	if err := os.WriteFile(path, append(text, '}'), 0o600); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		f, err := entry.Open(path, nil)
		if err != nil {
			b.Fatal(err)
		}
		if odd := f.Oddities(); odd != nil {
			b.Fatal(odd[0])
		}
	}
}

// BenchmarkChange10000 is what the first request takes after one entry of the
// file was changed by hand.
func BenchmarkChange10000(b *testing.B) {
	path := many(b)
	f, err := entry.Open(path, nil)
	if err != nil {
		b.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		b.Fatal(err)
	}
	for i := 0; b.Loop(); i++ {
		b.StopTimer()
		changed := strings.Replace(string(text), "Our hours", fmt.Sprintf("%09d", i), 1)
		if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		if e, ok := f.Get("customer-0.example.net-sms"); !ok || !strings.HasPrefix(e.Text.Message, fmt.Sprintf("%09d", i)) {
			b.Fatal("the change is not in force")
		}
	}
}

// BenchmarkGet10000 is what each request takes while the file stays as it is.
func BenchmarkGet10000(b *testing.B) {
	f, err := entry.Open(many(b), nil)
	if err != nil {
		b.Fatal(err)
	}
	for i := 0; b.Loop(); i++ {
		if _, ok := f.Get(fmt.Sprintf("customer-%d.example.net-sms", i%10_000)); !ok {
			b.Fatal("there is no such entry")
		}
	}
}

// BenchmarkGetWhileRecent10000 is what a request takes in the two seconds
// after a change, in which the file is read each time to be sure.
func BenchmarkGetWhileRecent10000(b *testing.B) {
	path := many(b)
	f, err := entry.Open(path, nil)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		now := time.Now()
		if err := os.Chtimes(path, now, now); err != nil {
			b.Fatal(err)
		}
		if _, ok := f.Get("customer-1.example.net-sms"); !ok {
			b.Fatal("there is no such entry")
		}
	}
}

// BenchmarkUpdate10000 is what a form takes.
func BenchmarkUpdate10000(b *testing.B) {
	f, err := entry.Open(many(b), nil)
	if err != nil {
		b.Fatal(err)
	}
	for i := 0; b.Loop(); i++ {
		if _, err := f.Update(b.Context(), "customer-1.example.net-sms", map[string]string{"message": fmt.Sprint("message ", i)}); err != nil {
			b.Fatal(err)
		}
	}
}
