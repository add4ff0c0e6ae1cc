package clicktocall

import (
	"context"
	"crypto/hmac"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/part"
	"github.com/switchhook/switchhook/internal/phone"
)

const (
	// ProofLife is how long a code is valid. Asking again for the number sends the
	// same code, so that a stranger who asks first does not lock out the owner.
	ProofLife = day

	// ProofPause is how long a number that was texted a code gets no other.
	ProofPause = numberPause

	// CalledLately is how recently we must have called a number to send it a code.
	CalledLately = 30 * day

	// proofPatience is how long the phone system may take to send a code. Only the
	// next code and a server that stops wait for it.
	proofPatience = 10 * time.Second

	// keepPatience is how long the visitor waits for our own database.
	keepPatience = 10 * time.Second
)

// Proof is a code to be sent to a number: anyone who knows it proves that the
// number is theirs.
type Proof struct {
	Number string  // digits
	From   Subnets // that the request comes from
	Effort Effort
	Silent bool // nothing goes to the number

	// The rations of those who have proved work, and of those who have not.
	Proved, Unproved Ration

	// Seal returns what we store of a code that was born at a time: its hash.
	Seal func(born time.Time) string
}

// ProofBegun is the result of beginning a Proof.
type ProofBegun struct {
	Until time.Time // a cap is reached until then, and nothing else is set; zero: none is
	Send  bool      // the code is to be sent
	Born  time.Time // the code's
	ID    string
}

// Proofs stores codes and their results: store.Store, in its
// clicktocall_proofs.go.
type Proofs interface {
	// BeginProof records that a code was asked for. It is to be sent if the number
	// was called lately, and has not been sent codes too often. A code that is
	// still valid is sent again.
	BeginProof(ctx context.Context, p Proof, now time.Time) (ProofBegun, error)

	// UnsendProof takes back that a code was sent, when it certainly was not.
	UnsendProof(ctx context.Context, id string) error

	// TakeProof puts a number on the suppression list if the code is right and
	// there were not too many wrong ones, which it counts. A code works once.
	TakeProof(ctx context.Context, given Given, sup ledger.Suppression, now time.Time) (ok bool, err error)

	// Suppressed returns why a number is not to be reached, nil if it may.
	Suppressed(ctx context.Context, tenant, number string, channel ledger.Channel) (*ledger.Suppression, error)
}

// Given is a code that a visitor enters.
type Given struct {
	Number string
	Code   string // the hash of its first half
	Whole  bool   // the other half was given too: it counts however many wrong ones there were
	Owner  string // of the network that it comes from
	Effort Effort
}

// CodeSender brings a code to a number, by a text or a call.
type CodeSender interface {
	// Tenant returns the phone system's domain that it goes out in: a number
	// that wants nothing more from that domain is not reached.
	Tenant() string

	SendCode(ctx context.Context, number string, code ProofCode) error
}

// Never is the http.Handler of /click-to-call/never: a page where somebody puts
// their number on the suppression list for calls, of all tenants.
type Never struct {
	Proofs   Proofs   // required
	Networks Networks // required
	Key      Key      // required
	Entries  Entries
	Courier  *Courier // required; stopped by its creator

	Text CodeSender // nil: codes are not texted
	Call CodeSender // nil: codes are not spoken

	Regions []string // whose numbers may be put on the list; empty: phone.DefaultRegion

	Address func(*http.Request) netip.Addr // as Handler's
	Log     part.Log
	Audit   ledger.Audit    // optional
	Sent    func(err error) // told the result of sending each code; optional

	meter meter
}

// The fields of the form.
const (
	fieldNumber = "number"
	fieldCode   = "code"
	fieldBy     = "by"
	fieldAgain  = "again" // the same, where there is a code to give
	fieldToken  = "token"
	fieldNonce  = "nonce"
	byText      = "text"
	byCall      = "call"
)

