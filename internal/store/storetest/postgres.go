package storetest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/switchhook/switchhook/test/await"
)

// install is the hint if there is no PostgreSQL.
const install = "install it, for example with: sudo apt-get install postgresql"

// server is this process's own PostgreSQL server.
type server struct {
	url     string
	keeper  *exec.Cmd
	stdin   io.Closer
	problem *bytes.Buffer
}

// keep is the script that runs beside the tests: it starts the server, and when
// its input ends, which also happens if the tests are killed, stops it and
// removes its folder. Its arguments are the folder, the folder of PostgreSQL's
// programs, whether the server waits for the disk, and how many seconds it may
// take to start.
const keep = `
trap '' INT TERM HUP
cd "$1" || exit
"$2/initdb" --pgdata=data --username=switchhook --auth=trust --no-sync --encoding=UTF8 --locale=C --no-instructions >initdb.log 2>&1 &&
"$2/pg_ctl" --pgdata=data --silent --wait --timeout=$4 --log=server.log --options="-k '$1' -c listen_addresses='' -c max_connections=200 -c fsync=$3" start >start.log 2>&1 &&
echo ready && read -r end
"$2/pg_ctl" --pgdata=data --silent --mode=immediate stop >/dev/null 2>&1
cat initdb.log start.log server.log >&2
cd / && rm -rf "$1"
`

// start starts a server. Benchmarks need one that waits for the disk; tests do
// without, in memory: their data need not survive a crash.
func start(durable bool) (*server, error) {
	programs, err := programs()
	if err != nil {
		return nil, err
	}
	in, fsync := memory(), "off"
	if durable {
		in, fsync = "", "on"
	}
	folder, err := os.MkdirTemp(in, "switchhook-postgres-")
	if err != nil {
		return nil, err
	}
	limit := strconv.Itoa(int(await.Limit.Seconds()))
	arguments := []string{"sh", "-c", keep, "sh", folder, programs, fsync, limit}
	if os.Geteuid() == 0 { // PostgreSQL refuses to run as root
		as, err := unprivileged()
		if err != nil {
			return nil, errors.Join(err, os.RemoveAll(folder))
		}
		if err := os.Chown(folder, as.uid, as.gid); err != nil {
			return nil, errors.Join(err, os.RemoveAll(folder))
		}
		arguments = append([]string{"setpriv", fmt.Sprintf("--reuid=%d", as.uid), fmt.Sprintf("--regid=%d", as.gid), "--clear-groups"}, arguments...)
	}
	s := &server{
		url:     (&url.URL{Scheme: "postgres", User: url.UserPassword("switchhook", Password), Path: "/postgres", RawQuery: url.Values{"host": {folder}, "connect_timeout": {limit}}.Encode()}).String(),
		keeper:  exec.CommandContext(context.Background(), arguments[0], arguments[1:]...), //nolint:gosec // PostgreSQL's programs, where they were found
		problem: new(bytes.Buffer),
	}
	s.keeper.Stderr = s.problem
	s.keeper.WaitDelay = await.Limit
	if s.stdin, err = s.keeper.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := s.keeper.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.keeper.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start PostgreSQL: %w", err), os.RemoveAll(folder))
	}
	if line, _ := bufio.NewReader(stdout).ReadString('\n'); line != "ready\n" {
		return nil, fmt.Errorf("start PostgreSQL: %w\n%s", errors.Join(s.stop(), errors.New("it ended")), s.problem)
	}
	return s, nil
}

// stop stops the server and waits until it is gone.
func (s *server) stop() error {
	return errors.Join(s.stdin.Close(), s.keeper.Wait())
}

// programs returns the folder of PostgreSQL's programs. Debian does not put
// them into the PATH.
func programs() (string, error) {
	if found, err := exec.LookPath("pg_ctl"); err == nil {
		if found, err = filepath.EvalSymlinks(found); err == nil {
			return filepath.Dir(found), nil
		}
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/pg_ctl")
	if err != nil || len(found) == 0 {
		return "", errors.New("these tests need PostgreSQL, which is not here; " + install)
	}
	version := func(path string) int {
		n, _ := strconv.Atoi(strings.Split(path, "/")[4])
		return n
	}
	return filepath.Dir(slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })), nil
}

// account is a user of the machine.
type account struct{ uid, gid int }

// unprivileged returns the user as which root runs PostgreSQL.
func unprivileged() (account, error) {
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.Atoi(u.Uid)
		gid, err2 := strconv.Atoi(u.Gid)
		return account{uid, gid}, errors.Join(err1, err2)
	}
	return account{}, errors.New("root cannot run PostgreSQL, and there is no user postgres or nobody that could")
}
