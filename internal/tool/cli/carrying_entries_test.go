package cli_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// oldEntries returns a domains.json as it looks after years of editors, forms
// and other programs: obsolete fields, numbers in all spellings, escapes, empty
// values, repeated names.
func oldEntries(n int) string {
	var b strings.Builder
	b.WriteString("{\n")
	for i := range n {
		if i > 0 {
			b.WriteString(",\n")
		}
		// The last ids come first: the order is the file's, not the alphabet's.
		fmt.Fprintf(&b, `  "customer-%04d.example.net-sms": {`, n-i)
		fmt.Fprintf(&b, `"message": "Caf\u00e9 %d: <b>9–5</b> & \"more\" \ud83d\ude00 \/ \\ \t\u2028…", `, i)
		fmt.Fprintf(&b, `"api_domain":"customer-%04d.example.net","user" : "%d","ns_system_user":"8001","from_number":"1212555%04d"`, n-i, 2000+i%50, i%10000)
		switch i % 8 {
		case 0:
			fmt.Fprintf(&b, `, "rate": 1.0, "scale": 1e2, "big": 12345678901234567890123, "small": -0.0, "far": 1E+400, "x%d": 0.10`, i)
		case 1:
			b.WriteString(`, "zoho": {"b": [1, [2, {"a": null}], {}], "a": {"": ""}, "B": []}, "note": null`)
		case 2:
			b.WriteString(`, "queue": "9002@example.net", "branding": {"button_text": "Call\u0020Us", "button_color": "#1a73e8", "logo_url": ""}`)
		case 3:
			b.WriteString(`, "hours": {"mon": ["09:00-12:00"], "sun": []}, "legacy hours": "9-5", "Message": "another field"`)
		case 4:
			b.WriteString(`, "user_id": 7, "user_id": 8, "__proto__": {"constructor": true}, "__proto__": false`)
		case 5:
			b.WriteString("\n\t,\t\"spaced\"\n:\n [ ] , \"emoji \\ud83d\\ude00\": \"\u00e9 \u0000\"")
		case 6:
			fmt.Fprintf(&b, `, "long": %q`, strings.Repeat("abc ", 2000))
		}
		b.WriteString("}")
	}
	b.WriteString("\n}\n")
	return strings.ReplaceAll(b.String(), "\x00", `\u0000`)
}

// meaning returns the tokens of a JSON text: names in order, including repeated
// ones, and numbers as they are spelled.
func meaning(t *testing.T, text []byte) (tokens []string) {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			return tokens
		}
		if err != nil {
			t.Fatalf("after %d tokens: %v", len(tokens), err)
		}
		tokens = append(tokens, fmt.Sprintf("%T %v", token, token))
	}
}

// TestAThousandEntriesGoIntoTheDatabaseAndBack goes from file to database and
// back, twice, without losing anything.
func TestAThousandEntriesGoIntoTheDatabaseAndBack(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: without large inputs")
	}
	const many = 1000
	text := oldEntries(many)
	want := meaning(t, []byte(text))
	folder := t.TempDir()
	settings := phoneSettings(t, folder, "https://phones.example.net", `public_url = "https://hooks.example.net"`)
	run(t, text, nil, "import", "-c", settings, "-").wants(t, 0, fmt.Sprintf("%d added, 0 replaced", many))
	first := run(t, "", nil, "export", "-c", settings)
	first.wants(t, 0)
	if diff := cmp.Diff(want, meaning(t, []byte(first.out))); diff != "" {
		t.Fatalf("what comes out of the database is not what went in (- in, + out):\n%s", diff)
	}
	run(t, first.out, nil, "import", "-c", settings, "-").wants(t, 0, fmt.Sprintf("0 added, %d replaced", many))
	if second := run(t, "", nil, "export", "-c", settings); second.out != first.out {
		t.Error("what comes out the second time is not what came out the first time")
	}

	// And into a file again.
	file := filepath.Join(folder, "domains.json")
	t.Setenv("SWITCHHOOK_DOMAINS_FILE", file)
	run(t, first.out, nil, "import", "-c", settings, "-").wants(t, 0, fmt.Sprintf("%d added, 0 replaced", many))
	written, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, meaning(t, written)); diff != "" {
		t.Errorf("what is in the file is not what went in (- in, + file):\n%s", diff)
	}
}
