package demo

import (
	"bufio"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/answer/clicktocall"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/netsapiens"
)

// The demo's click-to-call.
const (
	button       = "example.net-sales" // the entry
	queue        = "9002"              // the user for the queue
	visitor      = "(212) 555-0123"    // the number that the demo itself requests a call to
	otherVisitor = "(212) 555-0188"    // a number for a person to try

	// queueTime is how long queued calls wait: long enough for a person to see
	// them wait.
	queueTime = 3 * time.Second

	// visitTimeout bounds a whole visit: the queued call's turn comes within
	// queueTime, and shows a moment later.
	visitTimeout = 30 * time.Second
)

// shopStyle styles the customer's page.
const shopStyle = `:root{color-scheme:light dark}body{font:1.1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:4rem auto;padding:0 1rem}`

// shopPage is a customer's page with the button on it.
//
//go:embed shop.html
var shopPage string

// showClickToCall gives the domain a queue and a button, and says where to
// press it. If nobody can, it acts as a visitor's browser.
func (d *demo) showClickToCall(ctx context.Context) error {
	shop, err := d.serve(ctx, shopHandler(d.url))
	if err != nil {
		return err
	}
	if err := d.makeQueue(ctx); err != nil {
		return err
	}
	fmt.Fprintf(d.Out, "\nA form posted to /update-domain gave the queue %s a button. It is on this page, which is of another origin:\n  %s/\n", queue, shop)
	fmt.Fprintf(d.Out, "Open it in a browser, press the button, and give a number such as %s. What happens shows here too.\n", otherVisitor)
	if d.Live {
		return nil
	}
	return d.visit(ctx, shop)
}

// shopHandler serves the page on another origin than the button's server, with
// the strictest content security policy that the button works under.
func shopHandler(server string) http.Handler {
	page := strings.NewReplacer("{{script}}", html.EscapeString(server+"/widget.js?id="+button), "{{style}}", shopStyle, "{{number}}", otherVisitor).Replace(shopPage)
	style := sha256.Sum256([]byte(shopStyle))
	policy := "default-src 'none'; script-src " + server + "; connect-src " + server + "; worker-src blob:; style-src 'sha256-" +
		base64.StdEncoding.EncodeToString(style[:]) + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", policy)
		_, _ = io.WriteString(w, page) // the browser may have gone
	})
	return mux
}

// makeQueue makes the queue by the phone system's API, and its button by the
// form.
func (d *demo) makeQueue(ctx context.Context) error {
	if err := d.api.CreateUser(ctx, domain, netsapiens.User{
		User: queue, FirstName: "Sales", LastName: "Queue", Email: email, Scope: netsapiens.ScopeSimpleUser, ServiceCode: "system-queue",
	}); err != nil {
		return err
	}
	_, err := d.postForm(ctx, "/update-domain", url.Values{
		"secret": {d.secret}, "id": {button}, "api_domain": {domain}, "queue": {queue + "@" + domain},
		"button_text": {"Have us call you"}, "button_color": {"#1a73e8"}, "company_name": {"Example Network"},
	}.Encode())
	return err
}

// visit requests a call as the button does: a token, its proof of work, the
// call, and then the call's status.
func (d *demo) visit(ctx context.Context, origin string) error {
	ctx, cancel := context.WithTimeout(ctx, visitTimeout)
	defer cancel()
	fmt.Fprintf(d.Out, "\nNobody is at this terminal to press it, so the demo asks for a call to %s as the button would:\n", visitor)
	var token struct {
		Token, Challenge string
		Bits             int
	}
	if err := d.ask(ctx, origin, "/click-to-call/token", map[string]string{"id": button}, &token); err != nil {
		return err
	}
	nonce := clicktocall.Solve(token.Challenge, token.Bits)
	fmt.Fprintf(d.Out, "  POST /click-to-call/token: a token, for a proof of work of %d bits; the nonce %s is one\n", token.Bits, nonce)
	var call struct {
		RequestID string `json:"request_id"`
		State     string
	}
	if err := d.ask(ctx, origin, "/click-to-call", map[string]string{
		"id": button, "phone": visitor, "token": token.Token, "nonce": nonce, "idempotency_key": rand.Text(),
	}, &call); err != nil {
		return err
	}
	fmt.Fprintf(d.Out, "  POST /click-to-call: %s\n", call.State)
	if err := d.follow(ctx, origin, call.RequestID); err != nil {
		return fmt.Errorf("follow the demo's queued call: %w", err)
	}
	list, err := d.manage(ctx, http.MethodGet, "/queuedcall/"+queue, "")
	if err != nil {
		return err
	}
	if strings.TrimSpace(string(list)) != "[]" {
		return fmt.Errorf("the demo's queue is not empty again: %s", phone.MaskIn(string(list)))
	}
	fmt.Fprintf(d.Out, "  done: the queue %s is empty again\n", queue)
	return nil
}

// ask posts one of the button's requests.
func (d *demo) ask(ctx context.Context, origin, path string, question map[string]string, answer any) error {
	body, err := json.Marshal(question)
	if err != nil {
		return err
	}
	got, err := d.send(ctx, http.MethodPost, path, http.Header{"Content-Type": {"application/json"}, "Origin": {origin}}, string(body))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(got, answer); err != nil {
		return fmt.Errorf("read what %s answered: %w", path, err)
	}
	return nil
}

// follow shows a call's status from the button's event stream (server-sent
// events), until it has had its turn.
func (d *demo) follow(ctx context.Context, origin, id string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, d.url+"/click-to-call/calls/"+id, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Accept", "text/event-stream")
	request.Header.Set("Origin", origin)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
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
			return err
		}
		fmt.Fprintf(d.Out, "  the page is told: %s\n", call.State)
		if call.State == "calling" {
			return nil
		}
	}
	return cmp.Or(lines.Err(), errors.New("its turn did not come"))
}
