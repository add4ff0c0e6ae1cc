// Package crash_test runs servers as separate processes and kills them, to
// check that nobody's text is lost and nobody gets two.
//
// SWITCHHOOK_TEST_FULL=1 in the environment makes the tests as large as what
// is promised: a thousand callers, at the pace of a real phone system. Without
// it they are over in seconds.
package crash_test

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/answer/textback"
	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/internal/server/config"
	"github.com/switchhook/switchhook/internal/store/storetest"
	"github.com/switchhook/switchhook/internal/tool/cli"
)

const (
	// role is the variable that says what a process of this program is to run;
	// without it, it runs the tests.
	role = "CRASH_TEST_ROLE"

	// fullSize is the variable that makes the tests large.
	fullSize = "SWITCHHOOK_TEST_FULL"

	// settingsFile is what all settings files are called.
	settingsFile = "crash.toml"
)

// The roles.
const (
	asServe    = "serve"    // the command, as it is
	asHurrying = "hurrying" // the same, but texts go on at hurriedPace
	asDoomed   = "doomed"   // kills itself at a point
	asHonest   = "honest"   // asks as phone systems and visitors do
	asAttacker = "attacker" // attacks
)

// listenAt is the variable with the address that a server listens at; without it
// that is any.
const listenAt = "CRASH_TEST_LISTEN"

// hurriedPace leaves out most of the waiting. An attempt still has as long as it
// takes on a busy machine, as does a look-up of a text at the phone system.
var hurriedPace = textback.Pace{Attempt: 5 * time.Second, Record: 5 * time.Second, Look: 8 * time.Second, Retry: 300 * time.Millisecond}

func TestMain(m *testing.M) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	var err error
	switch os.Getenv(role) {
	case "":
		stop()
		if flag.Parse(); testing.Short() {
			fmt.Println("-short: no server is killed, or attacked")
			return
		}
		if err := runSideBySide(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(storetest.Run(m))
	case asServe:
		main := cli.Main{Version: "0.0.0-test", In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Getenv: os.Getenv}
		os.Exit(main.Run(ctx, []string{"serve", "-c", settingsFile, "--listen", cmp.Or(os.Getenv(listenAt), "127.0.0.1:0")}))
	case asHurrying:
		err = hurry(ctx)
	case asDoomed:
		err = runDoomed(ctx)
	case asHonest:
		err = runHonest(ctx)
	case asAttacker:
		err = runAttacker(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// sideBySide is how many tests run at once by default: they wait more than they
// compute.
const sideBySide = "4"

func runSideBySide() error {
	said := false
	flag.Visit(func(f *flag.Flag) { said = said || f.Name == "test.parallel" })
	if said {
		return nil
	}
	return flag.Set("test.parallel", sideBySide)
}

// hurry is `switchhook serve` at another pace.
func hurry(ctx context.Context) error {
	settings, err := config.Load(config.Sources{Path: settingsFile, Flags: map[string]string{"listen": "127.0.0.1:0"}})
	if err != nil {
		return err
	}
	a, err := server.New(ctx, settings, server.Options{Log: slog.New(slog.NewTextHandler(os.Stderr, nil)), Pace: hurriedPace})
	if err != nil {
		return err
	}
	if err := a.Listen(ctx); err != nil {
		return err
	}
	return a.Run(ctx)
}

// full reports whether the tests are to be as large as what is promised.
func full() bool { return os.Getenv(fullSize) != "" }

// environ is the environment of the processes, without the tests' own variables
// about databases, which a server would take for settings.
func environ(as string) []string {
	all := []string{role + "=" + as}
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "SWITCHHOOK_") {
			all = append(all, pair)
		}
	}
	return all
}