// ServeHTTP shows the page, sends codes and takes them.
func (n *Never) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		n.show(w, r, http.StatusOK, n.ask("", ""))
	case http.MethodPost:
		// A form on another site must not make us send codes.
		if err := http.NewCrossOriginProtection().Check(r); err != nil {
			n.show(w, r, http.StatusForbidden, n.ask("Please use the form on this page.", ""))
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
		Text: "Somebody had us call you from a web page, and you did not want that? Enter your number. We send it a code to see that it is yours, if we called it within the last 30 days, and then no button of ours calls it again.",
		Form: &fillIn{Fields: []input{{Name: fieldNumber, Label: "Your telephone number", Value: number, Type: "tel", Complete: "tel", Mode: "tel"}}},
	}
	if p.Form.Buttons = n.senders(fieldBy); p.Form.Buttons == nil {
		p.Text, p.Form = "This server cannot send codes. Please write or call whoever runs it: they can put your number on the list.", nil
	}
	return p
}

// askCode is the page that asks for the code.
func (n *Never) askCode(problem, number string) page {
	return page{
		Title: "Enter the code", Problem: problem,
		Text: "If we called the number within the last 30 days, and it can be reached, a code of eight digits is on its way. It is good for a day. If none has come in ten minutes, ask again: it is the same.",
		Form: &fillIn{Fields: []input{
			{Name: fieldNumber, Value: number, Hidden: true},
			{Name: fieldCode, Label: "Code", Type: "text", Complete: "one-time-code", Mode: "numeric"},
		}, Buttons: append([]button{{Label: "Never call me again"}}, n.senders(fieldAgain)...)},
	}
}

// senders are the buttons that have a code sent.
func (n *Never) senders(field string) (all []button) {
	if n.Text != nil {
		all = append(all, button{Name: field, Value: byText, Label: "Text me a code", Early: field == fieldAgain})
	}
	if n.Call != nil {
		all = append(all, button{Name: field, Value: byCall, Label: "Call me with a code", Early: field == fieldAgain})
	}
	return all
}

func (n *Never) post(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		n.show(w, r, http.StatusBadRequest, n.ask("The form did not come whole. Please try again.", ""))
		return
	}
	given := strings.TrimSpace(r.PostForm.Get(fieldNumber))
	number, wrong := destination(given, n.Regions)
	switch {
	case wrong != "":
		n.show(w, r, http.StatusBadRequest, n.ask("This is not a telephone number that we would call. Please check it.", clip(given)))
	case r.PostForm.Has(fieldCode) && !r.PostForm.Has(fieldAgain):
		n.take(w, r, number.Digits())
	default:
		n.begin(w, r, number)
	}
}

// begin sends a code. What the visitor sees does not reveal whether it was sent,
// and so not who is on the list, or whose texts are stopped.
func (n *Never) begin(w http.ResponseWriter, r *http.Request, to phone.Number) {
	number := to.Digits()
	sender := n.Text
	if r.PostForm.Get(fieldBy) == byCall || r.PostForm.Get(fieldAgain) == byCall || sender == nil {
		sender = n.Call
	}
	if sender == nil {
		n.show(w, r, http.StatusBadRequest, n.ask("", number))
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), keepPatience)
	defer cancel()
	now, from := time.Now(), subnetsFrom(r, n.Address)
	effort := n.effortOf(r, from, now)
	begun, err := n.Proofs.BeginProof(ctx, Proof{
		Number: number, From: from, Effort: effort, Proved: provedProofs.of(from), Unproved: unprovedProofs.of(from), Silent: !n.mayReach(ctx, number, sender),
		Seal: func(born time.Time) string { return n.hash(to.Key(), n.Key.codeOf(to.Key(), born).Half()) },
	}, now)
	switch {
	case err != nil:
		n.failed(w, r, "a code could not be kept", err)
	case !begun.Until.IsZero():
		w.Header().Set("Retry-After", fmt.Sprint(int(time.Until(begun.Until).Seconds())+1))
		n.note(r.Context(), slog.LevelWarn, "too many codes requested", number)
		n.show(w, r, http.StatusTooManyRequests, n.askCode(tooMany(effort), number))
	default:
		n.note(r.Context(), slog.LevelInfo, "code requested", number, slog.Bool("sent", begun.Send))
		n.show(w, r, http.StatusOK, n.askCode("", number))
		if begun.Send && !n.Courier.Carry(func(ctx context.Context) { n.send(ctx, sender, to, begun) }) {
			n.told(errTooMany)
			n.note(r.Context(), slog.LevelError, "code not sent", number, slog.String("error", errTooMany.Error()))
		}
	}
}

