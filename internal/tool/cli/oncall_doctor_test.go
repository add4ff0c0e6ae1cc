//go:build unix

package cli_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/switchhook/switchhook/internal/answer/sourcetest"
)

func TestDoctorAsksEachSourceAndLooksForANumberOfEachPerson(t *testing.T) {
	const (
		well = iota
		withoutANumber
		withAWrongKey
		down
	)
	for name, c := range map[string]struct {
		state int
		fails bool
		says  []string
	}{
		"well":             {well, false, []string{"ok    on-call      pagerduty answers: 1 on call", "ok    on-call      route default: Ann Example would be rung at +31611111111."}},
		"without a number": {withoutANumber, false, []string{"warn  on-call      pagerduty: Ann Example is on call, and has no number that can be rung", "→ give the number there, or here: [oncall.numbers]", "warn  on-call      route default: Nobody would be rung: no number.", "→ switchhook oncall who --route default says why"}},
		"with a wrong key": {withAWrongKey, true, []string{"fail  on-call      pagerduty: PagerDuty (", ") does not accept the key (401)", "→ make a new key there", "warn  on-call      route default: Nobody would be rung: no answer."}},
		"down":             {down, true, []string{"fail  on-call      pagerduty: there is no connection to PagerDuty"}},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVendor(t)
			key := sourcetest.PagerDutyKey
			switch c.state {
			case withoutANumber:
				v.OnCall(sourcetest.Person{ID: "PANN", Name: "Ann Example", Level: 1})
			case withAWrongKey:
				key = "wrong"
			case down:
				v.down()
			}
			path := folder(t, map[string]string{"switchhook.toml": "listen = \"127.0.0.1:0\"\n" + onCallSettings("[[oncall.source]]\nkind = \"pagerduty\"\nurl = \""+v.server.URL+
				"\"\nallow_private = true\napi_key = \""+key+"\"\nescalation_policy = \""+onCallPolicy+"\"\n")})
			doctor := exec.Command("switchhook", "doctor", "-c", "switchhook.toml")
			doctor.Dir = path
			out, err := doctor.CombinedOutput()
			if (err != nil) != c.fails {
				t.Errorf("it ends with %v", err)
			}
			for _, want := range c.says {
				if !strings.Contains(string(out), want) {
					t.Errorf("it does not say %q:\n%s", want, out)
				}
			}
		})
	}
}
