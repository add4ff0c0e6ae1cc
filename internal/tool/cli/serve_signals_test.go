//go:build unix

package cli_test

import (
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/switchhook/switchhook/netsapiens/nstest"
)

func textBackSettings(system *nstest.System, more string) string {
	return "public_url = \"https://hooks.example.net\"\ndomains_file = \"domains.json\"\ndata = \"data\"\n[netsapiens]\nurl = \"" + system.URL +
		"\"\ntoken = \"" + nstest.Token + "\"\n[forms]\nsecret = \"correct horse battery\"\n" + more
}

func TestASignalReadsTheSettingsAnew(t *testing.T) {
	system := phoneSystem(t)
	path := folder(t, map[string]string{"switchhook.toml": textBackSettings(system, ""), "domains.json": oldDomains})
	settings := filepath.Join(path, "switchhook.toml")
	p := serve(t, path, "-c", "switchhook.toml")
	p.hears("example.net-sms", "+19734321440", "call-1", success)

	put(t, settings, textBackSettings(system, "[textback.texts]\nsent = \"You have mail.\"\n"))
	p.hangUp()
	p.await("settings reloaded")
	p.hears("example.net-sms", "+19734321440", "call-2", "<Response><Say>You have mail.</Say><Hangup/></Response>")
	p.hears("example.net-sms", "+19734321440", "call-1", "<Response><Say>You have mail.</Say><Hangup/></Response>")
	if n := len(system.Messages()); n != 2 { // the call from before is remembered
		t.Errorf("%d texts went out, want 2", n)
	}

	put(t, settings, textBackSettings(system, "patience = \"4s\"\n"))
	p.hangUp()
	p.await(`reload failed; old settings stay in force" error=.*switchhook.toml:`)
	p.hears("example.net-sms", "+19734321440", "call-3", "<Response><Say>You have mail.</Say><Hangup/></Response>")

	put(t, settings, strings.ReplaceAll(textBackSettings(system, ""), "correct horse battery", "another horse battery"))
	p.hangUp()
	p.await(`(?s)settings reloaded.*settings reloaded`)
	if status, body := p.do("POST", "/update-sms", "id=x&secret=correct+horse+battery"); status != 403 {
		t.Errorf("the old secret is answered with %d %s", status, body)
	}
	if status, body := p.do("POST", "/update-sms", "id=x&secret=another+horse+battery"); status != 400 {
		t.Errorf("the new secret is answered with %d %s", status, body)
	}
	if code := p.stop(syscall.SIGTERM); code != 0 {
		t.Errorf("the exit code is %d", code)
	}
}

func TestRequestsInHandAreFinished(t *testing.T) {
	for name, with := range map[string]syscall.Signal{"SIGTERM": syscall.SIGTERM, "SIGINT": syscall.SIGINT} {
		t.Run(name, func(t *testing.T) {
			system := phoneSystem(t)
			answers := make(chan struct{})
			system.Break(nstest.SendMessage, 1, nstest.Held(answers))
			p := serve(t, oldFolder(t, system))
			heard := make(chan string, 1)
			go func() { heard <- p.called("example.net-sms", "+19734321440", "call-1") }()
			for !slices.ContainsFunc(system.Requests(), func(r nstest.Request) bool { return r.Call == nstest.SendMessage }) { // it has reached the phone system
				if status, _ := p.get("/healthz"); status != 200 {
					t.Fatal("it does not live")
				}
			}
			if err := p.command.Process.Signal(with); err != nil {
				t.Fatal(err)
			}
			p.await("msg=stopping")
			close(answers)
			if code := p.end(); code != 0 {
				t.Errorf("the exit code is %d:\n%s", code, p.log.String())
			}
			if got := <-heard; got != success {
				t.Errorf("the caller hears %q", got)
			}
			if n := len(system.Messages()); n != 1 {
				t.Errorf("%d texts went out", n)
			}
		})
	}
}

func TestManySignalsAreNoEnd(t *testing.T) {
	p := serve(t, oldFolder(t, phoneSystem(t)))
	for range 20 {
		p.hangUp()
	}
	p.await("settings reloaded")
	if code := p.stop(syscall.SIGTERM); code != 0 {
		t.Errorf("the exit code is %d", code)
	}
}

// hangUp makes the process read its settings again.
func (p *process) hangUp() {
	p.t.Helper()
	if err := p.command.Process.Signal(syscall.SIGHUP); err != nil {
		p.t.Fatal(err)
	}
}
