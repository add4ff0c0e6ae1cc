package cli_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/switchhook/switchhook/internal/await"
	"github.com/switchhook/switchhook/internal/cli"
)

// TestDemoMovesFromATakenPort has another program on the demo's port: the
// commands that the demo prints lead to where it is instead, and work.
func TestDemoMovesFromATakenPort(t *testing.T) {
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
	tried := 0
	var commands [][]string
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if found := command.FindStringSubmatch(lines.Text()); found != nil {
			commands = append(commands, strings.Fields(found[1]))
		}
		if !strings.HasPrefix(lines.Text(), "This goes on") {
			continue
		}
		for _, args := range commands {
			tried++
			var printed strings.Builder
			main := cli.Main{In: strings.NewReader(""), Out: &printed, Err: &printed, Getenv: os.Getenv}
			if code := main.Run(ctx, args); code != 0 || !strings.Contains(printed.String(), "webresponder8001") {
				t.Errorf("%q ended with %d:\n%s", args, code, printed.String())
			}
		}
		cancel()
	}
	if code := <-exited; code != 0 || tried != 2 {
		t.Errorf("the demo ended with %d, and %d commands were tried", code, tried)
	}
}
