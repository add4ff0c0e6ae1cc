// Package softphone is a telephone: SIP by package dialog, sound by package media.
//
// New opens the sockets of a [Phone] and Serve runs it. Dial makes a [Call],
// Incoming has those to the phone. A Call tells what happens by Next; Say plays a
// sound to the other side, Hear records what arrives from it, and the figures of
// how it went come with [Ended].
package softphone

import (
	"cmp"
	"context"
	"crypto/tls"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/emiago/sipgo/sip"

	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/media"
	"github.com/switchhook/switchhook/internal/call/sdp"
	"github.com/switchhook/switchhook/internal/fault"
)

// Config is what a Phone works with. Listen is required.
type Config struct {
	// Listen is where SIP is received, and the network by which the phone calls.
	// Its address is one that the other side reaches, not 0.0.0.0: sound is
	// received there too.
	Listen dialog.Listen

	// ServeTLS has the certificates for Listen over TLS; default: a SelfSigned one.
	// DialTLS is for the connections that we make, optional.
	ServeTLS, DialTLS *tls.Config

	// Trusted reports whether an address may send whatever it likes, as that of
	// dialog.Config; optional.
	Trusted func(netip.Addr) bool

	// User is the name before the @ of the phone's own address. Default: that of
	// Account, or "phone".
	User string

	// Account is what a server that challenges us knows us by; optional. With it
	// the phone's address is of the domain that is called, as providers want it.
	Account dialog.Account

	// Codecs are those that the phone takes, the preferred first: PCMU, PCMA and
	// G722, which is also the default.
	Codecs []sdp.Codec

	// PublicMedia is the address of the sound as the other side reaches it, such as
	// that of a router which leaves ports as they are; optional.
	PublicMedia netip.Addr

	// Strict has sound taken only from where the other side says that it sends it
	// from, as of media.Rules.
	Strict bool

	// Ports are those of the sound. Default: a thousand, somewhere below those
	// that the kernel hands out by itself.
	Ports *media.Ports

	Threads int         // for the sound; 0: what media.Threads says of this machine
	Clock   media.Clock // of the sound; optional; default: the machine's

	Log *slog.Logger // optional
}

// Phone is a telephone.
type Phone struct {
	config   Config
	stack    *dialog.Stack
	pool     *media.Pool
	incoming chan *Call
	running  sync.WaitGroup // the calls

	mu    sync.Mutex
	calls map[*Call]struct{} // nil once the phone is put down
}

// maxWaiting is how many calls may wait to be taken from Incoming. Further callers
// hear that the phone is busy.
const maxWaiting = 16

// The default ports are defaultPorts in a row, from somewhere between these two on.
const (
	defaultPorts = 1000
	lowestPort   = 10_000
	highestPort  = 31_000
)

// New opens the sockets of a phone. Nothing is heard or answered before Serve.
func New(c Config) (*Phone, error) {
	if err := c.complete(); err != nil {
		return nil, err
	}
	p := &Phone{config: c, incoming: make(chan *Call, maxWaiting), calls: make(map[*Call]struct{})}
	var err error
	p.pool, err = media.New(media.Config{Address: c.Listen.Address.Addr(), Ports: c.Ports, Threads: c.Threads, Clock: c.Clock})
	if err != nil {
		return nil, err
	}
	p.stack, err = dialog.New(dialog.Config{
		Listen: []dialog.Listen{c.Listen}, ServeTLS: c.ServeTLS, DialTLS: c.DialTLS,
		Trusted: c.Trusted, Incoming: p.rings, Log: c.Log,
	})
	if err != nil {
		p.pool.Stop()
		return nil, err
	}
	return p, nil
}

// complete sets what has a default.
func (c *Config) complete() error {
	if len(c.Codecs) == 0 {
		c.Codecs = []sdp.Codec{sdp.PCMU, sdp.PCMA, sdp.G722}
	}
	c.User = cmp.Or(c.User, c.Account.User, "phone")
	if !c.PublicMedia.IsValid() {
		c.PublicMedia = c.Listen.Address.Addr()
	}
	var err error
	if c.Ports == nil {
		first := uint16(lowestPort + rand.IntN(highestPort-lowestPort)) //nolint:gosec // so that two phones do not try the same
		if c.Ports, err = media.NewPorts(first, first+defaultPorts); err != nil {
			return err
		}
	}
	if c.Listen.Network == dialog.TLS && c.ServeTLS == nil {
		own, err := SelfSigned(c.Listen.Address.Addr())
		if err != nil {
			return err
		}
		c.ServeTLS = &tls.Config{Certificates: []tls.Certificate{own}, MinVersion: tls.VersionTLS12}
	}
	return nil
}

// farewell is how long a phone that is put down waits for the responses to its
// BYEs.
const farewell = 2 * time.Second

