//go:build unix

package cli_test

import (
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/switchhook/switchhook/test/await"
)

// load sends requests without pause, half of them on connections that are kept
// alive, of a kind that no client repeats by itself.
type load struct {
	asked, failed atomic.Int64
	last          atomic.Value // the last failure
	stop          chan struct{}
	asking        sync.WaitGroup
}

func ask(t *testing.T, address string) *load {
	t.Helper()
	l := &load{stop: make(chan struct{})}
	for i := range 8 {
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: i%2 == 0}, Timeout: await.Limit}
		l.asking.Go(func() {
			defer client.CloseIdleConnections()
			every := time.NewTicker(40 * time.Millisecond) // 200 a second in all
			defer every.Stop()
			for {
				select {
				case <-l.stop:
					return
				case <-every.C:
				}
				l.asked.Add(1)
				request, err := http.NewRequest(http.MethodPost, "http://"+address+"/oncall", strings.NewReader("NmsAni=19734321440"))
				if err != nil {
					panic(err)
				}
				request.Header = http.Header{"Authorization": {"Bearer correct horse battery staple"}, "Content-Type": {"application/x-www-form-urlencoded"}}
				response, err := client.Do(request)
				if err != nil {
					l.failed.Add(1)
					l.last.Store(fmt.Sprintf("on a kept connection %v: %v", i%2 != 0, err))
					continue
				}
				_, _ = io.Copy(io.Discard, response.Body)
				_ = response.Body.Close()
				if response.StatusCode != http.StatusOK {
					l.failed.Add(1)
					l.last.Store(response.Status)
				}
			}
		})
	}
	t.Cleanup(l.end)
	return l
}

func (l *load) end() {
	select {
	case <-l.stop:
	default:
		close(l.stop)
	}
	l.asking.Wait()
}

// TestAnUpgradeDropsNobody upgrades a server that gets 200 requests a second,
// without a service manager.
func TestAnUpgradeDropsNobody(t *testing.T) {
	m := manage(t, "")
	path := folder(t, rotaSettings("127.0.0.1:0", "localhost:0"))
	p := serve(t, path, "-c", "switchhook.toml")
	m.expect("READY=1")
	l := ask(t, p.onCallAddress())
	for n := 2; n <= 4; n++ {
		before := l.asked.Load()
		await.That(t, "a request before the upgrade", func() bool { return l.asked.Load() > before+20 })
		if err := p.command.Process.Signal(syscall.SIGUSR2); err != nil {
			t.Fatal(err)
		}
		m.expect("RELOADING=1")
		m.expect("READY=1")
		p.await(`(?s)(?:msg=listening address=` + p.address + `\n.*){` + strconv.Itoa(n) + `}`) // on the same port
	}
	before := l.asked.Load()
	await.That(t, "a request after the upgrade", func() bool { return l.asked.Load() > before+20 })
	l.end()
	if failed := l.failed.Load(); failed > 0 {
		t.Errorf("%d of %d requests failed: %v", failed, l.asked.Load(), l.last.Load())
	}
	if code := p.stop(syscall.SIGTERM); code != 0 {
		t.Errorf("the exit code is %d", code)
	}
	m.expect("STOPPING=1")
}

// TestAnUpgradeThatCouldNotServeIsRefused has settings that the new program
// cannot use.
func TestAnUpgradeThatCouldNotServeIsRefused(t *testing.T) {
	path := folder(t, rotaSettings("127.0.0.1:0", "localhost:0"))
	p := serve(t, path, "-c", "switchhook.toml")
	put(t, filepath.Join(path, "switchhook.toml"), "typo = 1\n")
	if err := p.command.Process.Signal(syscall.SIGUSR2); err != nil {
		t.Fatal(err)
	}
	p.await(`upgrade refused; old program keeps serving" error=.*typo is not a setting`)
	asks(t, p.onCallAddress(), whoIsRung).hears(annIsRung)
}
