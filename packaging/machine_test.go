//go:build machine && linux

package packaging_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/switchhook/switchhook/test/await"
)

// base is the Debian that each machine begins with: make package-test makes it.
const base = "../dist/.debian"

// machine is a Debian with systemd in its own container and network. What is
// written there is gone with it.
type machine struct {
	t      *testing.T
	init   int    // the process number, out here, of its first process
	shared string // is /shared in there
	log    *await.Log
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	if _, err := os.Stat(within(base, "etc/debian_version")); err != nil {
		t.Fatalf("%v: run make package-test", err)
	}
	m := &machine{t: t, shared: t.TempDir(), log: &await.Log{}}
	cmd := exec.CommandContext(context.Background(), "systemd-nspawn", "--directory="+base, "--volatile=overlay", "--boot", "--private-network",
		"--register=no", "--keep-unit", "--console=pipe", "--bind="+m.shared+":/shared")
	cmd.Stdout, cmd.Stderr = m.log, m.log
	cmd.WaitDelay = await.Limit
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // shuts it down
		select {
		case <-ended:
		case <-time.After(await.Limit):
			_ = cmd.Process.Kill()
			<-ended
		}
	})
	m.await("the machine to start", func() bool {
		children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", cmd.Process.Pid))
		if err != nil {
			return false
		}
		if m.init, err = strconv.Atoi(strings.TrimSpace(string(children))); err != nil {
			return false
		}
		state, _ := m.try("systemctl", "is-system-running", "--wait")
		return state == "running" || state == "degraded"
	})
	for name, path := range map[string]string{"old.deb": debian(t), "new.deb": newer(t)} {
		m.share(name, read(t, path))
	}
	return m
}

// share puts a file into /shared.
func (m *machine) share(name, text string) {
	m.t.Helper()
	write(m.t, filepath.Join(m.shared, name), text)
}

// try runs a program there, and returns what it prints.
func (m *machine) try(args ...string) (string, error) {
	m.t.Helper()
	ctx, cancel := context.WithTimeout(m.t.Context(), await.Limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "nsenter", append([]string{"--target", strconv.Itoa(m.init), "--all", "--"}, args...)...)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8"}
	cmd.WaitDelay = await.Limit
	var both bytes.Buffer
	cmd.Stdout, cmd.Stderr = &both, &both
	err := cmd.Run()
	return strings.TrimSpace(both.String()), err
}

// run runs a program there; one that fails ends the test.
func (m *machine) run(args ...string) string {
	m.t.Helper()
	out, err := m.try(args...)
	if err != nil {
		journal, _ := m.try("journalctl", "--no-pager", "--lines=40", "--output=cat")
		m.t.Fatalf("%s: %v\n%s\n\n%s", strings.Join(args, " "), err, out, journal)
	}
	return out
}

// sh runs lines of the shell there.
func (m *machine) sh(script string) string {
	m.t.Helper()
	return m.run("sh", "-euc", script)
}

// prints complains where lines of the shell print something else.
func (m *machine) prints(script, want string) {
	m.t.Helper()
	if got, err := m.try("sh", "-c", script); got != want {
		m.t.Errorf("%s prints %q (%v), want %q", script, got, err, want)
	}
}

// await waits until something is so.
func (m *machine) await(what string, so func() bool) {
	m.t.Helper()
	late := time.NewTimer(await.Limit)
	defer late.Stop()
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for !so() {
		select {
		case <-late.C:
			m.t.Fatalf("waited in vain for %s\n%s", what, m.log)
		case <-again.C:
		}
	}
}

// pid returns the process number of the server there.
func (m *machine) pid() string {
	m.t.Helper()
	return m.run("systemctl", "show", "switchhook", "--property=MainPID", "--value")
}

// Settings of a server that rings somebody, with its secret as a credential that
// only root can read.
const (
	machineSettings = `[oncall]
fallback = "+31201234567"
[[oncall.source]]
kind = "file"
path = "/etc/switchhook/rota.toml"
`
	machineUnit = `[Service]
LoadCredential=oncall.secret:/root/oncall-secret
`
)

// whoIsOnCall is what a phone system asks, and the answer.
const (
	whoIsOnCall = `curl --silent 'http://127.0.0.1:5100/voys-webhook?secret_key=correct-horse-battery'`
	aliceIs     = "status=ACK&destination=%2B31611111111"
)

