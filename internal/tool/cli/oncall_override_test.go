//go:build unix

package cli_test

import (
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/switchhook/switchhook/test/await"
)

// overridden runs switchhook oncall override in a folder.
func overridden(t *testing.T, folder string, wantOK bool, want string, args ...string) {
	t.Helper()
	command := exec.Command("switchhook", append([]string{"oncall", "override", "-c", "switchhook.toml"}, args...)...)
	command.Dir = folder
	out, err := command.CombinedOutput()
	if (err == nil) != wantOK || !strings.Contains(string(out), want) {
		t.Errorf("%v: %v, and it does not say %q:\n%s", args, err, want, out)
	}
}

// ringsAtLast asks the server until it answers so.
func (p *process) ringsAtLast(want string) {
	p.t.Helper()
	await.That(p.t, "the answer "+want, func() bool {
		_, body := p.get("/voys-webhook?secret_key=" + onCallSecret)
		return body == want
	})
}

func TestSomebodyElseIsRungForAWhile(t *testing.T) {
	path := folder(t, map[string]string{
		"switchhook.toml": onCallSettings("[[oncall.source]]\nkind = \"file\"\npath = \"ann.toml\"\n[[oncall.route]]\nname = \"support\"\ncalling_code = \"31\"\n[oncall.numbers]\nBen = \"+31622222222\"\n"),
		"ann.toml":        rotaOfAnn,
	})
	p := serve(t, path, "-c", "switchhook.toml")
	p.rings("", annIsRung)

	overridden(t, path, true, "no route has an override", "--list")
	overridden(t, path, true, "Ben is rung at level 1 of support until ", "support", "ben", "--until", "3h")
	overridden(t, path, true, "Ben would be rung at +31622222222.", "support", "ben", "--until", "2h")
	p.await(`level=INFO msg="on-call override begins".*person=Ben`)
	p.ringsAtLast(benIsRung)
	whoSays(t, path, "puts Ben at level 1 until ", "-c", "switchhook.toml")
	overridden(t, path, true, "support  Ben     as in the settings", "--list")

	if code := p.stop(syscall.SIGTERM); code != 0 {
		t.Errorf("the exit code is %d", code)
	}
	p = serve(t, path, "-c", "switchhook.toml")
	p.rings("", benIsRung)

	overridden(t, path, true, "+3165•••5555 is rung at level 1 of support until 2", "support", "06 5555 5555", "--until", time.Now().Add(time.Hour).Format(time.RFC3339))
	p.ringsAtLast("status=ACK&destination=%2B31655555555")
	overridden(t, path, true, `"numbers":["+31655555555"]`, "--list", "--json")

	overridden(t, path, true, "The override of support has ended.", "support", "--end")
	p.ringsAtLast(annIsRung)
	overridden(t, path, false, "the route support has no override", "support", "--end")

	for want, args := range map[string][]string{
		"name the route":                         {},
		"an override needs a person and an end":  {"support", "Ben"},
		"is no time":                             {"support", "Ben", "--until", "noon"},
		"is over":                                {"support", "Ben", "--until", "2020-01-01 12:00"},
		"more than a year ahead":                 {"support", "Ben", "--until", "9000h"},
		`there is no on-call route "sales"`:      {"sales", "Ben", "--until", "1h"},
		`"Zoe" is nobody whom the route support`: {"support", "Zoe", "--until", "1h"},
		"goes with no person and no time":        {"support", "Ben", "--end"},
		"--list shows the overrides of all":      {"support", "--list"},
		"--json goes with --list":                {"support", "--end", "--json"},
	} {
		overridden(t, path, false, want, args...)
	}
	p.rings("", annIsRung)
}
