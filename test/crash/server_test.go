package crash_test

import (
	"bufio"
	"context"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/switchhook/switchhook/test/await"
)

// longestGap is the longest pause before the next server is killed: about as
// long as one takes to start.
const longestGap = 300 * time.Millisecond

// process is a running server.
type process struct {
	command   *exec.Cmd
	listening chan struct{} // closed when it listens
	address   string        // there once it listens
	ended     chan struct{} // closed when it has ended

	mu  sync.Mutex
	log strings.Builder
}

var listens = regexp.MustCompile(`msg=listening address=(\S+)`)

// start starts a process of this program in a folder. It is killed at the end of
// the test.
func start(t *testing.T, as, folder string) *process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return startCommand(t, exec.Command(self), as, folder)
}

// startCommand is start for any program.
func startCommand(t *testing.T, command *exec.Cmd, as, folder string) *process {
	t.Helper()
	s := &process{command: command, listening: make(chan struct{}), ended: make(chan struct{})}
	s.command.Dir, s.command.Env = folder, environ(as)
	stderr, err := s.command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.command.Start(); err != nil {
		t.Fatal(err)
	}
	go s.read(stderr) // ends with the process, for which kill waits
	t.Cleanup(s.kill)
	return s
}

// read reads the log until the process ends.
func (s *process) read(stderr io.Reader) {
	defer close(s.ended)
	for lines := bufio.NewReader(stderr); ; {
		line, err := lines.ReadString('\n')
		s.mu.Lock()
		s.log.WriteString(line)
		s.mu.Unlock()
		if found := listens.FindStringSubmatch(line); found != nil {
			s.address = found[1]
			close(s.listening)
		}
		if err != nil {
			_ = s.command.Wait() // it was killed, as a rule
			return
		}
	}
}

func (s *process) said() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.String()
}

// kill kills the process as a system does that runs out of memory, and waits
// until it is gone.
func (s *process) kill() {
	_ = s.command.Process.Kill() // it may have ended by itself
	<-s.ended
}

// stop stops the process as a service manager does, and waits until it is gone.
func (s *process) stop(t *testing.T) {
	t.Helper()
	if err := s.command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	await.From(t, "an end of the server", s.ended)
}

// await waits until the process listens.
func (s *process) await(t *testing.T) {
	t.Helper()
	late := time.NewTimer(await.Limit)
	defer late.Stop()
	select {
	case <-s.listening:
	case <-s.ended:
		t.Fatalf("the server has ended:\n%s", s.said())
	case <-late.C:
		t.Fatalf("the server does not listen:\n%s", s.said())
	}
}

// fleet are the servers of one database, as a load balancer sees them.
type fleet struct {
	t      *testing.T
	as     string
	folder string

	mu      sync.Mutex
	servers []*process
	all     []*process    // with those that were killed
	changed chan struct{} // closed when a server comes or begins to listen
	kills   int
}

// startFleet starts so many servers.
func startFleet(t *testing.T, as, folder string, servers int) *fleet {
	t.Helper()
	f := &fleet{t: t, as: as, folder: folder, servers: make([]*process, servers), changed: make(chan struct{})}
	for i := range f.servers {
		f.start(i)
	}
	return f
}

func (f *fleet) start(i int) {
	s := start(f.t, f.as, f.folder)
	f.mu.Lock()
	f.servers[i] = s
	f.all = append(f.all, s)
	f.mu.Unlock()
	go func() { // ends when the server listens or has ended
		select {
		case <-s.listening:
			f.mu.Lock()
			close(f.changed)
			f.changed = make(chan struct{})
			f.mu.Unlock()
		case <-s.ended:
		}
	}()
}

// noTime finds the numbers of calls on which a server gave up because it could
// not record them in time, before it asked the phone system for anything.
var noTime = regexp.MustCompile(`(?m)^.* msg=text-back .*orig_call_id=call-of-(\d+) .*outcome=failed .*error=.*deadline exceeded.*$`)

// gaveUp returns the numbers of those calls.
func (f *fleet) gaveUp() map[string]bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	numbers := map[string]bool{}
	for _, s := range f.all {
		for _, found := range noTime.FindAllStringSubmatch(s.said(), -1) {
			numbers[found[1]] = true
		}
	}
	return numbers
}

// address returns where a server listens, chosen at random. It waits for the
// first.
func (f *fleet) address(ctx context.Context, random *rand.Rand) (string, error) {
	for {
		f.mu.Lock()
		changed := f.changed
		for _, i := range random.Perm(len(f.servers)) {
			s := f.servers[i]
			select {
			case <-s.ended:
				continue
			default:
			}
			select {
			case <-s.listening:
				f.mu.Unlock()
				return s.address, nil
			default:
			}
		}
		f.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return "", context.Cause(ctx)
		}
	}
}

// harass kills one server after the other and starts each again: usually once as
// many callers have been answered as often says, up to twice as many at random,
// and one in four while it starts. It ends with the context.
func (f *fleet) harass(ctx context.Context, random *rand.Rand, often int, answered <-chan struct{}) {
	for {
		i := random.IntN(len(f.servers))
		if random.IntN(4) > 0 {
			for range 1 + random.IntN(2*often) {
				select {
				case <-answered:
				case <-ctx.Done():
					return
				}
			}
		}
		gap := time.NewTimer(time.Duration(random.Int64N(int64(longestGap))))
		select {
		case <-gap.C:
		case <-ctx.Done():
			gap.Stop()
			return
		}
		f.mu.Lock()
		s := f.servers[i]
		f.mu.Unlock()
		select {
		case <-s.ended:
			f.t.Errorf("a server ended by itself:\n%s", s.said())
			return
		default:
		}
		s.kill()
		f.kills++
		f.start(i)
	}
}
