package crash_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/switchhook/switchhook/test/await"
)

// The honest load is a separate process, so that neither the attacker nor the
// phone system is in its way: it asks at the given rate, whether or not the
// previous requests were answered.

// pace is its input: how many requests of each kind a second.
type pace struct {
	Address                string
	OnCall, Texts, Presses int
	Patience               time.Duration // of a caller
}

// The kinds of requests, all of them together, and one that is none: how late the
// process itself wakes up, which only the machine is to blame for.
const (
	ofAll     = "all"
	ofOnCall  = "on-call"
	ofTexts   = "text-back"
	ofPresses = "presses"
	ofMachine = "machine"
)

// measured is the result of the requests of one kind.
type measured struct {
	Asked, Lost    int
	P50, P99, Most time.Duration
	Why            string // the last was lost
}

// What honest requests are promised under any attack.
const (
	promisedP99  = 100 * time.Millisecond
	promisedMost = time.Second
)

// String formats the times for tables: what is not as promised stands out.
func (m measured) String() string {
	text := fmt.Sprintf("%s / %s / %s", ms(m.P50), ms(m.P99), ms(m.Most))
	if m.P99 > promisedP99 || m.Most > promisedMost {
		return "**" + text + "**"
	}
	return text
}

// ms writes a time as tables have it.
func ms(d time.Duration) string {
	if d < 10*time.Millisecond {
		return fmt.Sprintf("%.1f", float64(d)/float64(time.Millisecond))
	}
	return fmt.Sprint(d.Round(time.Millisecond).Milliseconds())
}

// loader is that process, as it sees itself.
type loader struct {
	pace      pace
	kept, new *http.Client

	mu  sync.Mutex
	now *span
}

// span is what is counted from one line on the process's input to the next.
type span struct {
	asking sync.WaitGroup

	mu   sync.Mutex
	good map[string]int // that were answered
	took map[string][]time.Duration
	of   map[string]measured
}

func newSpan() *span {
	return &span{good: map[string]int{}, took: map[string][]time.Duration{}, of: map[string]measured{}}
}

// runHonest is the process. It reads its pace, and reports when each kind has
// been answered. At each further line it writes the results of the requests
// since the previous line.
func runHonest(ctx context.Context) error {
	in := bufio.NewReader(os.Stdin)
	l := &loader{now: newSpan()}
	line, err := in.ReadBytes('\n')
	if err != nil {
		return err
	}
	if err := json.Unmarshal(line, &l.pace); err != nil {
		return err
	}
	l.kept = &http.Client{Timeout: l.pace.Patience, Transport: &http.Transport{MaxIdleConnsPerHost: 100}}
	l.new = &http.Client{Timeout: l.pace.Patience, Transport: &http.Transport{DisableKeepAlives: true}}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	warm := make(chan struct{})
	go l.run(ctx, warm) // ends with the process
	<-warm
	fmt.Println("warm")
	for {
		if _, err := in.ReadBytes('\n'); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		l.mu.Lock()
		ended := l.now
		l.now = newSpan()
		l.mu.Unlock()
		ended.asking.Wait()
		if err := json.NewEncoder(os.Stdout).Encode(ended.result()); err != nil {
			return err
		}
	}
}

// run asks until the context ends. Warm is closed when each kind was answered.
func (l *loader) run(ctx context.Context, warm chan<- struct{}) {
	kinds := []struct {
		name  string
		often int
		ask   func(s *span, i int)
	}{{ofOnCall, l.pace.OnCall, l.onCall}, {ofTexts, l.pace.Texts, l.text}, {ofPresses, l.pace.Presses, l.press}}
	warmed := func(s *span) bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, kind := range kinds {
			if s.good[kind.name] < kind.often {
				return false
			}
		}
		return true
	}
	var (
		once sync.Once
		all  sync.WaitGroup
	)
	for _, kind := range kinds {
		all.Go(func() {
			began := time.Now()
			for n := 1; ; n++ {
				due := began.Add(time.Duration(n) * time.Second / time.Duration(kind.often))
				wake := time.NewTimer(time.Until(due))
				select {
				case <-wake.C:
				case <-ctx.Done():
					wake.Stop()
					return
				}
				l.mu.Lock()
				s := l.now
				s.asking.Add(1)
				l.mu.Unlock()
				s.note(ofMachine, time.Since(due), "")
				go func() { // asking waits for it
					defer s.asking.Done()
					kind.ask(s, n) // each kind has its own numbers: they spread over all entries
				}()
				if warmed(s) {
					once.Do(func() { close(warm) })
				}
			}
		})
	}
	all.Wait()
}

// note counts an answer; lost says why it is none.
func (s *span) note(kind string, took time.Duration, lost string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count(kind, took, lost)
	if kind != ofMachine {
		s.count(ofAll, took, lost)
	}
}

func (s *span) count(kind string, took time.Duration, lost string) {
	m := s.of[kind]
	m.Asked++
	if lost != "" {
		m.Lost++
		m.Why = lost
	} else {
		s.good[kind]++
		s.took[kind] = append(s.took[kind], took)
	}
	s.of[kind] = m
}

func (s *span) result() map[string]measured {
	s.mu.Lock()
	defer s.mu.Unlock()
	for kind, took := range s.took {
		slices.Sort(took)
		m := s.of[kind]
		m.P50, m.P99, m.Most = took[len(took)/2], took[len(took)*99/100], took[len(took)-1]
		s.of[kind] = m
	}
	return s.of
}