// command runs a command of the server's user.
const command = "runuser -u switchhook -- env SWITCHHOOK_ONCALL_SECRET=correct-horse-battery switchhook "

func TestTheLifeOfAnInstallation(t *testing.T) {
	m := newMachine(t)

	if said := m.sh("dpkg --install /shared/old.deb"); !strings.Contains(said, notConfigured) {
		t.Errorf("the installation says %s", said)
	}
	m.prints("systemctl is-active switchhook", "inactive")
	m.prints("systemctl is-enabled switchhook", "disabled")
	m.prints("stat -c '%a %U:%G' /etc/switchhook /etc/switchhook/switchhook.toml", "750 root:switchhook\n640 root:switchhook")

	m.share("switchhook.toml", machineSettings)
	m.share("rota.toml", rota)
	m.share("credential.conf", machineUnit)
	m.sh(`
		cat /shared/switchhook.toml >/etc/switchhook/switchhook.toml
		install -g switchhook -m 640 /shared/rota.toml /etc/switchhook/rota.toml
		(umask 077; echo correct-horse-battery >/root/oncall-secret)
		install -D -m 644 /shared/credential.conf /etc/systemd/system/switchhook.service.d/credential.conf
		systemctl daemon-reload
		systemctl enable --now switchhook`)
	m.prints("systemctl show switchhook --property=ActiveState,SubState,StatusText", "StatusText=Listening on 127.0.0.1:5100\nActiveState=active\nSubState=running")
	m.prints(whoIsOnCall, aliceIs)
	m.prints("stat -c '%a %U:%G' /var/lib/switchhook", "700 switchhook:switchhook")

	t.Run("it can do little else", func(t *testing.T) {
		m := &machine{t, m.init, m.shared, m.log}
		m.prints("grep -E '^(NoNewPrivs|Seccomp|CapEff|CapBnd):' /proc/"+m.pid()+"/status", "CapEff:\t0000000000000000\nCapBnd:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2")
		m.sh("systemd-analyze security --no-pager --threshold=" + mostExposed + " switchhook")
		m.prints("journalctl --unit=switchhook --output=cat | grep -iE 'permitted|denied|read-only|audit'", "")
		m.prints("curl --silent --oauth2-bearer \"$(cat /var/lib/switchhook/operator.token)\" http://127.0.0.1:5100/metrics | grep -c ^process_start_time_seconds", "1")
	})

	t.Run("it reads its settings anew", func(t *testing.T) {
		m := &machine{t, m.init, m.shared, m.log}
		pid := m.pid()
		m.sh("sed -i 's/31611111111/31622222222/' /etc/switchhook/rota.toml && systemctl reload switchhook")
		m.await("the new rota", func() bool { got, _ := m.try("sh", "-c", whoIsOnCall); return strings.Contains(got, "31622222222") })
		m.sh("cp -p /etc/switchhook/switchhook.toml /root/good.toml; echo 'typo = 1' >>/etc/switchhook/switchhook.toml; systemctl reload switchhook")
		m.await("the broken settings to be refused", func() bool {
			_, err := m.try("sh", "-c", "journalctl --unit=switchhook --output=cat | grep -q 'reload failed; old settings stay in force'")
			return err == nil
		})
		m.prints("systemctl is-active switchhook", "active")
		m.prints(whoIsOnCall, "status=ACK&destination=%2B31622222222")
		m.sh("cp -p /root/good.toml /etc/switchhook/switchhook.toml; sed -i 's/31622222222/31611111111/' /etc/switchhook/rota.toml; systemctl reload switchhook")
		m.await("the old rota", func() bool { got, _ := m.try("sh", "-c", whoIsOnCall); return got == aliceIs })
		if m.pid() != pid {
			t.Error("it was started anew")
		}
	})

	m.sh(command + "suppress add 19175550123 --reason test -c /etc/switchhook/switchhook.toml")
	data := command + "suppress list -c /etc/switchhook/switchhook.toml --json"
	kept := m.sh(data)
	if !strings.Contains(kept, "test") {
		t.Fatalf("the database has %s", kept)
	}

	t.Run("it is upgraded", func(t *testing.T) {
		m := &machine{t, m.init, m.shared, m.log}
		pid := m.pid()
		// Somebody asks all the while, and is never refused.
		m.sh(`dpkg --install /shared/new.deb & while kill -0 $! 2>/dev/null; do curl --silent --fail --output /dev/null http://127.0.0.1:5100/healthz || exit 1; done; wait $!`)
		m.prints("systemctl is-active switchhook", "active")
		if m.pid() == pid {
			t.Error("the old one runs on")
		}
		m.prints("dpkg-query --show --showformat='${Version}' switchhook", "0.9.1~rc.1")
		m.prints(whoIsOnCall, aliceIs)
		m.prints(data, kept)
		m.prints("stat -c '%a %U:%G' /etc/switchhook/switchhook.toml", "640 root:switchhook")
		m.prints("cmp /root/good.toml /etc/switchhook/switchhook.toml", "")
	})

	t.Run("it comes back", func(t *testing.T) {
		m := &machine{t, m.init, m.shared, m.log}
		pid := m.pid()
		m.sh("kill -KILL " + pid)
		m.await("the server after a crash", func() bool { got, _ := m.try("sh", "-c", whoIsOnCall); return got == aliceIs })
		if m.pid() == pid {
			t.Error("the process number is the same")
		}
		// One that hangs: the watchdog of the unit waits a minute, this one not.
		m.sh("mkdir -p /run/systemd/system/switchhook.service.d; printf '[Service]\\nWatchdogSec=4s\\n' >/run/systemd/system/switchhook.service.d/watchdog.conf; systemctl daemon-reload; systemctl restart switchhook")
		m.prints("systemctl show switchhook --property=WatchdogUSec --value", "4s")
		pid = m.pid()
		m.sh("kill -STOP " + pid)
		m.await("the watchdog", func() bool {
			_, err := m.try("sh", "-c", "journalctl --unit=switchhook --output=cat | grep -q 'Watchdog timeout'")
			return err == nil
		})
		m.await("the server after the watchdog", func() bool { got, _ := m.try("sh", "-c", whoIsOnCall); return got == aliceIs })
		if m.pid() == pid {
			t.Error("the process number is the same")
		}
		// Well, it is left alone for longer than that.
		pid = m.pid()
		m.sh("sleep 6")
		if m.pid() != pid {
			t.Error("the watchdog ends one that is well")
		}
		m.sh("rm /run/systemd/system/switchhook.service.d/watchdog.conf; systemctl daemon-reload")
	})

	t.Run("it may be given more", func(t *testing.T) {
		m := &machine{t, m.init, m.shared, m.log}
		m.share("more.conf", `[Service]
Environment=SWITCHHOOK_LISTEN=127.0.0.1:80 SWITCHHOOK_DOMAINS_FILE=/srv/entries/domains.json SWITCHHOOK_FORMS_SECRET=correct-horse-battery
Environment=SWITCHHOOK_NETSAPIENS_URL=https://ucportal.example.net SWITCHHOOK_NETSAPIENS_TOKEN=x SWITCHHOOK_PUBLIC_URL=https://hooks.example.net
ReadWritePaths=/srv/entries
AmbientCapabilities=CAP_NET_BIND_SERVICE
CapabilityBoundingSet=CAP_NET_BIND_SERVICE
PrivateUsers=no
`)
		m.sh(`install -d -o switchhook /srv/entries; cp /shared/more.conf /etc/systemd/system/switchhook.service.d; systemctl daemon-reload; systemctl restart switchhook
			curl --silent --data 'secret=correct-horse-battery&id=example.net-sms&api_domain=example.net&user=2000&ns_system_user=8001&from_number=19294873999&message=Open' http://127.0.0.1/update-sms`)
		m.prints("grep -c example.net-sms /srv/entries/domains.json", "1")
		m.sh("rm /etc/systemd/system/switchhook.service.d/more.conf; systemctl daemon-reload; systemctl restart switchhook")
	})

	t.Run("it stops as it is told", func(t *testing.T) {
		m := &machine{t, m.init, m.shared, m.log}
		m.sh("systemctl stop switchhook")
		m.prints("systemctl show switchhook --property=Result,ExecMainStatus,ActiveState", "Result=success\nExecMainStatus=0\nActiveState=inactive")
		m.sh("systemctl disable switchhook 2>/dev/null; dpkg --install /shared/new.deb")
		m.prints("systemctl is-active switchhook", "inactive") // as the operator left it
		m.sh("systemctl enable --now switchhook 2>/dev/null")
	})

	t.Run("removed and installed again", func(t *testing.T) {
		m := &machine{t, m.init, m.shared, m.log}
		m.sh("dpkg --remove switchhook")
		m.prints("systemctl is-active switchhook", "inactive")
		m.prints("command -v switchhook; systemctl cat switchhook 2>/dev/null | grep ExecStart", "")
		m.prints("cmp /root/good.toml /etc/switchhook/switchhook.toml", "")
		m.sh("dpkg --install /shared/old.deb")
		m.prints("systemctl is-active switchhook", "active")
		m.prints(whoIsOnCall, aliceIs)
		m.prints(data, kept)
	})

	t.Run("purged", func(t *testing.T) {
		m := &machine{t, m.init, m.shared, m.log}
		m.sh("rm /etc/switchhook/rota.toml; dpkg --purge switchhook")
		m.prints("ls -d /etc/switchhook /var/lib/switchhook /usr/lib/switchhook /etc/systemd/system/multi-user.target.wants/switchhook.service 2>/dev/null", "")
		m.prints("getent passwd switchhook | cut -d: -f1,6", "switchhook:/var/lib/switchhook")
		m.prints("systemctl is-system-running", "running")
	})
}

