package layout_test

import (
	"regexp"
	"strings"
	"testing"
)

// ownLimits are the waits of tests that are neither virtual nor await.Limit,
// each with its reason.
var ownLimits = map[string]string{
	"test/crash/bandit_test.go":                    "an attack that has no end of its own ends at a time; the test waits for it",
	"internal/call/wire/hostile_terminals_test.go": "a fuzz test that gives a terminal time to be wrong in; it is over when it leaves",
}

// limited finds what ends at a time: what a busy machine may reach.
var limited = regexp.MustCompile(`\b(time\.Sleep|context\.With(Timeout|Deadline)|\.Set(Read|Write)?Deadline)\(.*`)

// TestTestsWaitForWhatHappens: a limit of a test's own is one that a busy
// machine reaches. Packages whose tests have a synctest bubble are left to
// their readers: there such waits are virtual, as a rule.
func TestTestsWaitForWhatHappens(t *testing.T) {
	bubbles := map[string]bool{}
	var tests []string
	for _, name := range sourceFiles(t, "_test.go") {
		if strings.HasPrefix(name, "test/bench/") {
			continue
		}
		tests = append(tests, name)
		if folder := name[:strings.LastIndexByte(name, '/')+1]; strings.Contains(read(t, name), `"testing/synctest"`) {
			bubbles[folder] = true
		}
	}
	for _, name := range tests {
		if bubbles[name[:strings.LastIndexByte(name, '/')+1]] || ownLimits[name] != "" {
			continue
		}
		for line := range strings.Lines(read(t, name)) {
			if found := limited.FindString(line); found != "" && !strings.Contains(found, "await.Limit") {
				t.Errorf("%s: %s: wait for what happens, with await.Limit, or in a synctest bubble", name, strings.TrimSpace(line))
			}
		}
	}
}