// Serve runs the phone until the context ends. Then it hangs up all calls and
// returns when nothing of them is left. It is called once.
func (p *Phone) Serve(ctx context.Context) error {
	p.pool.Start()
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	served := make(chan error, 1)
	go func() { served <- p.stack.Serve(serving) }()
	<-ctx.Done()
	p.putDown()
	stop()
	err := <-served
	p.running.Wait()
	p.pool.Stop()
	return err
}

// putDown hangs up all calls. No others come.
func (p *Phone) putDown() {
	p.mu.Lock()
	calls := p.calls
	p.calls = nil
	p.mu.Unlock()
	patience := time.NewTimer(farewell)
	defer patience.Stop()
	for c := range calls {
		c.Hangup()
	}
	for c := range calls {
		select {
		case <-c.dialog.Gone():
		case <-patience.C:
			return
		}
	}
}

// Address returns where the phone is called: sip:USER@HOST:PORT with its
// transport.
func (p *Phone) Address() string {
	uri := p.uri()
	return uri.String()
}

func (p *Phone) uri() sip.Uri {
	l := p.stack.Addresses()[0]
	host := l.Address.Addr().String()
	if l.Address.Addr().Is6() {
		host = "[" + host + "]"
	}
	uri := sip.Uri{Scheme: "sip", User: p.config.User, Host: host, Port: int(l.Address.Port())}
	if l.Network != dialog.UDP {
		uri.UriParams.Add("transport", l.Network)
	}
	return uri
}

// Incoming returns the calls to the phone. Each is to be answered or hung up.
func (p *Phone) Incoming() <-chan *Call { return p.incoming }

// Dial calls a SIP address, such as sip:200@example.net. An address that cannot be
// called is a fault.Error of the code Invalid; that the call failed is told as
// Ended.
func (p *Phone) Dial(target string) (*Call, error) {
	uri, err := p.parse(target)
	if err != nil {
		return nil, err
	}
	return p.dial(uri, nil)
}

// isNoAddress reports whether a character ends an address, or the line it is on: the
// rest would be read as something else.
func isNoAddress(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune(`<>"`, r)
}

// parse reads whom to call. The address gets the phone's transport if it names
// none.
func (p *Phone) parse(target string) (sip.Uri, error) {
	var uri sip.Uri
	if err := sip.ParseUri(target, &uri); err != nil || uri.Host == "" || strings.ContainsFunc(target, isNoAddress) {
		return uri, fault.Newf(fault.Invalid, "%q is no SIP address", target).WithHint("write it as sip:200@192.0.2.1:5060")
	}
	network := p.config.Listen.Network
	transport, says := uri.UriParams.Get("transport")
	switch {
	case says && !strings.EqualFold(transport, network), uri.IsEncrypted() && network != dialog.TLS:
		return uri, fault.Newf(fault.Invalid, "%s cannot be called over %s", target, strings.ToUpper(network))
	case !says && network != dialog.UDP && !uri.IsEncrypted():
		uri.UriParams.Add("transport", network)
	}
	return uri, nil
}

// dial calls; watch is told, by the call's goroutine, what happens; optional.
func (p *Phone) dial(target sip.Uri, watch func(dialog.Event)) (*Call, error) {
	leg, err := p.pool.Open(media.Rules{Strict: p.config.Strict})
	if err != nil {
		return nil, err
	}
	c := newCall(p, leg)
	c.watch = watch
	to := sip.Uri{Scheme: target.Scheme, User: target.User, Host: target.Host}
	from := p.uri()
	if p.config.Account.User != "" {
		from = sip.Uri{Scheme: target.Scheme, User: p.config.User, Host: target.Host}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.calls == nil {
		leg.Close()
		return nil, fault.Newf(fault.Unavailable, "the phone is being put down")
	}
	c.dialog = p.stack.Dial(dialog.Outgoing{
		Target: target, From: dialog.Party{Address: from}, To: dialog.Party{Address: to},
		Account: p.config.Account, Local: c.local(sdp.SendRecv),
	}, c.take)
	p.admit(c)
	return c, nil
}

// rings takes a call to the phone.
func (p *Phone) rings(d *dialog.Call) (tell func(dialog.Event)) {
	leg, err := p.pool.Open(media.Rules{Strict: p.config.Strict})
	if err != nil {
		d.Hangup(engine.Overloaded)
		return func(dialog.Event) {}
	}
	c := newCall(p, leg)
	c.dialog = d
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.calls == nil {
		d.Hangup(engine.Unavailable)
	}
	p.admit(c)
	select {
	case p.incoming <- c:
	default:
		d.Hangup(engine.Busy)
	}
	return c.take
}

// admit runs a call; the lock is held.
func (p *Phone) admit(c *Call) {
	if p.calls != nil {
		p.calls[c] = struct{}{}
	}
	p.running.Go(func() {
		c.run()
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.calls, c)
	})
}
