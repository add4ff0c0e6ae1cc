package crash_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/switchhook/switchhook/test/await"
)

// The attacker is a separate process at a lower priority: a real one has its
// own machine. Where Linux gives each session an equal share of the processor
// (sched(7), "The autogroup feature"), nice ranks only the processes of one
// session, and each connection of PostgreSQL is a session: so the attacker is
// one, too, of a lower priority.

// order is its input.
type order struct {
	Row     string // whose attack it is
	Address string
	Size    int
	For     time.Duration     // if the attack does not end by itself
	Given   map[string]string // what this attacker has found out
}

// loot is the result, as the attacker sees it.
type loot struct {
	Tried   int
	Answers map[string]int // by status, or what went wrong
	Bytes   int64          // that were answered
	Note    string

	processor time.Duration // that it took
}

// bandit is that process, as it sees itself.
type bandit struct {
	order  order
	ctx    context.Context // ends when its time is up
	ready  func()          // the attack is under way
	client *http.Client

	tried, bytes atomic.Int64
	answers      counts
	note         string
}

// runAttacker is the process: it reads an order, and writes the result. It
// says "ready" on a separate line if its attack gets that far.
func runAttacker(ctx context.Context) error {
	var o order
	if err := json.NewDecoder(os.Stdin).Decode(&o); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(carryOut(ctx, o, func() { fmt.Println("ready") }))
}

// carryOut attacks.
func carryOut(ctx context.Context, o order, ready func()) loot {
	b := &bandit{order: o, ready: ready, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1000}, Timeout: await.Limit}}
	defer b.client.CloseIdleConnections()
	for _, r := range rows() {
		if r.name != o.Row {
			continue
		}
		var stop context.CancelFunc
		b.ctx, stop = context.WithTimeout(ctx, o.For)
		r.attack(b)
		stop()
	}
	return loot{Tried: int(b.tried.Load()), Answers: b.answers.all(), Bytes: b.bytes.Load(), Note: b.note}
}

// many does something so many times; 0: until the time is up.
func (b *bandit) many(workers, size int, do func(i int)) {
	var (
		next atomic.Int64
		all  sync.WaitGroup
	)
	for range workers {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; size == 0 && b.ctx.Err() == nil || i < size; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	all.Wait()
}

// send asks from an address, as a proxy passes it on.
func (b *bandit) send(method, path, from, kind, body string, headers ...string) (status int, answer []byte) {
	b.tried.Add(1)
	r, err := http.NewRequest(method, "http://"+b.order.Address+path, strings.NewReader(body))
	if err != nil {
		panic(err) // a programmer's error
	}
	r.Header.Set("X-Forwarded-For", from)
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := b.client.Do(r)
	if err != nil {
		b.answers.add("cut off")
		return 0, nil
	}
	defer response.Body.Close()
	answer, _ = io.ReadAll(response.Body) // half of it will do
	b.bytes.Add(int64(len(answer)))
	b.answers.add(fmt.Sprint(response.StatusCode))
	return response.StatusCode, answer
}

// asJSON sends fields, and returns what is answered.
func (b *bandit) asJSON(path, from string, body fields) given {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	status, answer := b.send(http.MethodPost, path, from, "application/json", string(text))
	g := given{Status: status}
	_ = json.Unmarshal(answer, &g) // if it is not JSON there is nothing to report
	return g
}

// press is all of a press of a button, work included.
func (b *bandit) press(from string, more fields) given {
	const pressed = "pressed" // the entry
	g := b.asJSON("/click-to-call/token", from, fields{"id": pressed})
	if g.Status != http.StatusOK {
		return g
	}
	nonce, _ := prove(g.Challenge, g.Bits)
	body := fields{"id": pressed, "token": g.Token, "nonce": nonce}
	maps.Copy(body, more)
	return b.asJSON("/click-to-call", from, body)
}

// connect opens a connection, does something with it, and reads what is
// answered until it is closed or the time is up.
func (b *bandit) connect(use func(conn net.Conn) error) {
	b.tried.Add(1)
	conn, err := (&net.Dialer{}).DialContext(b.ctx, "tcp", b.order.Address)
	if err != nil {
		if b.ctx.Err() == nil {
			b.answers.add("refused")
		}
		return
	}
	defer conn.Close()
	defer context.AfterFunc(b.ctx, func() { _ = conn.Close() })()
	if err := use(conn); err != nil {
		b.answers.add("cut off")
		return
	}
	var head [512]byte
	n, _ := conn.Read(head[:]) // nothing is an answer, too
	b.bytes.Add(int64(n))
	if words := bytes.Fields(head[:n]); len(words) > 1 {
		b.answers.add(string(words[1]))
	} else if b.ctx.Err() == nil {
		b.answers.add("closed")
	} else {
		b.answers.add("open at the end")
	}
}

// rob carries out the attack of a row, and calls ready when it is under way. A
// small one runs in this process, as another takes longer to start than it
// lasts.
func rob(t *testing.T, o order, ready func()) loot {
	t.Helper()
	if !full() {
		return carryOut(t.Context(), o, ready)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command("sh", "-c", `{ echo 10 >/proc/self/autogroup; } 2>/dev/null; exec nice -n 10 "$0"`, self)
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	command.Env, command.Stdin, command.Stderr = environ(asAttacker), bytes.NewReader(text), os.Stderr
	out := &said{ready: ready}
	command.Stdout = out
	if err := command.Run(); err != nil {
		t.Fatalf("the attacker: %v", err)
	}
	var l loot
	if err := json.Unmarshal(out.last.Bytes(), &l); err != nil {
		t.Fatalf("the attacker says %q: %v", out.last.String(), err)
	}
	l.processor = command.ProcessState.UserTime() + command.ProcessState.SystemTime()
	return l
}

// said is what the process writes: "ready" is acted upon at once.
type said struct {
	ready func()
	last  bytes.Buffer
}

// Write is called by one goroutine alone.
func (s *said) Write(p []byte) (int, error) {
	if rest, found := bytes.CutPrefix(p, []byte("ready\n")); found {
		s.ready()
		s.last.Write(rest)
		return len(p), nil
	}
	return s.last.Write(p)
}
