package cli

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/phone"
)

// The demo's click-to-call.
const (
	demoButton  = "example.net-sales" // the entry
	demoQueue   = "9002"              // the user for the queue
	demoVisitor = "(212) 555-0123"    // the number that the demo itself requests a call to
	demoOther   = "(212) 555-0188"    // a number for a person to try

	// demoQueueTime is how long queued calls wait: long enough for a person to
	// see them wait.
	demoQueueTime = 3 * time.Second

	// visitTimeout bounds a whole visit: the queued call's turn comes within
	// demoQueueTime, and shows a moment later.
	visitTimeout = 30 * time.Second
)

// shopStyle styles the page with the button.
const shopStyle = `:root{color-scheme:light dark}body{font:1.1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:4rem auto;padding:0 1rem}`

// shopPage is a customer's page with the button on it.
const shopPage = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Example Network</title>
<style>` + shopStyle + `</style>
<script src="{{script}}" async></script>
</head>
<body>
<h1>Example Network</h1>
<p>This page stands for a customer's own. It is of another origin than the server of the button, and of its policy
nothing may run here but that server's script.</p>
<p>Press the button, and give a number such as ` + demoOther + `. What becomes of it shows on the button and in the
terminal of the demo.</p>
</body>
</html>
`

// shop is a customer's page with the button on it.
type shop struct {
	url  string
	stop func() // stops its server, and waits
}

// startShop serves the page on another origin than the button's server, with
// the strictest content security policy that the button works under.
func startShop(ctx context.Context, server string) (*shop, error) {
	page := strings.Replace(shopPage, "{{script}}", html.EscapeString(server+"/widget.js?id="+demoButton), 1)
	style := sha256.Sum256([]byte(shopStyle))
	policy := "default-src 'none'; script-src " + server + "; connect-src " + server + "; worker-src blob:; style-src 'sha256-" +
		base64.StdEncoding.EncodeToString(style[:]) + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", policy)
		_, _ = io.WriteString(w, page) // the browser may have gone
	})
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	s := &shop{stop: func() {
		cancel()
		running.Wait()
	}}
	var err error
	if s.url, err = serveShow(ctx, &running, mux); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

// queueNews prints queued calls as they come and go. While a person has a call
// at the terminal, the news wait.
type queueNews struct {
	mu   sync.Mutex
	out  io.Writer // nil: the news wait
	news []string
}

// tell is called by the Core.
func (q *queueNews) tell(call core.WaitingCall, state core.QueueState) {
	number := phone.Mask("+" + call.Number)
	line := fmt.Sprintf("Queue %s of the Core: %s waits to be called.", call.Queue, number)
	if state == core.QueueOver {
		line = fmt.Sprintf("Queue %s of the Core: the turn of %s has come, and it is off the list. With telephones it would ring now; this Core has none.", call.Queue, number)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.news = append(q.news, line)
	q.print()
}

// tellTo prints the waiting news and those to come; nil: the news wait.
func (q *queueNews) tellTo(out io.Writer) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.out = out
	q.print()
}

func (q *queueNews) print() {
	if q.out == nil {
		return
	}
	for _, line := range q.news {
		fmt.Fprintln(q.out, line)
	}
	q.news = nil
}

// showClickToCall gives the domain a queue and a button, and says where to
// press it. If nobody can, it acts as a visitor's browser.
func (s *system) showClickToCall(ctx context.Context, m *Main, page *shop, live bool) error {
	if err := s.setUpQueue(ctx); err != nil {
		return err
	}
	fmt.Fprintf(m.Out, "\nA form posted to /update-domain gave the queue %s a button. It is on this page, which is of another origin:\n  %s\n", demoQueue, page.url)
	fmt.Fprintf(m.Out, "Open it in a browser, press the button, and give a number such as %s. What becomes of it shows here too.\n", demoOther)
	s.queues.tellTo(m.Out)
	if live {
		return nil
	}
	return s.visit(ctx, m, strings.TrimSuffix(page.url, "/"))
}

// setUpQueue makes the queue by the phone system's API, and its button by the
// form.
func (s *system) setUpQueue(ctx context.Context) error {
	header := http.Header{"Authorization": {"Bearer " + s.token}, "Content-Type": {"application/json"}}
	if _, err := s.post(ctx, "/ns-api/v2/domains/"+demoDomain+"/users", header, `{"synchronous":"yes","user":"`+demoQueue+`","name-first-name":"Sales",`+
		`"name-last-name":"Queue","email-address":"desk@example.net","user-scope":"Simple User","service-code":"system-queue"}`); err != nil {
		return err
	}
	form := url.Values{
		"secret": {s.secret}, "id": {demoButton}, "api_domain": {demoDomain}, "queue": {demoQueue + "@" + demoDomain},
		"button_text": {"Have us call you"}, "button_color": {"#1a73e8"}, "company_name": {"Example Network"},
	}
	_, err := s.post(ctx, "/update-domain", http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, form.Encode())
	return err
}

// visit requests a call as the button does: a token, its proof of work, the
// call, and then the call's status.
func (s *system) visit(ctx context.Context, m *Main, origin string) error {
	ctx, cancel := context.WithTimeout(ctx, visitTimeout)
	defer cancel()
	fmt.Fprintf(m.Out, "\nNobody is at this terminal to press it, so the demo asks for a call to %s as the button would:\n", demoVisitor)
	var token struct {
		Token, Challenge string
		Bits             int
	}
	if err := s.ask(ctx, origin, "/click-to-call/token", map[string]string{"id": demoButton}, &token); err != nil {
		return err
	}
	nonce, err := prove(ctx, token.Challenge, token.Bits)
	if err != nil {
		return err
	}
	fmt.Fprintf(m.Out, "  POST /click-to-call/token: a token, for a proof of work of %d bits; the nonce %s is one\n", token.Bits, nonce)
	var key [16]byte
	_, _ = rand.Read(key[:]) // never fails
	var call struct {
		RequestID string `json:"request_id"`
		State     string
	}
	if err := s.ask(ctx, origin, "/click-to-call", map[string]string{
		"id": demoButton, "phone": demoVisitor, "token": token.Token, "nonce": nonce, "idempotency_key": hex.EncodeToString(key[:]),
	}, &call); err != nil {
		return err
	}
	fmt.Fprintf(m.Out, "  POST /click-to-call: %s\n", call.State)
	if err := s.follow(ctx, m, origin, call.RequestID); err != nil {
		return err
	}
	header := http.Header{"Authorization": {"Bearer " + s.token}}
	list, err := s.send(ctx, http.MethodGet, "/ns-api/v2/domains/"+demoDomain+"/queuedcall/"+demoQueue, header, "")
	if err != nil {
		return err
	}
	if strings.TrimSpace(string(list)) != "[]" {
		return fmt.Errorf("the demo's queue is not empty again: %s", phone.MaskIn(string(list)))
	}
	fmt.Fprintf(m.Out, "  done: the queue %s is empty again\n", demoQueue)
	return nil
}

// ask posts one of the button's requests.
func (s *system) ask(ctx context.Context, origin, path string, question map[string]string, answer any) error {
	body, err := json.Marshal(question)
	if err != nil {
		return err
	}
	got, err := s.post(ctx, path, http.Header{"Content-Type": {"application/json"}, "Origin": {origin}}, string(body))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(got, answer); err != nil {
		return fmt.Errorf("read what %s answered: %w", path, err)
	}
	return nil
}

// prove does the proof of work for a token: it finds a nonce for which the
// SHA-256 of challenge, colon and nonce begins with that many zero bits.
func prove(ctx context.Context, challenge string, bits int) (nonce string, err error) {
	for n := 0; ctx.Err() == nil; n++ {
		nonce = strconv.Itoa(n)
		sum := sha256.Sum256([]byte(challenge + ":" + nonce))
		if new(big.Int).SetBytes(sum[:]).BitLen() <= 8*len(sum)-bits {
			return nonce, nil
		}
	}
	return "", ctx.Err()
}

// follow shows a call's status from the button's event stream (server-sent
// events), until it has had its turn.
func (s *system) follow(ctx context.Context, m *Main, origin, id string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/click-to-call/calls/"+id, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Accept", "text/event-stream")
	request.Header.Set("Origin", origin)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("follow the demo's queued call: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		var call struct{ State string }
		if err := json.Unmarshal([]byte(data), &call); err != nil {
			return fmt.Errorf("follow the demo's queued call: %w", err)
		}
		fmt.Fprintf(m.Out, "  the page is told: %s\n", call.State)
		if call.State == "calling" {
			return nil
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("follow the demo's queued call: %w", err)
	}
	return errors.New("the turn of the demo's queued call did not come")
}
