package process

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/internal/server/handover"
)

// checkTimeout is how long the new program may take to read its settings. The
// running one keeps serving meanwhile.
const checkTimeout = 30 * time.Second

// upgrade replaces a server by the program now installed at its path.
type upgrade struct {
	path string   // of the program
	args []string // as this process was started
	log  *slog.Logger
	held *handover.Held // the sockets, once decided; nil: not yet
}

// newUpgrade finds the program by the name that this process was started with:
// a symlink to a version may point to another one by now.
func newUpgrade(args []string, log *slog.Logger) *upgrade {
	u := &upgrade{args: args, log: log}
	var err error
	if u.path, err = exec.LookPath(args[0]); err != nil {
		log.Warn("upgrade while serving not available", "error", err.Error())
	}
	return u
}

// await waits for the signal, and takes the server's sockets if the new program
// can use the settings. It reports whether this process is to stop.
func (u *upgrade) await(ctx context.Context, signals <-chan os.Signal, s *server.Server) bool {
	for {
		select {
		case <-ctx.Done():
			return false
		case <-signals:
		}
		err := u.check(ctx)
		if err == nil {
			u.held, err = s.HandOver()
		}
		if err == nil {
			u.log.Info("handing over to the new program", "program", u.path)
			return true
		}
		u.log.Error("upgrade refused; old program keeps serving", "error", err.Error())
	}
}

// check has the new program read the settings as it will at its start.
func (u *upgrade) check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	command := exec.CommandContext(ctx, u.path, append(u.args[1:len(u.args):len(u.args)], "--check")...)
	command.Args[0] = u.args[0]
	out, err := command.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s --check: %w: %s", strings.Join(u.args, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}

// finish starts the new program in place of this process, once the server has
// closed; err is the server's. It returns only if that fails, or no upgrade was
// requested.
func (u *upgrade) finish(ctx context.Context, err error) error {
	if u.held == nil {
		return err
	}
	defer u.held.Close()
	if err != nil || ctx.Err() != nil { // it was told to stop for good meanwhile
		return err
	}
	return u.held.Exec(u.path, u.args, os.Environ())
}