func TestSettingsThatCannotBeUsedAreToldAndMended(t *testing.T) {
	m := newMachine(t)
	m.share("switchhook.toml", "typo = 1\n")
	m.sh("install -D /shared/switchhook.toml /etc/switchhook/switchhook.toml")
	said, err := m.try("dpkg", "--force-confold", "--install", "/shared/old.deb")
	if err != nil || !strings.Contains(said, "switchhook does not start: journalctl -u switchhook says why") {
		t.Errorf("the installation says %s (%v)", said, err)
	}
	m.prints("journalctl --unit=switchhook --output=cat | grep -c -m1 'switchhook.toml:1: typo is not a setting'", "1")
	m.share("switchhook.toml", "[core]\ndomain = \"example.net\"\n")
	m.sh("cat /shared/switchhook.toml >/etc/switchhook/switchhook.toml") // and nothing else: it is tried again
	m.await("the next start", func() bool {
		_, err := m.try("curl", "--silent", "--fail", "http://127.0.0.1:5100/healthz")
		return err == nil
	})
}

// before installs the unit of an old service, as it looks from outside: it
// listens.
func (m *machine) before(unit, address string) {
	m.t.Helper()
	m.share(unit, `[Service]
ExecStart=/usr/bin/perl -MIO::Socket::IP -e '$$s = IO::Socket::IP->new(LocalAddr => "`+address+`", Listen => 5, ReuseAddr => 1, V6Only => 0) or die; while ($$c = $$s->accept) { print $$c "HTTP/1.0 200 OK\r\n\r\nthe old service"; close $$c }'
[Install]
WantedBy=multi-user.target
`)
	m.sh("cp /shared/" + unit + " /etc/systemd/system; systemctl daemon-reload; systemctl enable --now " + unit)
}