// tooMany is what those see who ask more often than they may. Those who prove no
// work may ask less often.
func tooMany(effort Effort) string {
	const said = "Too many codes were asked for. If you were sent one, it is good for a day: enter it here. "
	if effort == (Effort{}) {
		return said + "Else try again at once, with JavaScript: it was off, or the page had been open for more than ten minutes."
	}
	return said + "Else please try again later."
}

// send sends a code after the page has answered. If it certainly did not go out
// it does not count.
func (n *Never) send(ctx context.Context, sender CodeSender, to phone.Number, begun ProofBegun) {
	sending, cancel := context.WithTimeout(ctx, proofPatience)
	defer cancel()
	err := sender.SendCode(sending, to.Digits(), n.Key.codeOf(to.Key(), begun.Born))
	n.told(err)
	if err == nil {
		n.note(ctx, slog.LevelInfo, "code sent", to.Digits())
		return
	}
	if fault.AgainOf(err) != fault.Uncertain {
		keeping, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepPatience)
		defer cancel()
		err = errors.Join(err, n.Proofs.UnsendProof(keeping, begun.ID))
	}
	n.note(ctx, slog.LevelError, "code not sent", to.Digits(), slog.String("error", clip(phone.MaskIn(err.Error()))))
}

// errTooMany is of a code that the Courier does not take.
var errTooMany = errors.New("too many codes wait for the phone system")

func (n *Never) told(err error) {
	if n.Sent != nil {
		n.Sent(err)
	}
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

// take puts a number on the list if its owner gave the code.
func (n *Never) take(w http.ResponseWriter, r *http.Request, number string) {
	now, key, from := time.Now(), phone.Key(number), subnetsFrom(r, n.Address)
	half, whole := n.Key.readCode(key, r.PostForm.Get(fieldCode))
	given := Given{Number: number, Code: n.hash(key, half), Whole: whole, Owner: from.owner(), Effort: n.effortOf(r, from, now)}
	ok, err := n.Proofs.TakeProof(r.Context(), given, ledger.Suppression{
		Number: number, Tenant: ledger.AnyTenant, Channel: ledger.Calls, At: now, How: ledger.ByPage, Words: "never call me again",
	}, now)
	switch {
	case err != nil:
		n.failed(w, r, "a number could not be put on the list", err)
	case !ok:
		n.show(w, r, http.StatusForbidden, n.askCode("The code is not right, or it is too old, or there were too many wrong ones. If you are sure of it, enter all 16 digits that the message ends with.", number))
	default:
		n.note(r.Context(), slog.LevelInfo, "number suppressed", number)
		n.Audit.Record(r.Context(), n.Log, suppressed(number, "by the page"))
		n.show(w, r, http.StatusOK, page{Title: "We will not call you again", Text: "No button of ours will have " + phone.Mask(number) + " called."})
	}
}

// suppressed is the event of a number that was put on the list.
func suppressed(number, how string) ledger.Event {
	return ledger.Event{Actor: "caller", Action: "suppression added", About: phone.Mask(number), Detail: "for calls of all tenants, " + how}
}

func (n *Never) failed(w http.ResponseWriter, r *http.Request, what string, err error) {
	n.note(r.Context(), slog.LevelError, what, "", slog.String("error", clip(phone.MaskIn(err.Error()))))
	n.show(w, r, http.StatusServiceUnavailable, n.ask("Something went wrong on our side. Please try again later.", ""))
}

func (n *Never) note(ctx context.Context, level slog.Level, message, number string, attrs ...slog.Attr) {
	if number != "" {
		attrs = append(attrs, slog.String("number", phone.Mask(number)))
	}
	n.Log.LogAttrs(ctx, level, message, attrs...)
}

// hash is what we store of a code: a reader of the database cannot use it.
func (n *Never) hash(number, code string) string {
	return hex.EncodeToString(n.Key.sign("code", []byte(number), []byte(code)))
}

func sameText(a, b string) bool { return hmac.Equal([]byte(a), []byte(b)) }