// do sends a request and notes the result. Half of all come on connections that
// are kept, as proxies' do, half on new ones, as phone systems' do.
func (l *loader) do(s *span, kind string, i int, r *http.Request, from string, good func(status int, body []byte) bool) bool {
	r.Header.Set("X-Forwarded-For", from)
	client := l.kept
	if i%2 == 0 {
		client = l.new
	}
	began := time.Now()
	response, err := client.Do(r)
	var (
		status int
		body   []byte
	)
	if err == nil {
		status = response.StatusCode
		body, err = io.ReadAll(response.Body)
		_ = response.Body.Close()
	}
	took := time.Since(began)
	switch {
	case err != nil:
		s.note(kind, took, err.Error())
	case !good(status, body):
		s.note(kind, took, fmt.Sprintf("%d %.200s", status, body))
	default:
		s.note(kind, took, "")
		return true
	}
	return false
}

func (l *loader) request(method, path string, body []byte, kind string) *http.Request {
	r, err := http.NewRequest(method, "http://"+l.pace.Address+path, bytes.NewReader(body))
	if err != nil {
		panic(err) // a programmer's error
	}
	if len(body) > 0 {
		r.Header.Set("Content-Type", kind)
	}
	return r
}

const isForm = "application/x-www-form-urlencoded"

// phoneSystemAddress is where honest phone systems ask from.
const phoneSystemAddress = "198.51.100.20"

// onCall asks whom to ring, in one of the two ways of phone systems.
func (l *loader) onCall(s *span, i int) {
	const number = "31611111111"
	answered := func(status int, body []byte) bool {
		return status == http.StatusOK && bytes.Contains(body, []byte(number))
	}
	if i%4 < 2 {
		l.do(s, ofOnCall, i, l.request(http.MethodGet, "/voys-webhook?secret_key="+onCallSecret, nil, ""), phoneSystemAddress, answered)
		return
	}
	r := l.request(http.MethodPost, "/oncall", []byte("NmsAni=19734321440&NmsDnis=12125551212&AccountUser=8001&AccountDomain=honest0.example&OrigCallID=oncall-"+fmt.Sprint(i)), isForm)
	r.Header.Set("Authorization", "Bearer "+onCallSecret)
	l.do(s, ofOnCall, i, r, phoneSystemAddress, answered)
}

// honestNumber is the number of a caller, or visitor, who comes once.
func honestNumber(i int) string {
	areas := []string{"201", "347", "646", "718", "914", "917"}
	return "1" + areas[i%len(areas)] + fmt.Sprintf("%07d", 2300000+i/len(areas))
}

// text asks for a text.
func (l *loader) text(s *span, i int) {
	q := url.Values{"id": {honestEntry(i)}, "key": {honestKey}, "NmsAni": {"+" + honestNumber(i)}, "NmsDnis": {"12125551212"},
		"OrigCallID": {fmt.Sprint("honest-", i)}, "AccountUser": {"8001"}, "AccountDomain": {"honest.example"}, "Digits": {""}}
	l.do(s, ofTexts, i, l.request(http.MethodGet, "/webresponder?"+q.Encode(), nil, ""), phoneSystemAddress, func(status int, body []byte) bool {
		return status == http.StatusOK && strings.Contains(string(body), "We&#39;ve texted you") || strings.Contains(string(body), "We've texted you")
	})
}

// press does all that a button does: two requests, and between them the work of
// the browser.
func (l *loader) press(s *span, i int) {
	from := fmt.Sprintf("%d.%d.%d.7", 11+i%80, i/80%250, i/20000)
	ask := func(path string, body fields, want int) (given, bool) {
		text, err := json.Marshal(body)
		if err != nil {
			panic(err)
		}
		var g given
		ok := l.do(s, ofPresses, i, l.request(http.MethodPost, path, text, "application/json"), from, func(status int, body []byte) bool {
			return status == want && json.Unmarshal(body, &g) == nil
		})
		return g, ok
	}
	g, ok := ask("/click-to-call/token", fields{"id": honestButton(i)}, http.StatusOK)
	if !ok {
		return
	}
	nonce, _ := prove(g.Challenge, g.Bits)
	ask("/click-to-call", fields{"id": honestButton(i), "phone": honestNumber(i), "token": g.Token, "nonce": nonce}, http.StatusAccepted)
}

// honest is the process, as the tests see it.
type honest struct {
	t       *testing.T
	command *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
}

// startHonest starts it, and waits until each kind of request has been answered.
func startHonest(t *testing.T, p pace) *honest {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	h := &honest{t: t, command: exec.Command(self)}
	h.command.Env, h.command.Stderr = environ(asHonest), os.Stderr
	if h.in, err = h.command.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := h.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	h.out = bufio.NewReader(out)
	if err := h.command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = h.command.Process.Kill() // it may have ended by itself
		_ = h.command.Wait()
	})
	order, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	h.say(string(order))
	h.read()
	return h
}

func (h *honest) say(line string) {
	h.t.Helper()
	if _, err := io.WriteString(h.in, line+"\n"); err != nil {
		h.t.Fatal(err)
	}
}

func (h *honest) read() string {
	h.t.Helper()
	read := make(chan string, 1)
	go func() { // ends with the line, or with the process
		line, _ := h.out.ReadString('\n')
		read <- line
	}()
	line := await.From(h.t, "a line of the honest load", read)
	if line == "" {
		h.t.Fatal("the honest load has ended")
	}
	return line
}

// since returns the results of the requests since it was last called.
func (h *honest) since() map[string]measured {
	h.t.Helper()
	h.say("")
	var of map[string]measured
	if err := json.Unmarshal([]byte(h.read()), &of); err != nil {
		h.t.Fatal(err)
	}
	return of
}