func TestOnCallIsTakenOver(t *testing.T) {
	m := newMachine(t)
	const unit = "pagerduty-voys-webhook-server.service"
	m.before(unit, "[::]:5839")
	ask := `curl --silent --write-out ' %{http_code}' 'http://[::1]:5839/voys-webhook?secret_key=`
	m.await("the old service", func() bool { got, _ := m.try("sh", "-c", ask+"x'"); return got == "the old service 200" })
	m.sh(`dpkg --install /shared/old.deb
		mkdir /etc/pagerduty-voys-webhook; cd /etc/pagerduty-voys-webhook; umask 077
		echo 'r6c"Z\P$V' >secret_key; echo u+key >api_key`)
	if said, err := m.try("/usr/lib/switchhook/take-over", "on-call"); err == nil || !strings.Contains(said, "escalation_policy_id cannot be read") {
		t.Errorf("without a policy it says %s (%v)", said, err)
	}
	m.prints("ls -A /etc/switchhook; systemctl is-active "+unit, "switchhook.toml\nactive")

	m.sh("echo PT54U20 >/etc/pagerduty-voys-webhook/escalation_policy_id; /usr/lib/switchhook/take-over on-call")
	m.prints("systemctl is-active switchhook "+unit, "active\ninactive")
	m.prints("systemctl is-enabled switchhook "+unit, "enabled\ndisabled")
	m.prints("stat -c '%a %U:%G' /etc/switchhook/.env", "640 root:switchhook")
	m.prints(ask+"wrong'", "status=NAK 401")
	m.prints(ask+"r6c%22Z%5CP%24V'", "status=NAK 200") // PagerDuty cannot be reached from in there
	if said, err := m.try("/usr/lib/switchhook/take-over", "on-call"); err == nil || !strings.Contains(said, "already") {
		t.Errorf("a second time it says %s (%v)", said, err)
	}
	// The way back, as it says.
	m.sh("systemctl disable --now switchhook; systemctl enable --now " + unit)
	m.await("the old service again", func() bool { got, _ := m.try("sh", "-c", ask+"x'"); return got == "the old service 200" })
}

