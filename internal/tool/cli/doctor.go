package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/provision"
	"github.com/switchhook/switchhook/internal/call/speech"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/internal/server/config"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/netsapiens"
)

// doctorTimeout bounds each check of something that may not answer.
const doctorTimeout = 10 * time.Second

type doctorCommand struct {
	settingsFlag
	Announcement bool `help:"Only print the address, with its key, that a queue's dial rule asks so that people can press 9 never to be called again."`
}

// finding is the result of one check.
type finding struct {
	verdict string // ok, warn or fail
	about   string
	text    string
	mend    string // what to do; empty: nothing
}

// The verdicts.
const (
	fine    = "ok"
	doubt   = "warn"
	trouble = "fail"
)

// Run checks everything that the settings need, and says what to fix. The exit
// code is 1 if something fails.
func (c *doctorCommand) Run(ctx context.Context, m *Main) error {
	settings, err := c.load(nil)
	if err != nil {
		return err // with every problem and its place
	}
	if c.Announcement {
		return printAnnouncement(ctx, m, settings)
	}
	failed := false
	show := func(f finding) {
		fmt.Fprintf(m.Out, "%-4s  %-12s %s\n", f.verdict, f.about, strings.Join(strings.Fields(f.text), " ")) // foreign errors may have several lines
		if f.mend != "" {
			fmt.Fprintf(m.Out, "      %-12s %s\n", "", "→ "+f.mend)
		}
		failed = failed || f.verdict == trouble
	}
	examineSecrets(ctx, settings, show)
	show(examineData(string(settings.Data)))
	show(examineListener(ctx, string(settings.Listen)))
	show(examineMetrics(ctx, settings))
	database, found := examineDatabase(ctx, settings, show)
	if database != nil {
		defer func() { _ = database.Close() }() // nothing was written
	}
	if settings.NetSapiens != nil {
		show(examinePublicURL(ctx, settings))
		d := &phoneSystemDoctor{settings: settings, show: show, store: database, found: found}
		d.examine(ctx)
	}
	if settings.OnCall != nil {
		examineOnCall(ctx, settings, show)
	}
	show(examineSpeech())
	if failed {
		return exit(exitFailed)
	}
	return nil
}

// examineSecrets reports secrets that are too short, once the settings can be
// read.
func examineSecrets(ctx context.Context, settings *config.Settings, show func(finding)) {
	refused, warned := server.ShortSecrets(ctx, settings)
	if len(refused) == 0 {
		show(finding{verdict: fine, about: "settings", text: "they can be used"})
	}
	for _, p := range refused {
		show(finding{about: "settings"}.failing(p.String(), "the server does not start in a new data folder with it"))
	}
	for _, p := range warned {
		show(finding{verdict: doubt, about: "settings", text: p.String(), mend: "it goes on to count; give those who show it a new one"})
	}
}

// examineData tries to write in the data folder. It does not make a missing
// one: the folder might then belong to the wrong user.
func examineData(folder string) finding {
	f := finding{verdict: fine, about: "data", text: folder + " can be written"}
	place := folder
	for {
		_, err := os.Stat(place)
		if !errors.Is(err, fs.ErrNotExist) || filepath.Dir(place) == place {
			break
		}
		place = filepath.Dir(place)
		f.text = folder + " is not there yet and can be made"
	}
	probe, err := os.CreateTemp(place, ".doctor-*")
	if err != nil {
		return f.failing(fmt.Sprintf("%s cannot be written: %v", place, err), "give the folder to the user that serves, or name another: data")
	}
	_ = probe.Close()
	_ = os.Remove(probe.Name())
	return f
}

func (f finding) failing(text, mend string) finding {
	f.verdict, f.text, f.mend = trouble, text, mend
	return f
}

func examineListener(ctx context.Context, address string) finding {
	f := finding{verdict: fine, about: "listen", text: address + " is free"}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err == nil {
		_ = listener.Close()
		return f
	}
	if body, status, err := get(ctx, "http://"+server.Reachable(address)+"/healthz"); err == nil && status == http.StatusOK && body == "ok\n" {
		f.text = address + ": a server of ours answers"
		return f
	}
	return f.failing(fmt.Sprintf("%s cannot be listened on: %v", address, err), "end what listens there, or choose another address: listen")
}

// examinePublicURL calls the webhook the way the phone system does.
func examinePublicURL(ctx context.Context, settings *config.Settings) finding {
	f := finding{verdict: fine, about: "public_url"}
	target := settings.PublicURL.JoinPath("webresponder").String() + "?id=doctor"
	body, status, err := get(ctx, target)
	switch {
	case err != nil:
		f.verdict, f.text = doubt, fmt.Sprintf("%s does not answer from here: %v", settings.PublicURL, err)
		f.mend = "start the server and the proxy before it; the phone system must reach this address"
	case status != http.StatusOK || !strings.HasPrefix(body, "<Response>"):
		f.verdict, f.text = doubt, fmt.Sprintf("what answers at %s is not this server (status %d)", settings.PublicURL, status)
		f.mend = "have the proxy forward /webresponder, /widget.js, /click-to-call and the forms, /update-sms and /update-domain, to " + string(settings.Listen)
	case settings.PublicURL.Scheme != "https":
		f.verdict, f.text = doubt, settings.PublicURL.String()+" answers, but is not encrypted"
		f.mend = "put a proxy with TLS before it; callers' numbers go over this line"
	default:
		f.text = settings.PublicURL.String() + " answers"
	}
	return f
}

