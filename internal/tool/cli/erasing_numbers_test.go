package cli_test

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
)

// persons are the people to erase: the second one's number is dialled with a
// digit that its key lacks.
var persons = map[string]person{
	"in New York": {digits: "12125550123", national: "2125550123", writings: []string{
		"+12125550123", "12125550123", "+1 212 555 0123", "(212) 555-0123", "212-555-0123", "2125550123", "1-212-555-0123", "001 212 555 0123",
		"011 1 212 555 0123", "tel:+1-212-555-0123", "212.555.0123", "+1\u00a0(212)\u00a0555\u20110123", "%2B12125550123", "%2B1%20212%20555%200123",
		"+\u0661\u0662\u0661\u0662\u0665\u0665\u0665\u0660\u0661\u0662\u0663", "\uff12\uff11\uff12\uff15\uff15\uff15\uff10\uff11\uff12\uff13",
		"1.2125550123E10", "170000000012125550123", "sip:+12125550123@example.net", "+1 (0) 212 5550123",
	}},
	"in Mexico": {digits: "5215512345678", national: "5512345678", writings: []string{
		"+5215512345678", "+525512345678", "525512345678", "+52 1 55 1234 5678", "044 55 1234 5678", "(55) 1234-5678", "5512345678",
	}},
}

// TestErasedNumberStandsNowhere puts a number, in each spelling, into
// everything that can hold it, erases it beside a server, and checks every
// column and the bytes of every file. A column that is not in its lists fails
// it: find out what the column can hold, and say so there and in the store's
// rules.
func TestErasedNumberStandsNowhere(t *testing.T) {
	storetest.EachConfig(t, func(t *testing.T, fresh func(testing.TB) store.Config) {
		for name, p := range persons {
			t.Run(name, func(t *testing.T) {
				config := fresh(t)
				s := storetest.Open(t, config)
				fill(t, s, p)
				look := lookAt(t, config)
				holds := look.with(p)
				for _, column := range look.columns() {
					_, blank := blankColumns[column]
					if !blank && !slices.Contains(filled, column) && !slices.Contains(told, column) {
						t.Errorf("nobody has said what %s can hold", column)
					}
				}
				for _, column := range filled {
					dialled := column == "texts.dialled" || column == "callbacks.dialled"
					if holds[column] == "" && (!dialled || name == "in Mexico") {
						t.Errorf("the number is not in %s", column)
					}
				}

				if config.URL == "" {
					p.leave(t, config)
				}
				p.speak(t, config)
				settings := settingsOf(t, config)
				record(t, s, config, "+"+p.digits)
				record(t, s, config, "+"+stranger)
				run(t, "", nil, "number", "erase", "-c", settings, "+"+p.digits).wants(t, 2, "nothing was erased", "--yes erases them", "recordings 1", "sounds of prompts on disk 1")
				for again := true; again; {
					erased := run(t, "", nil, "number", "erase", "-c", settings, "+"+p.digits, "--yes")
					erased.wants(t, 0, "erased of ")
					again = strings.Contains(erased.out, "not reached: free room") // the machine is busy
				}
				for column, value := range look.with(p) {
					t.Errorf("%s holds it still: %.200q", column, value)
				}
				p.leftIn(t, config.Folder)
				if n := len(recorded(t, config)); n != 1 {
					t.Errorf("left are %d recordings, want that of another", n)
				}
			})
		}
	})
}

// settingsOf writes settings that use a database, and returns their path.
func settingsOf(t testing.TB, config store.Config) string {
	t.Helper()
	where := "data = " + strconv.Quote(config.Folder) + "\n"
	if config.URL != "" {
		where += "database = " + strconv.Quote(config.URL) + "\n"
	}
	path := filepath.Join(t.TempDir(), "switchhook.toml")
	put(t, path, "public_url = \"https://hooks.example.net\"\n"+where+"[netsapiens]\nurl = \"https://ucportal.example.net\"\ntoken = \"a-token\"\n[forms]\nsecret = \"a-secret-of-forms\"\n")
	return path
}
