// Package examples_test plays the saved calls of each example to the example
// itself, through `switchhook test`. Of the math line, which stands here in
// three languages, every language must answer the same calls alike.
package examples_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/switchhook/switchhook/examples/appointment"
	"github.com/switchhook/switchhook/examples/math"
	"github.com/switchhook/switchhook/internal/tool/cli"
	"github.com/switchhook/switchhook/test/await"
)

func TestExamplesAnswerTheirSavedCalls(t *testing.T) {
	for _, c := range []struct {
		name  string
		calls string
		serve func(*testing.T) (origin string)
	}{
		{"appointment in Go", "appointment", handler(appointment.Handler())},
		{"math in Go", "math", handler(math.Handler())},
		{"math in PHP", "math", func(t *testing.T) string {
			return program(t, "math/php/index.php", func(port string) []string {
				return []string{"php", "-S", "127.0.0.1:" + port, "-t", "math/php"}
			})
		}},
		{"math in Node", "math", func(t *testing.T) string {
			return program(t, "math/node/server.js", func(port string) []string {
				return []string{"node", "math/node/server.js", port}
			})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			test(t, "--at", c.serve(t), c.calls)
		})
	}
}

// TestSavedCallsPassOverSIP plays them in real time: the shortest, and with
// SWITCHHOOK_TEST_FULL=1, which make calls sets, all of them.
func TestSavedCallsPassOverSIP(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("calls over SIP need Linux")
	}
	if testing.Short() {
		t.Skip("-short: it takes the time of the calls")
	}
	for _, c := range []struct {
		name, calls string
		full        bool // only then
		serve       func(*testing.T) (origin string)
	}{
		{"the shortest", "math/seven.jsonl", false, handler(math.Handler())},
		{"math", "math", true, handler(math.Handler())},
		{"appointment", "appointment", true, handler(appointment.Handler())},
	} {
		t.Run(c.name, func(t *testing.T) {
			if full := os.Getenv("SWITCHHOOK_TEST_FULL") != ""; c.full && !full {
				t.Skip("takes a minute")
			}
			t.Parallel()
			test(t, "--over", "sip", "--at", c.serve(t), c.calls)
		})
	}
}

// test runs switchhook test, which must pass.
func test(t *testing.T, args ...string) {
	t.Helper()
	var out bytes.Buffer
	command := cli.Main{In: strings.NewReader(""), Out: &out, Err: &out, Getenv: func(string) string { return "" }}
	if code := command.Run(t.Context(), append([]string{"test"}, args...)); code != 0 {
		t.Errorf("switchhook test: exit %d", code)
	}
	t.Log(out.String())
}

// handler serves an example written in Go.
func handler(h http.Handler) func(*testing.T) string {
	return func(t *testing.T) string {
		server := httptest.NewServer(h)
		t.Cleanup(server.Close)
		return server.URL
	}
}

// program serves an example written in another language, by the command that
// its first lines name, and stops it when the test ends.
func program(t *testing.T, source string, command func(port string) []string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: without other languages")
	}
	// The go command runs a test again if a file changed that the test read; it
	// does not see what a program reads.
	if _, err := os.ReadFile(source); err != nil {
		t.Fatal(err)
	}
	port := freePort(t)
	args := command(port)
	if _, err := exec.LookPath(args[0]); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s is not installed; `make deps` brings it", args[0])
		}
		t.Skipf("needs %s, which is not installed; `make deps` brings it", args[0])
	}

	ctx, stop := context.WithCancel(context.Background())
	server := exec.CommandContext(ctx, args[0], args[1:]...)
	output := new(bytes.Buffer) // read after Wait only
	server.Stdout, server.Stderr = output, output
	if err := server.Start(); err != nil {
		stop()
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = server.Wait() // it never ends well: it is killed, or its output says why
		close(ended)
	}()
	t.Cleanup(func() {
		stop()
		<-ended
		if t.Failed() {
			t.Logf("%s printed:\n%s", strings.Join(args, " "), output)
		}
	})

	origin := "http://127.0.0.1:" + port
	if err := awaitAnswer(ctx, origin, ended); err != nil {
		t.Fatalf("%s: %v", strings.Join(args, " "), err)
	}
	return origin
}

// freePort returns a port that nothing listened on just now.
func freePort(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err := errors.Join(err, listener.Close()); err != nil {
		t.Fatal(err)
	}
	return port
}

// awaitAnswer returns when the server at origin answers, or with what kept it
// from that.
func awaitAnswer(ctx context.Context, origin string, ended <-chan struct{}) error {
	ctx, cancel := context.WithTimeout(ctx, await.Limit)
	defer cancel()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		err := ask(ctx, origin)
		if err == nil {
			return nil
		}
		select {
		case <-ended:
			return errors.New("it ended")
		case <-ctx.Done():
			return fmt.Errorf("it does not answer: %w", err)
		case <-again.C:
		}
	}
}

// ask makes a request of the server at origin; any answer will do.
func ask(ctx context.Context, origin string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, origin, http.NoBody)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, response.Body)
	return errors.Join(err, response.Body.Close())
}
