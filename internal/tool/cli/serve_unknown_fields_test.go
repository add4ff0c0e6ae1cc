package cli_test

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestUnknownFieldsAreLoggedOnce has an entries file with slips in it, which is
// edited while the server runs.
func TestUnknownFieldsAreLoggedOnce(t *testing.T) {
	old := oldFolder(t, phoneSystem(t))
	file := filepath.Join(old, "domains.json")
	slip := strings.Replace(oldDomains, "{", `{"x": {"mesage": "hello"},`, 1)
	put(t, file, slip)
	p := serve(t, old)
	wantLogged := func(times int, what string) {
		t.Helper()
		for range 3 { // each one a read
			if status, _ := p.get("/readyz"); status != 200 {
				t.Errorf("ready: %d", status)
			}
		}
		if n := strings.Count(p.log.String(), what); n != times {
			t.Errorf("%q is in the log %d times, want %d:\n%s", what, n, times, p.log.String())
		}
	}
	wantLogged(1, `x: the field mesage is not known; is message meant?`)
	put(t, file, strings.Replace(slip, `"hello"`, `"hello again", "messages": {"holday": "y"}`, 1))
	wantLogged(1, `x: the field messages.holday is not known; is messages.holiday meant?`)
	wantLogged(1, `x: the field mesage is not known; is message meant?`)
	wantLogged(0, "entries not readable")
}
