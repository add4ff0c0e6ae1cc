package clicktocall

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"math/big"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/ledger"
	"github.com/switchhook/switchhook/internal/phone"
)

const (
	// ProofTries is how often a code may be given. Of a million codes that is
	// one chance in 200,000 to guess right.
	ProofTries = 5

	// proofLife is how long a code may be given.
	proofLife = 10 * time.Minute

	// proofPatience is how long the visitor waits for a code to be sent.
	proofPatience = 10 * time.Second
)

// The page sends texts to numbers that strangers write: these are the most that
// anybody gets of it.
const (
	proofsPerNumber  = 2   // in a day
	proofsPerNetwork = 5   // in a day
	proofsInAll      = 200 // in a day, over all servers
)

// Proof is a code that is sent to a number, for whoever knows it to prove that
// the number is theirs.
type Proof struct {
	Number  string // digits
	Network string // that asks
	Code    string // its hash
	Ends    time.Time
	Caps    []Cap // of OfNumber, OfNetwork, and OfTenant for all
}

// Proofs keeps codes, and what comes of them. The store does.
type Proofs interface {
	// BeginProof keeps a code, and makes one that was kept before void. Where a
	// cap is reached nothing is kept, and it says until when.
	BeginProof(ctx context.Context, p Proof, now time.Time) (until time.Time, err error)

	// TakeProof puts a number on the suppression list if the code is the right
	// one. It counts the tries, and a code is good once.
	TakeProof(ctx context.Context, number, code string, sup ledger.Suppression, now time.Time) (ok bool, err error)

	// Suppressed returns why a number is not to be reached, nil if it may.
	Suppressed(ctx context.Context, tenant, number string, channel ledger.Channel) (*ledger.Suppression, error)
}

// CodeSender brings a code to a number, by a text or a call.
type CodeSender interface {
	// Tenant returns the phone system's domain that it goes out in: who wants
	// nothing more from there is not reached.
	Tenant() string

	SendCode(ctx context.Context, number, code string) error
}

// Never is the http.Handler of /click-to-call/never: a page where somebody puts
// their number on the suppression list for calls, of all tenants.
type Never struct {
	Proofs  Proofs // required
	Key     Key    // required
	Entries Entries

	Text CodeSender // nil: codes are not texted
	Call CodeSender // nil: codes are not spoken

	Regions []string // whose numbers may be put on the list; empty: phone.DefaultRegion

	Address func(*http.Request) netip.Addr            // as Handler's
	Log     Log                                       // nil: slog.Default()
	Audit   func(context.Context, ledger.Event) error // nil: nobody is told
}

// The fields of the form.
const (
	fieldNumber = "number"
	fieldCode   = "code"
	fieldBy     = "by"
	byText      = "text"
	byCall      = "call"
)

// ServeHTTP shows the page, sends codes and takes them.
func (n *Never) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		show(w, http.StatusOK, n.ask("", ""))
	case http.MethodPost:
		// A form of somebody else's page must not have codes sent.
		if err := http.NewCrossOriginProtection().Check(r); err != nil {
			show(w, http.StatusForbidden, n.ask("Please use the form on this page.", ""))
			return
		}
		n.post(w, r)
	default:
		w.Header().Set("Allow", onlyGetPost)
		http.Error(w, "ask with GET or POST", http.StatusMethodNotAllowed)
	}
}

// ask is the page that asks for a number.
func (n *Never) ask(problem, number string) page {
	p := page{
		Title: "Never call me again", Problem: problem,
		Text: "Somebody had us call you from a web page, and you did not want that? Enter your number. We send it a code to see that it is yours, and then no button of ours calls it again.",
		Form: &fillIn{Fields: []input{{Name: fieldNumber, Label: "Your telephone number", Value: number, Type: "tel", Complete: "tel", Mode: "tel"}}},
	}
	if n.Text != nil {
		p.Form.Buttons = append(p.Form.Buttons, button{fieldBy, byText, "Text me a code"})
	}
	if n.Call != nil {
		p.Form.Buttons = append(p.Form.Buttons, button{fieldBy, byCall, "Call me with a code"})
	}
	if p.Form.Buttons == nil {
		p.Text, p.Form = "This server cannot send codes. Please write or call whoever runs it: they can put your number on the list.", nil
	}
	return p
}

// askCode is the page that asks for the code.
func askCode(problem, number string) page {
	return page{
		Title: "Enter the code", Problem: problem,
		Text: "If the number can be reached, a code of six digits is on its way. It is good for ten minutes.",
		Form: &fillIn{Fields: []input{
			{Name: fieldNumber, Value: number, Hidden: true},
			{Name: fieldCode, Label: "Code", Type: "text", Complete: "one-time-code", Mode: "numeric"},
		}, Buttons: []button{{Label: "Never call me again"}}},
	}
}

func (n *Never) post(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		show(w, http.StatusBadRequest, n.ask("The form did not come whole. Please try again.", ""))
		return
	}
	given := strings.TrimSpace(r.PostForm.Get(fieldNumber))
	number, wrong := destination(given, n.Regions)
	switch {
	case wrong != "":
		show(w, http.StatusBadRequest, n.ask("This is not a telephone number that we would call. Please check it.", clip(given)))
	case r.PostForm.Has(fieldCode):
		n.take(w, r, number.Digits())
	default:
		n.begin(w, r, number)
	}
}

