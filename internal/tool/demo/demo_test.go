package demo_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"os"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/switchhook/switchhook/internal/tool/cli"
	"github.com/switchhook/switchhook/test/await"
)

// TestDemoShowsTheWholeLoop runs the demo without a terminal, until it says
// that it goes on, and stops it. Another program is on its port: the commands
// that the demo prints must use its actual address, and work.
func TestDemoShowsTheWholeLoop(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: without other languages")
	}
	for _, name := range []string{"HOME", "XDG_CACHE_HOME", "LocalAppData"} {
		t.Setenv(name, t.TempDir())
	}
	if taken, err := net.Listen("tcp", "127.0.0.1:5100"); err == nil {
		defer func() { _ = taken.Close() }()
	}
	ctx, cancel := context.WithTimeout(t.Context(), await.Limit)
	defer cancel()
	out, in := io.Pipe()
	exited := make(chan int, 1)
	go func() {
		main := cli.Main{In: strings.NewReader(""), Out: in, Err: in, Getenv: os.Getenv}
		exited <- main.Run(ctx, []string{"demo"})
		_ = in.Close()
	}()
	command := regexp.MustCompile(`switchhook ((?:call|route) 2125551212 --core http://127\.0\.0\.1:\d+)`)
	telephone := regexp.MustCompile(`switchhook call (sip:100@127\.0\.0\.1:\d+)`)
	var overSIP string // empty where this machine cannot
	var commands [][]string
	var shown strings.Builder
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		shown.WriteString(lines.Text() + "\n")
		if found := command.FindStringSubmatch(lines.Text()); found != nil {
			commands = append(commands, strings.Fields(found[1]))
		}
		if found := telephone.FindStringSubmatch(lines.Text()); found != nil {
			overSIP = found[1]
		}
		if !strings.HasPrefix(lines.Text(), "This goes on") {
			continue
		}
		for _, args := range commands {
			var printed strings.Builder
			main := cli.Main{In: strings.NewReader(""), Out: &printed, Err: &printed, Getenv: os.Getenv}
			if code := main.Run(ctx, args); code != 0 || !strings.Contains(printed.String(), "webresponder8001") {
				t.Errorf("%q ended with %d:\n%s", args, code, printed.String())
			}
		}
		if runtime.GOOS == "linux" {
			var printed strings.Builder
			main := cli.Main{In: strings.NewReader(""), Out: &printed, Err: &printed, Getenv: os.Getenv}
			if code := main.Run(ctx, []string{"call", overSIP, "--hangup-after", "1"}); code != 0 || !strings.Contains(printed.String(), "answered") {
				t.Errorf("the call of %q ended with %d:\n%s", overSIP, code, printed.String())
			}
		}
		cancel()
	}
	if code := <-exited; code != 0 || len(commands) != 2 {
		t.Errorf("the demo ended with %d, and printed the commands %q", code, commands)
	}
	for _, want := range []string{
		"We expect you on Thursday morning. Goodbye.",
		"appointments (Go): the caller heard what was saved.",
		"math line (Go): the caller heard what was saved.",
		"math line (PHP): the caller heard what was saved.",
		"math line (Node): the caller heard what was saved.",
		"system user 8001: created\n  dial rule: created\n  answer rule: ",
		"answer rule * of 8001@example.net: forward always to webresponder8001",
		"We've texted you our hours and directions…",
		"The text that went out, from 12125551212 to 12125550123:\n  We are open Monday to Friday",
		"switchhook call 2125551212",
		"POST /click-to-call: queued",
		"Queue 9002 of the Core: +1212•••0123 waits to be called.",
		"the page is told: queued",
		"the turn of +1212•••0123 has come, and it is off the list.",
		"the page is told: calling\n  done: the queue 9002 is empty again",
	} {
		if !strings.Contains(shown.String(), want) {
			t.Errorf("the demo does not show %q", want)
		}
	}
	if t.Failed() {
		t.Log(shown.String())
	}
}
