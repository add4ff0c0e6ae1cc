package trunk

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// clock returns a time, so many seconds after the tests' beginning.
func clock(seconds float64) time.Time {
	return time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC).Add(time.Duration(seconds * float64(time.Second)))
}

func TestConditionChangesForGoodReasons(t *testing.T) {
	for _, c := range []struct {
		name   string
		events string // "seconds+": it worked, "seconds-": it failed, "seconds!": for certain
		want   string // the changes
	}{
		{"nothing", "", ""},
		{"it works", "0+ 30+ 60+", "0 up"},
		{"one failure", "0+ 30- 60+", "0 up"},
		{"two", "0+ 30- 60- 90+", "0 up"},
		{"three", "0+ 30- 45- 60- 75- 90+", "0 up, 60 down, 90 up"},
		{"many within a moment", "0+ 1- 2- 3- 4- 5- 30- 31- 40+", "0 up, 31 down, 40 up"},
		{"down from the start", "0- 15- 30-", "30 down"},
		{"a refusal", "0+ 30! 60! 90+", "0 up, 30 down, 90 up"},
		{"a refusal after failures", "0- 5!", "5 down"},
		{"not in a row", "0- 15- 30+ 45- 60- 75+", "30 up"},
	} {
		condition := newCondition()
		var changes []string
		for event := range strings.FieldsSeq(c.events) {
			var after float64
			var what string
			if _, err := fmt.Sscanf(event, "%g%s", &after, &what); err != nil {
				t.Fatal(err)
			}
			now := clock(after)
			changed := what == "+" && condition.worked(now) || what != "+" && condition.failed(now, "why", what == "!")
			if changed {
				changes = append(changes, fmt.Sprintf("%g %s", after, condition.is))
			}
			if changed && !condition.since.Equal(now) {
				t.Errorf("%s: since %v", c.name, condition.since)
			}
			if (condition.why == "") != (what == "+") {
				t.Errorf("%s: after %s the reason is %q", c.name, event, condition.why)
			}
		}
		if diff := cmp.Diff(c.want, strings.Join(changes, ", ")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}
