package doctor_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/internal/server/config"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

// freeAddress returns an address that nothing listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// TestVisitsAreNoTraffic has the doctor examine a server that runs, and then
// strangers visit it as the doctor does.
func TestVisitsAreNoTraffic(t *testing.T) {
	folder, system := t.TempDir(), nstest.Start(t, nstest.Quirks{})
	main, duty, metrics := freeAddress(t), freeAddress(t), freeAddress(t)
	write(t, folder+"/ann.toml", "[[person]]\nid = \"ann\"\nnumbers = [\"201\"]\n")
	path := phoneSettings(t, folder, system.URL, fmt.Sprintf("listen = %q\nmetrics_listen = %q\npublic_url = \"http://%s\"\n", main, metrics, main)+
		fmt.Sprintf("oncall.listen = %q\noncall.secret = \"a-secret-of-on-call\"\noncall.source = [{kind = \"file\", path = \"ann.toml\"}]\n", duty))
	settings, err := config.Load(config.Sources{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	served, err := server.New(ctx, settings, server.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err == nil {
		err = served.Listen(ctx)
	}
	if err != nil {
		stop()
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- served.Run(ctx) }()

	visit := server.NewVisit(folder)
	ask := func(address, value string) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/webresponder?id=doctor", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set(server.VisitHeader, value)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
	}
	examine(t, path).wants(t, false, "listen       "+main+": a server of ours answers", "on-call      "+duty+": a server of ours answers",
		"public_url   http://"+main+" answers", "metrics      "+metrics+": anyone who reaches it")
	ask(main, visit)
	if counted := countedAt(t, metrics); len(counted) > 0 {
		t.Errorf("a visit counts: %q", counted)
	}
	// What strangers make up, or have heard, is a request as all others.
	for _, value := range []string{visit, visit[:len(visit)-1] + "x", "", ".", strings.Repeat("1", 20000)} {
		ask(main, value)
	}
	if counted := countedAt(t, metrics); len(counted) != 2 || !strings.HasSuffix(counted[0], " 5") || !strings.HasSuffix(counted[1], " 5") {
		t.Errorf("five requests of strangers count as %q", counted)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if lines := strings.Count(log.String(), "msg=request"); lines != 5 {
		t.Errorf("the log has %d requests, want 5:\n%s", lines, log.String())
	}
}

// countedAt returns what a server has counted of requests, but for those for its metrics.
func countedAt(t *testing.T, address string) []string {
	t.Helper()
	response, err := http.Get("http://" + address + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var text bytes.Buffer
	if _, err := text.ReadFrom(response.Body); err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`(?m)^switchhook_(?:request_seconds_count\{route="(?:webresponder|healthz|voys-webhook|unknown)"|textback_total|wrong_secrets_total|oncall_decisions_total).* [1-9]\d*$`).FindAllString(text.String(), -1)
}
