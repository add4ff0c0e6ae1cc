package source_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/answer/source"
)

// rotaTOML and rotaJSON say the same.
const rotaTOML = `
zone = "Europe/Amsterdam"

[[person]]
id = "alice"
name = "Alice Example"
email = "alice@example.net"
numbers = ["+31611111111", "+31 20 123 45 67"]

[[person]]
id = "bob"
numbers = ["0622222222"]   # without a plus

[[shift]]
people = ["alice"]
start = 2026-10-19T09:00:00
end = 2026-10-26T09:00:00
repeat = "FREQ=WEEKLY;INTERVAL=2"

[[shift]]
people = ["bob"]
start = 2026-10-26T09:00:00
end = 2026-11-02T09:00:00
repeat = "FREQ=WEEKLY;INTERVAL=2"

[[shift]]
people = ["bob", "alice"]
level = 2
end = 2026-11-18T12:00:00Z
`

const rotaJSON = `{
  "zone": "Europe/Amsterdam",
  "person": [
    {"id": "alice", "name": "Alice Example", "email": "alice@example.net", "numbers": ["+31611111111", "+31 20 123 45 67"]},
    {"id": "bob", "numbers": ["0622222222"]}
  ],
  "shift": [
    {"people": ["alice"], "start": "2026-10-19 09:00", "end": "2026-10-26T09:00:00", "repeat": "FREQ=WEEKLY;INTERVAL=2"},
    {"people": ["bob"], "start": "2026-10-26T09:00", "end": "2026-11-02T09:00:00+01:00", "repeat": "FREQ=WEEKLY;INTERVAL=2"},
    {"people": ["bob", "alice"], "level": 2, "end": "2026-11-18T12:00:00Z"}
  ]
}`

