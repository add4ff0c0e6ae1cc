package cli_test

import (
	"bufio"
	"context"
	"io"
	"strings"
	"testing"

	"github.com/switchhook/switchhook/internal/activity"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
	"github.com/switchhook/switchhook/internal/tool/cli"
)

// TestActivityIsFollowedBesideAServer lists what happened, and goes on with what
// happens.
func TestActivityIsFollowedBesideAServer(t *testing.T) {
	storetest.EachConfig(t, func(t *testing.T, fresh func(testing.TB) store.Config) {
		config := fresh(t)
		s := storetest.Open(t, config)
		tell := func(entry string) {
			t.Helper()
			if err := s.Tell(t.Context(), activity.Item{Kind: activity.Form, Outcome: "saved", Entry: entry}, activity.Item{Kind: activity.Reload, Outcome: "done"}); err != nil {
				t.Fatal(err)
			}
		}
		tell("before")
		ctx, stop := context.WithCancel(t.Context())
		out, into := io.Pipe()
		ended := make(chan int, 1)
		go func() {
			main := cli.Main{In: strings.NewReader(""), Out: into, Err: into, Getenv: func(string) string { return "" }}
			ended <- main.Run(ctx, []string{"activity", "list", "--follow", "--kind", "form", "-c", settingsOf(t, config)})
			_ = into.Close()
		}()
		lines := bufio.NewScanner(out)
		wants := func(part string) {
			t.Helper()
			if !lines.Scan() || !strings.Contains(lines.Text(), part) {
				t.Fatalf("it prints %q, want %q", lines.Text(), part)
			}
		}
		wants("ID ")
		wants("before")
		for _, entry := range []string{"then", "after"} {
			tell(entry)
			wants(entry)
		}
		stop()
		if lines.Scan() { // until it has ended
			t.Errorf("it prints %q too", lines.Text())
		}
		if code := <-ended; code != 0 {
			t.Errorf("it ends with %d", code)
		}
	})
}
