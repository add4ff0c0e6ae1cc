package trunk

import (
	"testing"

	"github.com/switchhook/switchhook/internal/phone"
)

// FuzzAddress reads addresses of carriers: one that is taken is written as it is
// read, and leads somewhere.
func FuzzAddress(f *testing.F) {
	for _, text := range []string{"sip.carrier.example", "192.0.2.1:5060", "sips:[2001:db8::1]:5061", "sip:a@b", "::1", "[::1", "a:b:c", "sip:sip:5060"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var a, again Address
		if a.UnmarshalText([]byte(text)) != nil {
			return
		}
		if a.Host == "" {
			t.Fatalf("%q leads nowhere", text)
		}
		if err := again.UnmarshalText([]byte(a.String())); err != nil || again != a {
			t.Errorf("%q is read as %+v, written %q, and read as %+v, %v", text, a, a.String(), again, err)
		}
	})
}

// FuzzNumber reads what a carrier writes: what is no number stays as it is, and a
// number is read alike again.
func FuzzNumber(f *testing.F) {
	for _, text := range []string{"+12125550123", "2125550123", "011442079460123", "anonymous", "*97", "++1", "+", "00", "12345678901234567890"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		home := phone.HomeIn()
		for _, format := range []Format{E164Plus, E164, National} {
			read := format.read(text, home)
			if again := E164Plus.read(read, home); read != text && again != read {
				t.Errorf("%s: %q is read as %q, and that as %q", format, text, read, again)
			}
		}
	})
}