// inFile returns a source that reads a file, and the file's path.
func inFile(t *testing.T, name, text string) (source.Source, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	writeFile(t, path, text)
	s, err := source.NewFile(source.FileConfig{Path: path, Zone: time.UTC})
	if err != nil {
		t.Fatal(err)
	}
	return s, path
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestAFileSaysWhoIsOnCall(t *testing.T) {
	for name, text := range map[string]string{"rota.toml": rotaTOML, "rota.json": rotaJSON} {
		t.Run(name, func(t *testing.T) {
			virtualAt(t, time.Date(2026, time.October, 1, 0, 0, 0, 0, time.UTC), func(t *testing.T) {
				s, _ := inFile(t, name, text)
				for _, instant := range []struct{ at, want string }{
					{"2026-10-01T12:00:00Z", "bob 2, Alice 2"},
					{"2026-10-19T06:59:59Z", "bob 2, Alice 2"},
					{"2026-10-19T07:00:00Z", "Alice 1, bob 2, Alice 2"}, // nine in summer
					{"2026-10-26T07:59:59Z", "Alice 1, bob 2, Alice 2"},
					{"2026-10-26T08:00:00Z", "bob 1, bob 2, Alice 2"}, // nine in winter
					{"2026-11-02T08:00:00Z", "Alice 1, bob 2, Alice 2"},
					{"2026-11-18T12:00:00Z", "Alice 1"},
				} {
					sleepUntil(t, instant.at)
					if got := who(fetched(t, s).People); got != instant.want {
						t.Errorf("at %s: %q, not %q", instant.at, got, instant.want)
					}
				}
				got := fetched(t, s)
				same(t, "oddities", got.Oddities, []string{"bob: 06•••2222 is no telephone number that can be dialled, and is left out"})
				amsterdam, err := time.LoadLocation("Europe/Amsterdam")
				if err != nil {
					t.Fatal(err)
				}
				want := source.Person{
					ID: "alice", Name: "Alice Example", Email: "alice@example.net", Level: 1, Numbers: []string{"+31611111111", "+31201234567"},
					Since: time.Date(2026, time.November, 16, 9, 0, 0, 0, amsterdam), Until: time.Date(2026, time.November, 23, 9, 0, 0, 0, amsterdam),
				}
				same(t, "people", got.People, []source.Person{want})
			})
		})
	}
}

func TestAFileWithoutShiftsHasEverybodyOnCall(t *testing.T) {
	s, _ := inFile(t, "rota.toml", "[[person]]\nid = \"bob\"\n[[person]]\nid = \"alice\"\n")
	same(t, "people", fetched(t, s).People, []source.Person{{ID: "bob", Name: "bob", Level: 1}, {ID: "alice", Name: "alice", Level: 1}})
	s, _ = inFile(t, "rota.toml", "")
	same(t, "people", len(fetched(t, s).People), 0)
}

func TestWordsForRules(t *testing.T) {
	for _, row := range []struct{ repeat, saturday, monday string }{
		{"", "", ""}, {"daily", "a 1", "a 1"}, {"weekdays", "", "a 1"}, {"Weekly", "", "a 1"},
	} {
		t.Run(row.repeat, func(t *testing.T) {
			virtual(t, func(t *testing.T) {
				s, _ := inFile(t, "rota.toml", `
					[[person]]
					id = "a"
					[[shift]]
					people = ["a"]
					start = "2026-11-16 09:00"
					end = "2026-11-16 17:00"
					repeat = "`+row.repeat+`"`)
				sleepUntil(t, "2026-11-21T10:00:00Z")
				same(t, "on Saturday", who(fetched(t, s).People), row.saturday)
				sleepUntil(t, "2026-11-23T10:00:00Z")
				same(t, "on Monday", who(fetched(t, s).People), row.monday)
			})
		})
	}
}

func TestAFileIsReadAgainWhenItChanges(t *testing.T) {
	s, path := inFile(t, "rota.toml", "[[person]]\nid = \"bob\"\n")
	same(t, "people", who(fetched(t, s).People), "bob 1")
	writeFile(t, path, "[[person]]\nid = \"alice\"\n")
	same(t, "people", who(fetched(t, s).People), "alice 1")
	writeFile(t, path, "[[person]]\nid = alice and bob\n")
	if e := failed(t.Context(), t, s); !strings.Contains(e.Message, "line 2") {
		t.Errorf("%+v", e)
	}
	failed(t.Context(), t, s) // and stays so
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if e := failed(t.Context(), t, s); !strings.Contains(e.Message, "is not there") {
		t.Errorf("%+v", e)
	}
	writeFile(t, path, "[[person]]\nid = \"carol\"\n")
	same(t, "people", who(fetched(t, s).People), "carol 1")
}

func TestAFileThatIsWrongIsTold(t *testing.T) {
	const person = "[[person]]\nid = \"a\"\n"
	for _, row := range []struct{ name, text, message string }{
		{"rota.toml", "people = 3", "line 1: there is no key people"},
		{"rota.toml", person + "digits = []\n", "line 3: there is no key person.digits"},
		{"rota.toml", "[[person]]\nname = \"a\"\n", "person 1 has no id"},
		{"rota.toml", person + person, "there are two people with the id a"},
		{"rota.toml", "zone = \"Mars/Base\"\n", "the time zone Mars/Base is not known"},
		{"rota.toml", person + "[[shift]]\n", "shift 1: it has no people"},
		{"rota.toml", person + "[[shift]]\npeople = [\"b\"]\n", "shift 1: there is no person with the id b"},
		{"rota.toml", person + "[[shift]]\npeople = [\"a\"]\nlevel = 0\n", "shift 1: the level is 0"},
		{"rota.toml", person + "[[shift]]\npeople = [\"a\"]\nstart = 5\n", "shift 1: start is not a time"},
		{"rota.toml", person + "[[shift]]\npeople = [\"a\"]\nend = 09:00:00\n", "shift 1: end is not a time"},
		{"rota.toml", person + "[[shift]]\npeople = [\"a\"]\nstart = 2026-11-02\nend = 2026-11-01\n", "it ends before it begins"},
		{"rota.toml", person + "[[shift]]\npeople = [\"a\"]\nrepeat = \"daily\"\n", "what repeats needs a start and an end"},
		{"rota.toml", person + "[[shift]]\npeople = [\"a\"]\nstart = 2026-11-02\nend = 2026-11-03\nrepeat = \"often\"\n", "shift 1: repeat: the rule cannot be read"},
		{"rota.toml", person + "[[shift]]\npeople = [\"a\"]\nstart = 2020-11-02\nend = 2026-11-03\nrepeat = \"daily\"\n", "lasts 400 days at most"},
		{"rota.json", "", "it ends in the middle"},
		{"rota.json", "{\n\"person\": [}", "line 2 is not JSON"},
		{"rota.json", `{"person": [`, "it ends in the middle"},
		{"rota.json", `{"person": 31611111111}`, "person is a number"},
		{"rota.json", `{"persons": []}`, "unknown field"},
		{"rota.json", `{} {}`, "something follows the object"},
		{"rota.json", `[]`, "the whole is an array"},
		{"rota.toml", "# " + strings.Repeat("x", 1<<20), "is too large to be a rota"},
	} {
		s, path := inFile(t, row.name, row.text)
		e := failed(t.Context(), t, s)
		if e.Source != source.KindFile || !strings.Contains(e.Message, row.message) || !strings.HasPrefix(e.Message, path) {
			t.Errorf("%q does not hold %q", e.Message, row.message)
		}
		tellsNothing(t, e, "31611111111")
	}
}

// TestRotaFilesOfWindowsEditors begin with a byte order mark, or are UTF-16.
func TestRotaFilesOfWindowsEditors(t *testing.T) {
	for name, text := range map[string]string{"rota.toml": "[[person]]\nid = \"ann\"\n", "rota.json": `{"person":[{"id":"ann"}]}`} {
		for kind, written := range map[string]string{
			"a mark": "\uFEFF" + text, "UTF-16": utf16Of(text, true, true), "UTF-16, the larger byte first": utf16Of(text, false, true), "UTF-16 without a mark": utf16Of(text, true, false),
		} {
			s, _ := inFile(t, name, written)
			same(t, name+" with "+kind, identities(fetched(t, s).People), "ann")
		}
	}
}

func TestPeopleOfAFileAreKnownByComposedLetters(t *testing.T) {
	s, _ := inFile(t, "rota.toml", "[[person]]\nid = \"andre\u0301\"\nname = \"Andre\u0301 Example\"\n[[shift]]\npeople = [\"andr\u00e9\"]\n")
	same(t, "people", fetched(t, s).People, []source.Person{{ID: "andré", Name: "André Example", Level: 1}})
	s, _ = inFile(t, "rota.toml", "[[person]]\nid = \"andre\u0301\"\n[[person]]\nid = \"andr\u00e9\"\n")
	if e := failed(t.Context(), t, s); !strings.Contains(e.Message, "there are two people with the id andré") {
		t.Errorf("%v", e)
	}
}

// A number without a plus is dialled in the country of the routes that ask.
func TestFileHasNumbersAsTheyAreDialled(t *testing.T) {
	for _, c := range []struct{ code, number, want string }{ // empty: it is left out
		{"31", "06 1234 5678", "+31612345678"}, {"31", "31612345678", "+31612345678"}, {"31", "+32 (0)470 12 34 56", "+32470123456"}, {"31", "0032470123456", "+32470123456"},
		{"1", "(212) 555-0123", "+12125550123"}, {"1", "011 44 20 7946 0958", "+442079460958"}, {"34", "612 34 56 78", "+34612345678"}, {"45", "20 12 34 56", "+4520123456"},
		{"52", "044 55 1234 0101", "+525512340101"}, {"54", "011 15 2345-6789", "+5491123456789"}, {"39", "06 1234 5678", "+390612345678"}, {"225", "07 12 34 56 78", "+2250712345678"},
		{"7", "8 (495) 123-45-67", "+74951234567"}, {"31", "2000", "2000"}, {"1", "200", "200"}, {"", "2000", "2000"},
		{"", "0612345678", ""}, {"31", "12345678", ""}, {"31", "06 1234", ""}, {"31", "sip:200@example.net", ""}, {"31", "7378742833", ""},
	} {
		path := filepath.Join(t.TempDir(), "rota.toml")
		writeFile(t, path, "[[person]]\nid = 'ann'\nnumbers = ['"+c.number+"']\n")
		s, err := source.NewFile(source.FileConfig{Path: path, Zone: time.UTC, CallingCode: c.code})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(fetched(t, s).People[0].Numbers, " "); got != c.want {
			t.Errorf("%q under %q is %q, want %q", c.number, c.code, got, c.want)
		}
	}
}
