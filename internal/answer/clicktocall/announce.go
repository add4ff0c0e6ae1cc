package clicktocall

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/part"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/responder"
)

// keyNever is the key to press for never being called again.
const keyNever = "9"

// announceWait is how long the called party may think before the call goes on.
const announceWait = 5 * time.Second

// maxAnnounced is the size in bytes past which a phone system's request is
// refused: it sends a few hundred.
const maxAnnounced = 64 << 10

// Suppressor puts numbers on the suppression list. The store does.
type Suppressor interface {
	Suppress(ctx context.Context, sup ledger.Suppression) error
}

// Announcement is the http.Handler of /click-to-call/never/call, a web responder.
// A queue routes its calls there: it tells the called party where the call comes
// from, and takes the key 9. Without the key the call goes on to the URL's
// parameter then, or ends if there is none.
//
// Anyone who could call it could put any number on the list, so its URL has a
// key: see AnnouncementURL.
type Announcement struct {
	Key     Key        // required
	List    Suppressor // required
	Entries Entries    // required: whose numbers are ours
	URL     *url.URL   // the server, without a path

	Log   part.Log
	Audit ledger.Audit // optional
}

// The parameters of the URL.
const (
	paramKey  = "key"
	paramThen = "then" // where the call goes on, such as 9002
)

// announcementKey is what the URL must have.
func (k Key) announcementKey() string { return encoding.EncodeToString(k.sign("announcement")) }

// AnnouncementURL returns the URL for the phone system to ask: base is the server,
// then is where the call goes on if the key is not pressed; empty: it ends.
func AnnouncementURL(base *url.URL, key Key, then string) string {
	u := base.JoinPath("click-to-call", "never", "call")
	query := url.Values{paramKey: {key.announcementKey()}}
	if then != "" {
		query.Set(paramThen, then)
	}
	u.RawQuery = query.Encode()
	return u.String()
}

// ServeHTTP answers with a document.
func (a *Announcement) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		w.Header().Set("Allow", onlyGetPost)
		http.Error(w, "a phone system asks with GET or POST", http.StatusMethodNotAllowed)
		return
	}
	req, err := a.read(w, r)
	if err != nil {
		http.Error(w, "the key is missing or wrong", http.StatusForbidden)
		return
	}
	document, err := responder.Encode(a.answer(r.Context(), req))
	if err != nil {
		http.Error(w, "the call cannot go on there", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/xml; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(document) // on an error the phone system has hung up: there is no one to tell
}

var errWrongKey = errors.New("the key is missing or wrong")

// read reads a request that has the key. If the URL has a wrong one, the body is
// not read.
func (a *Announcement) read(w http.ResponseWriter, r *http.Request) (*responder.Request, error) {
	wanted := a.Key.announcementKey()
	if query := r.URL.Query(); query.Has(paramKey) && !sameText(query.Get(paramKey), wanted) {
		return nil, errWrongKey
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxAnnounced)
	req, err := responder.ParseRequest(r)
	if err != nil {
		return nil, err
	}
	if !sameText(req.Params.Get(paramKey), wanted) {
		return nil, errWrongKey
	}
	return req, nil
}

func (a *Announcement) answer(ctx context.Context, req *responder.Request) responder.Document {
	then := req.Params.Get(paramThen)
	if req.Digits == keyNever {
		said := "You will not be called again. Goodbye."
		if err := a.suppress(ctx, req); err != nil {
			a.Log.LogAttrs(ctx, slog.LevelError, "number not suppressed", slog.String("error", err.Error()))
			said = "Sorry, that did not work. Please call us, and we will see to it."
		}
		return responder.Respond(responder.Say{Text: said}, responder.Hangup{})
	}
	goOn := responder.Verb(responder.Hangup{})
	if then != "" {
		goOn = responder.Forward{To: then}
	}
	if req.Params.Has(responder.ParamDigits) {
		return responder.Respond(goOn)
	}
	return responder.Respond(responder.Gather{
		Prompts: []responder.Prompt{responder.Say{
			Text: "This call was asked for on a web page. If that was not you, press 9 to never be called again.",
		}},
		NumDigits: 1, Timeout: announceWait, Action: AnnouncementURL(a.base(), a.Key, then),
	}, goOn)
}

func (a *Announcement) base() *url.URL {
	if a.URL == nil {
		return &url.URL{}
	}
	return a.URL
}

// suppress puts the party that pressed the key on the list: the one that is not
// us.
func (a *Announcement) suppress(ctx context.Context, req *responder.Request) error {
	caller := phone.ReadCaller(req.Caller, phone.HomeIn())
	number, wrong := destination(caller.E164(), nil)
	if wrong != "" || a.Entries.Sends(number.E164()) {
		number, wrong = destination(req.Called, nil)
	}
	if wrong != "" {
		// Of another country, with its code: a phone system writes the plus.
		var err error
		if number, err = phone.Parse(caller.E164(), phone.HomeIn()); err != nil {
			return err
		}
	}
	err := a.List.Suppress(ctx, ledger.Suppression{
		Number: number.Key(), Tenant: ledger.AnyTenant, Channel: ledger.Calls, At: time.Now(), How: ledger.ByCall, Words: "key " + keyNever,
	})
	if err != nil {
		return err
	}
	a.Log.LogAttrs(ctx, slog.LevelInfo, "number suppressed", slog.String("number", phone.Mask(number.E164())), slog.String("orig_call_id", clip(req.OrigCallID)))
	a.Audit.Record(ctx, a.Log, suppressed(number.Digits(), "by key "+keyNever))
	return nil
}
