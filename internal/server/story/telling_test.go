package story_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/activity"
	"github.com/switchhook/switchhook/internal/answer/clicktocall"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/answer/textback"
	"github.com/switchhook/switchhook/internal/fault/why"
	"github.com/switchhook/switchhook/internal/server/alert"
	"github.com/switchhook/switchhook/internal/server/config"
	"github.com/switchhook/switchhook/internal/server/story"
)

func TestAStepTellsItsSettingAndWhereThatIs(t *testing.T) {
	teller := story.Teller{
		Time:   func(at time.Time) string { return at.Format(time.Kitchen) },
		Origin: func(path string) string { return map[string]string{"textback.cooldown": "switchhook.toml:3"}[path] }, Entries: "domains.json",
	}
	refused := func(setting string) activity.Item {
		return activity.Item{Kind: activity.Call, Outcome: "cooldown", Entry: "shop", Steps: activity.Steps(textback.Step{
			Code: textback.CoolingDown, Args: why.Args{"texts": "1", "time": "1h", why.Until: "2026-03-01T15:04:05Z", why.Setting: setting},
		})}
	}
	const sentence = "The caller has had as many texts of the entry as may be: 1 within 1h, until 3:04PM."
	for _, c := range []struct{ setting, want string }{
		{"textback.cooldown", sentence + " Setting: textback.cooldown (switchhook.toml:3)."},
		{"textback.unknown", sentence + " Setting: textback.unknown."},
		{"cooldown", sentence + " Setting: cooldown of the entry shop (domains.json)."},
		{"", sentence},
	} {
		i := refused(c.setting)
		if diff := cmp.Diff([]string{c.want}, teller.Steps(i)); diff != "" {
			t.Errorf("steps (-want +got):\n%s", diff)
		}
		if got := teller.Sentence(i); got != sentence {
			t.Errorf("it reads %q", got)
		}
	}
}

func TestATextThatIsSentAgainIsToldByItsStep(t *testing.T) {
	if got := new(story.Teller).Sentence(ledger.Ordered("id", time.Now())); got != "An operator sends the text again." {
		t.Errorf("it reads %q", got)
	}
}

func TestItemsWithoutStepsHaveASentence(t *testing.T) {
	var teller story.Teller
	for outcome, want := range map[string]string{ledger.Texted: "The caller is to get a text: its own item says what became of it.", "of a version to come": "of a version to come"} {
		if got := teller.Sentence(activity.Item{Kind: activity.Call, Outcome: outcome}); got != want {
			t.Errorf("%s reads %q", outcome, got)
		}
	}
}

func TestEachOutcomeIsKnown(t *testing.T) {
	known := func(kind activity.Kind, outcome string) {
		t.Helper()
		if !story.Known(kind, outcome) || !story.Known("", outcome) {
			t.Errorf("%s/%s has no sentence", kind, outcome)
		}
	}
	for _, reason := range textback.Reasons() {
		known(activity.Call, string(reason))
	}
	for _, state := range []ledger.State{ledger.Queued, ledger.Sent, ledger.Dead} {
		known(activity.Text, string(state))
	}
	for _, code := range clicktocall.Codes()[2:] { // accepted and repeated ones have a state
		known(activity.CallBack, string(code))
	}
	known(activity.Reload, string(config.InForce))
	known(activity.Alert, string(alert.Raised))
	if story.Known("", "gone") || story.Known(activity.Text, "cooldown") {
		t.Error("an outcome that there is not is known")
	}
}