func get(ctx context.Context, address string) (body string, status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, doctorTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", 0, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		if failed, ok := errors.AsType[*url.Error](err); ok {
			err = failed.Err // without the URL, which the reader knows
		}
		return "", 0, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	return string(text), response.StatusCode, err
}

// phoneSystemDoctor checks the phone system and the entries.
type phoneSystemDoctor struct {
	settings *config.Settings
	show     func(finding)
	store    *store.Store // nil: there is none, or it cannot be opened
	found    bool         // there is one
	client   *netsapiens.Client
}

func (d *phoneSystemDoctor) examine(ctx context.Context) {
	entries := d.entries(ctx)
	if d.store != nil {
		d.provisioned(ctx, entries)
	}
	var err error
	d.client, err = netsapiens.New(netsapiens.Config{
		URL: d.settings.NetSapiens.URL.String(), Token: netsapiens.Secret(d.settings.NetSapiens.Token.Reveal()), Timeout: doctorTimeout,
	})
	if err != nil {
		d.show(finding{about: "phone system"}.failing(err.Error(), fault.HintOf(err)))
		return
	}
	defer d.client.CloseIdle()
	if !d.token(ctx) {
		return
	}
	d.owners(ctx, entries)
	d.replies(ctx, entries)
}

func (d *phoneSystemDoctor) entries(ctx context.Context) []*entry.Entry {
	f := finding{verdict: fine, about: "entries"}
	place := server.WhereEntries(d.settings)
	if d.settings.DomainsFile == "" && d.store == nil && d.found {
		return nil // they are in the database, which has its own line
	}
	if d.settings.DomainsFile == "" && d.store == nil {
		f.verdict, f.text, f.mend = doubt, "there are none yet", "the first form makes one; switchhook import takes over those of a domains.json"
		d.show(f)
		return nil
	}
	kept, err := server.OpenEntries(ctx, d.settings, d.store, nil)
	if err != nil {
		d.show(f.failing(err.Error(), fault.HintOf(err)))
		return nil
	}
	all := kept.All()
	f.text = fmt.Sprintf("%s: %d", place, len(all))
	if d.settings.DomainsFile != "" {
		if _, err := os.Stat(place); err != nil {
			f.verdict, f.text, f.mend = doubt, place+" is not there yet", "the first form makes it; switchhook import takes one over"
		}
	}
	d.show(f)
	for _, odd := range slices.Concat(kept.Oddities(), kept.Remarks()) {
		d.show(finding{verdict: doubt, about: "entries", text: odd.Error()})
	}
	d.buttons(all, place)
	d.keys(ctx, all)
	for _, e := range all {
		if lacks := e.LacksForTexts(); len(lacks) > 0 && e.HasText() {
			d.show(finding{verdict: doubt, about: "entries", text: fmt.Sprintf("%s cannot send texts: it lacks %s", e.ID, strings.Join(lacks, ", ")),
				mend: "send its form again, or write it into " + place})
		}
	}
	return all
}

// token checks that the phone system answers and knows the token.
func (d *phoneSystemDoctor) token(ctx context.Context) bool {
	f := finding{verdict: fine, about: "phone system"}
	version, err := d.client.Version(ctx)
	if err != nil && !netsapiens.Unauthorized(err) {
		d.show(f.failing(err.Error(), fault.HintOf(err)))
		return false
	}
	key, err := d.client.APIKey(ctx)
	switch {
	case netsapiens.Unauthorized(err):
		d.show(f.failing(err.Error(), "make a new API key on the phone system and set it: netsapiens.token or NS_TOKEN"))
		return false
	case err != nil:
		// Tokens that are not API keys cannot be queried.
		f.verdict, f.text = doubt, fmt.Sprintf("%s answers (version %s); it does not describe the token: %v", d.settings.NetSapiens.URL, version.API, err)
	case key.ReadOnly == netsapiens.Yes:
		d.show(f.failing("the token may only read", "make an API key that may write"))
		return false
	default:
		f.text = fmt.Sprintf("%s answers (version %s), the token is good (%s, domain %s)", d.settings.NetSapiens.URL, version.API, key.Scope, key.Domain)
	}
	d.show(f)
	return true
}

// owners checks that each entry's number belongs to the entry's user.
func (d *phoneSystemDoctor) owners(ctx context.Context, entries []*entry.Entry) {
	p := &provision.Provisioner{API: d.client, PublicURL: d.settings.PublicURL}
	for _, e := range entries {
		if !e.HasText() || len(e.LacksForTexts()) > 0 {
			continue
		}
		owner, err := p.Owner(ctx, e.APIDomain, e.Text.FromNumber)
		switch {
		case err != nil:
			d.show(finding{verdict: doubt, about: "entries", text: fmt.Sprintf("%s: %v", e.ID, err)})
		case owner != e.Text.User:
			d.show(finding{verdict: doubt, about: "entries", text: fmt.Sprintf("%s: the number %s belongs to user %s, not to %s",
				e.ID, phone.Mask(e.Text.FromNumber), owner, e.Text.User), mend: "texts from it will be refused: change user or from_number"})
		}
	}
}

func examineSpeech() finding {
	if _, err := speech.Find(); err != nil {
		return finding{verdict: doubt, about: "speech", text: err.Error(), mend: fault.HintOf(err)}
	}
	return finding{verdict: fine, about: "speech", text: "espeak-ng is there"}
}
