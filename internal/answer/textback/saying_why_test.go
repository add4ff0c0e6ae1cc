package textback_test

import (
	"strings"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/answer/textback"
	"github.com/switchhook/switchhook/internal/fault/why"
)

func TestARefusalNamesItsRuleAndSetting(t *testing.T) {
	ago := func(minutes int) time.Time { return plainCase().Now.Add(-time.Duration(minutes) * time.Minute) }
	for name, c := range map[string]struct {
		change  func(*textback.Case)
		setting string
		want    string
	}{
		"a cool-down of the settings": {func(c *textback.Case) {
			c.Rules.Cooldown = entry.Cooldown{Texts: 2, Time: time.Hour}
			c.History.Entry = []time.Time{ago(1), ago(59), ago(61)}
		}, "textback.cooldown", "The caller has had as many texts of the entry as may be: 2 within 1h, until 2026-07-01T16:01:00Z."},
		"a cool-down of the entry": {func(c *textback.Case) {
			c.Entry.Cooldown = &entry.Cooldown{Texts: 1, Time: time.Hour}
			c.History.Entry = []time.Time{ago(1)}
		}, "cooldown", "The caller has had as many texts of the entry as may be: 1 within 1h, until 2026-07-01T16:59:00Z."},
		"a message that is too long": {func(c *textback.Case) {
			c.Rules.MaxSegments = 1
			c.Message = strings.Repeat("long ", 50)
		}, "textback.max_segments", "The message has 2 segments, and may have 1."},
		"a country that is not texted": {func(c *textback.Case) { c.To = read("+31611111111") }, "regions",
			"The number is of none of the countries that the entry texts: US, CA."},
		"a suppression": {func(c *textback.Case) { c.History.Suppressed = &ledger.Suppression{How: ledger.ByText, At: ago(0)} }, "",
			"The number is on the suppression list since 2026-07-01, by text."},
		"a key to be pressed": {func(c *textback.Case) { c.Entry.ConsentKey = "1" }, "consent_key", "The caller is asked to press 1 for the text."},
	} {
		t.Run(name, func(t *testing.T) {
			step := textback.Why(plainCase(c.change))
			if step.String() != c.want || step.Args[why.Setting] != c.setting {
				t.Errorf("it is refused because: %s (setting %q)\nwant: %s (setting %q)", step, step.Args[why.Setting], c.want, c.setting)
			}
		})
	}
}

func TestEachReasonHasASentence(t *testing.T) {
	for _, reason := range textback.Reasons() {
		if sentence := reason.Sentence(); !strings.HasSuffix(sentence, ".") {
			t.Errorf("%s reads %q", reason, sentence)
		}
	}
}