// begin sends a code. What the visitor sees does not tell whether it was sent:
// neither who is on the list, nor whose texts are stopped.
func (n *Never) begin(w http.ResponseWriter, r *http.Request, to phone.Number) {
	number := to.Digits()
	sender := n.Text
	if r.PostForm.Get(fieldBy) == byCall || sender == nil {
		sender = n.Call
	}
	if sender == nil {
		show(w, http.StatusBadRequest, n.ask("", number))
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), proofPatience)
	defer cancel()
	now, code := time.Now(), newCode()
	network := subnetsFrom(r, n.Address).Network
	until, err := n.Proofs.BeginProof(ctx, Proof{
		Number: number, Network: network, Code: n.hash(to.Key(), code), Ends: now.Add(proofLife),
		Caps: []Cap{
			{Scope: OfNumber, Of: number, Most: 1, Per: numberPause}, {Scope: OfNumber, Of: number, Most: proofsPerNumber, Per: day},
			{Scope: OfNetwork, Of: network, Most: proofsPerNetwork, Per: day}, {Scope: OfTenant, Most: proofsInAll, Per: day},
		},
	}, now)
	switch {
	case err != nil:
		n.failed(w, r, "a code could not be kept", err)
		return
	case !until.IsZero():
		w.Header().Set("Retry-After", fmt.Sprint(int(time.Until(until).Seconds())+1))
		n.note(r, slog.LevelWarn, "too many codes were asked for", number)
		show(w, http.StatusTooManyRequests, n.ask("A code was sent a short while ago, or too many were. Please enter that one, or try again later.", number))
		return
	}
	if !n.mayReach(ctx, number, sender) {
		n.note(r, slog.LevelInfo, "no code goes to a number that wants no texts", number)
	} else if err := sender.SendCode(ctx, number, code); err != nil {
		n.failed(w, r, "a code could not be sent", err)
		return
	}
	show(w, http.StatusOK, askCode("", number))
}

// mayReach reports whether a number takes a code: one that wants no texts gets
// none, and one that is never called need not prove anything.
func (n *Never) mayReach(ctx context.Context, number string, by CodeSender) bool {
	channel := ledger.Calls
	if by == n.Text {
		channel = ledger.Texts
	}
	off, err := n.Proofs.Suppressed(ctx, by.Tenant(), number, channel)
	return err == nil && off == nil && (n.Entries == nil || !n.Entries.Sends("+"+number))
}

// take puts a number on the list whose owner gave the code.
func (n *Never) take(w http.ResponseWriter, r *http.Request, number string) {
	now := time.Now()
	code := strings.ReplaceAll(r.PostForm.Get(fieldCode), " ", "")
	ok, err := n.Proofs.TakeProof(r.Context(), number, n.hash(phone.Key(number), code), ledger.Suppression{
		Number: number, Tenant: ledger.AnyTenant, Channel: ledger.Calls, At: now, How: ledger.ByPage, Words: "never call me again",
	}, now)
	switch {
	case err != nil:
		n.failed(w, r, "a number could not be put on the list", err)
	case !ok:
		show(w, http.StatusForbidden, askCode("The code is not right, or it is too old.", number))
	default:
		n.note(r, slog.LevelInfo, "a number was put on the suppression list", number)
		if err := audit(r.Context(), n.Audit, number, "by the page"); err != nil {
			n.note(r, slog.LevelError, "the audit could not be written", "", slog.String("error", err.Error()))
		}
		show(w, http.StatusOK, page{Title: "We will not call you again", Text: "No button of ours will have " + phone.Mask(number) + " called."})
	}
}

// audit keeps that a number was put on the list. It is on it all the same where
// that fails.
func audit(ctx context.Context, keep func(context.Context, ledger.Event) error, number, how string) error {
	if keep == nil {
		return nil
	}
	return keep(ctx, ledger.Event{At: time.Now(), Actor: "caller", Action: "suppression added", About: phone.Mask(number), Detail: "for calls of all tenants, " + how})
}

func (n *Never) failed(w http.ResponseWriter, r *http.Request, what string, err error) {
	n.note(r, slog.LevelError, what, "", slog.String("error", clip(phone.MaskIn(err.Error()))))
	show(w, http.StatusServiceUnavailable, n.ask("Something went wrong on our side. Please try again later.", ""))
}

func (n *Never) note(r *http.Request, level slog.Level, message, number string, attrs ...slog.Attr) {
	log := n.Log
	if log == nil {
		log = slog.Default().LogAttrs
	}
	if number != "" {
		attrs = append(attrs, slog.String("number", phone.Mask(number)))
	}
	log(r.Context(), level, message, attrs...)
}

// hash is what is kept of a code: who reads the database cannot use it.
func (n *Never) hash(number, code string) string {
	return hex.EncodeToString(n.Key.sign("code", []byte(number), []byte(code)))
}

// newCode returns a code of six digits.
func newCode() string {
	code, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		panic(err) // the reader never fails
	}
	return fmt.Sprintf("%06d", code)
}

func sameText(a, b string) bool { return hmac.Equal([]byte(a), []byte(b)) }