func TestAWebResponderIsTakenOver(t *testing.T) {
	m := newMachine(t)
	const unit = "ns-webresponder.service"
	m.before(unit, "127.0.0.1:5100")
	m.share("domains.json", entries)
	m.sh(`dpkg --install /shared/old.deb
		mkdir -p /opt/ns-scripts/webresponder; cd /opt/ns-scripts/webresponder; umask 077
		printf '# production\nNS_TOKEN=nsd_x\nexport UPDATE_SECRET='"'y z'"'\nOTHER=1\n' >.env; cp /shared/domains.json .`)
	if said, err := m.try("/usr/lib/switchhook/take-over", "web-responder"); err == nil || !strings.Contains(said, "--phone-system and --public-url are needed") {
		t.Errorf("without addresses it says %s (%v)", said, err)
	}
	m.prints("ls -A /etc/switchhook; systemctl is-active "+unit, "switchhook.toml\nactive")

	said := m.sh("/usr/lib/switchhook/take-over web-responder --phone-system https://ucportal.example.net --public-url https://hooks.example.net")
	if !strings.Contains(said, "2 added") {
		t.Errorf("it says %s", said)
	}
	m.prints("systemctl is-active switchhook "+unit, "active\ninactive")
	m.prints("curl --silent 'http://127.0.0.1:5100/webresponder?id=nobody&NmsAni=19734321440' | grep -c '^<Response><Say>Sorry'", "1")
	m.prints("curl --silent --data 'id=x&secret=y z' --output /dev/null --write-out '%{http_code}' http://127.0.0.1:5100/update-sms", "400") // the secret is right
	m.prints("runuser -u switchhook -- switchhook export -c /etc/switchhook/switchhook.toml | grep -c example.net-sms", "1")
	m.prints("ls /var/lib/switchhook | grep -c taken-over", "0")
	m.prints("cmp /shared/domains.json /opt/ns-scripts/webresponder/domains.json && grep -c OTHER /opt/ns-scripts/webresponder/.env", "1")

	// One machine may take over both.
	m.sh(`mkdir /etc/pagerduty-voys-webhook; cd /etc/pagerduty-voys-webhook; echo a >secret_key; echo b >api_key; echo c >escalation_policy_id
		/usr/lib/switchhook/take-over on-call`)
	m.prints("curl --silent 'http://[::1]:5839/voys-webhook?secret_key=a'", "status=NAK")
	m.prints("curl --silent http://127.0.0.1:5100/healthz", "ok")
}

// packages returns what make package has made.
func packages(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob("../dist/*.deb")
	if err != nil || len(found) < 2 {
		t.Fatalf("dist has %v (%v): run make package-test", found, err)
	}
	return found
}

func TestDebiansLintianFindsNothing(t *testing.T) {
	out, err := tryOutput(t, "lintian", append([]string{"--allow-root", "--fail-on=error,warning"}, packages(t)...)...)
	if err != nil || strings.TrimSpace(out) != "" {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestThereIsAPackageForEachProcessor(t *testing.T) {
	machines := map[string]string{"amd64": "x86-64", "arm64": "ARM aarch64"}
	for _, path := range packages(t) {
		arch := strings.TrimSpace(output(t, "dpkg-deb", "--field", path, "Architecture"))
		root := t.TempDir()
		output(t, "dpkg-deb", "--extract", path, root)
		kind := output(t, "file", "--brief", within(root, "usr/bin/switchhook"))
		for _, want := range []string{machines[arch], "statically linked", "stripped"} {
			if machines[arch] == "" || !strings.Contains(kind, want) || strings.Contains(kind, "not stripped") {
				t.Errorf("%s holds %s, not %s", path, kind, want)
			}
		}
		delete(machines, arch)
	}
	if len(machines) > 0 {
		t.Error(errors.New("some processors have no package"), machines)
	}
}
