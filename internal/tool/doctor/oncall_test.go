package doctor_test

import (
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/switchhook/switchhook/internal/answer/sourcetest"
)

func TestDoctorAsksEachSourceAndChecksForANumberOfEachPerson(t *testing.T) {
	const policy = "PT54U20"
	ann := sourcetest.Person{ID: "PANN", Name: "Ann Example", Level: 1, Phones: []sourcetest.Phone{{Country: 31, Number: "0611111111", Rule: 1}}}
	for name, c := range map[string]struct {
		numbers []sourcetest.Phone
		key     string
		down    bool
		fails   bool
		says    []string
	}{
		"well": {ann.Phones, sourcetest.PagerDutyKey, false, false, []string{
			"ok    on-call      pagerduty answers: 1 on call", "ok    on-call      route default: Ann Example would be rung at +31611111111."}},
		"without a number": {nil, sourcetest.PagerDutyKey, false, false, []string{
			"warn  on-call      pagerduty: Ann Example is on call, and has no number that can be rung", "→ give the number there, or here: [oncall.numbers]",
			"warn  on-call      route default: Nobody would be rung: no number.", "→ switchhook oncall who --route default says why"}},
		"with a wrong key": {ann.Phones, "wrong", false, true, []string{
			"fail  on-call      pagerduty: PagerDuty (", ") does not accept the key (401)", "→ make a new key there", "warn  on-call      route default: Nobody would be rung: no answer."}},
		"down": {ann.Phones, sourcetest.PagerDutyKey, true, true, []string{"fail  on-call      pagerduty: there is no connection to PagerDuty"}},
	} {
		t.Run(name, func(t *testing.T) {
			vendor := sourcetest.NewPagerDuty(policy)
			ann.Phones = c.numbers
			vendor.OnCall(ann)
			server := httptest.NewServer(vendor)
			t.Cleanup(server.Close)
			if c.down {
				server.Close()
			}
			settings := filepath.Join(t.TempDir(), "switchhook.toml")
			write(t, settings, "listen = \"127.0.0.1:0\"\ndata = \"data\"\n[oncall]\nsecret = \"r6cZPVkZdqujY6dME5uqDytK\"\n[[oncall.source]]\nkind = \"pagerduty\"\nurl = \""+server.URL+
				"\"\nallow_private = true\napi_key = \""+c.key+"\"\nescalation_policy = \""+policy+"\"\n")
			examine(t, settings).wants(t, c.fails, c.says...)
			if odd := vendor.Violations(); odd != nil {
				t.Errorf("PagerDuty was asked what it does not allow: %v", odd)
			}
		})
	}
}
