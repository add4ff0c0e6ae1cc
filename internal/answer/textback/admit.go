package textback

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/setting/guess"
	"github.com/switchhook/switchhook/responder"
)

// maxBody is the size in bytes past which a request is refused: a phone system
// sends a few hundred.
const maxBody = 64 << 10

// admitRequest finds out who asks for what, and returns why the request is refused;
// empty: it is admitted. It checks URL, headers and address first: the body of
// a request that they refuse is not read.
func (w *Webhook) admitRequest(rw http.ResponseWriter, r *http.Request, call *webhookCall) Reason {
	r.Body = http.MaxBytesReader(rw, r.Body, maxBody)
	query := r.URL.Query()
	admitted := false
	if query.Has(paramID) {
		call.id, call.callID, call.caller = query.Get(paramID), query.Get(responder.ParamOrigCallID), query.Get(responder.ParamCaller)
		w.find(call, false)
		why := w.addressRefusal(call, r)
		if why == "" && (query.Has(paramKey) || isSigned(r)) {
			why = w.refusal(call, r, query)
			admitted = true
		}
		if why != "" {
			return why
		}
	}
	restore := keepBody(r)
	req, err := responder.ParseRequest(r)
	if err != nil {
		call.err = err
		return BadRequest
	}
	restore()
	call.id, call.callID, call.caller = req.Params.Get(paramID), req.OrigCallID, req.Caller
	call.params, call.digits = req.Params, req.Digits
	call.asked = req.Params.Get(paramStep) == stepConsent
	if admitted {
		return ""
	}
	w.find(call, false)
	return w.refusal(call, r, req.Params)
}

// find finds the entry of a call: as it is stored now, or as we remember it.
func (w *Webhook) find(call *webhookCall, now bool) {
	find := w.config.Entries.Remembered
	if now {
		find = w.config.Entries.Read
	}
	found := find(call.id)
	call.entry, call.sends, call.now = found.Entry, found.Sends, now
	call.basis = ledger.Basis{Entries: found.Version, Made: entry.Current}
}

// The names of the parameters that a request is admitted by.
const (
	paramID  = "id"
	paramKey = "key"
)

// addressRefusal returns why the address of a request may not ask for its entry;
// empty: it may. Nobody is refused by what we remember.
func (w *Webhook) addressRefusal(call *webhookCall, r *http.Request) Reason {
	why := w.addressRefused(call.entry, r)
	if why != "" && !call.now {
		w.find(call, true)
		why = w.addressRefused(call.entry, r)
	}
	return why
}

func (w *Webhook) addressRefused(e *entry.Entry, r *http.Request) Reason {
	if e == nil {
		return UnknownID
	}
	if len(e.AllowFrom) == 0 {
		return ""
	}
	address := w.config.Address(r).Unmap()
	for _, network := range e.AllowFrom {
		if network.Contains(address) {
			return ""
		}
	}
	return Forbidden
}

// refusal returns why a request may not ask for an entry; empty: it may. It
// comes from where the entry allows, and has the entry's key, as a parameter or
// as the secret that signs it. A key that was made for the entry is demanded once
// every rule that calls come by has it, and is good for as long as one may.
func (w *Webhook) refusal(call *webhookCall, r *http.Request, params url.Values) Reason {
	if why := w.addressRefusal(call, r); why != "" {
		return why
	}
	e := call.entry
	call.source = sourceOf(w.config.Address(r))
	shown := shownKey{r: r, key: params.Get(paramKey)}
	right, made, demanded := shown.matches(e.Key), entry.Key(""), false
	if !right {
		made, demanded, call.basis.Made = w.config.MadeKey(r.Context(), e.ID, call.now)
		right = shown.matches(made)
	}
	if !right && !call.now && (e.Key != "" || made != "") {
		w.find(call, true) // somebody may just have changed the key
		return w.refusal(call, r, params)
	}
	var wrong []string
	if !right && (e.Key != "" || made != "") {
		wrong = shown.wrongKeys()
	}
	secret := guess.Secret{Place: guess.Webhooks, Of: e.ID, Named: len(e.AllowFrom) > 0}
	if w.config.Guesses.Judge(r, secret, right, wrong...) > 0 {
		right = false // its caller hears what those without a key hear: a phone system reads no status
	}
	call.open = !right
	if call.open && (e.Key != "" || demanded) {
		w.config.Unkeyed(e.ID)
		return Forbidden
	}
	call.trusted = right || len(e.AllowFrom) > 0
	return ""
}

// shownKey is what a request shows as the key of an entry.
type shownKey struct {
	r      *http.Request
	key    string // the parameter
	forged bool   // it is signed with another
}

func (s *shownKey) matches(key entry.Key) bool {
	if key.Matches(s.key) {
		return true
	}
	err := responder.Verify(s.r, time.Now(), string(key))
	s.forged = errors.Is(err, responder.ErrSignature)
	return err == nil
}

// wrongKeys returns what was shown, where nothing of it is a key. A request may
// have many signatures, and each is a guess.
func (s *shownKey) wrongKeys() []string {
	wrong := []string{s.key}
	if s.forged {
		wrong = append(wrong, strings.Fields(s.r.Header.Get(responder.HeaderSignature))...)
	}
	return wrong
}

func isSigned(r *http.Request) bool { return r.Header.Get(responder.HeaderSignature) != "" }

// keepBody buffers the body of a signed request as it is read. The function that
// it returns puts the body back, so that the signature can be checked.
func keepBody(r *http.Request) (restore func()) {
	if !isSigned(r) || r.Body == nil || r.Body == http.NoBody {
		return func() {}
	}
	var kept bytes.Buffer
	r.Body = io.NopCloser(io.TeeReader(r.Body, &kept))
	return func() { r.Body = io.NopCloser(&kept) }
}
