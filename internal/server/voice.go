package server

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net/netip"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/media"
	"github.com/switchhook/switchhook/internal/call/trunk"
	"github.com/switchhook/switchhook/internal/call/voice"
	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/server/config"
	"github.com/switchhook/switchhook/internal/setting"
)

// sipCalls are a Core's calls over SIP: the sockets, the threads of the sound and
// what runs them.
type sipCalls struct {
	log     *slog.Logger
	media   *media.Pool
	ports   *media.Ports // of media
	threads int          // of media
	stack   *dialog.Stack
	server  *voice.Server
	trunk   *trunk.Trunk // nil: there is no carrier
	serve   func() error // runs the stack, once; everybody who calls it waits for its end

	// What a reload replaces.
	allowed     atomic.Pointer[[]netip.Prefix] // empty: everybody is
	certificate atomic.Pointer[tls.Certificate]
}

// listen opens the sockets of SIP, if there is to be any.
func (f *phoneSide) listen() error {
	s := f.site.Load()
	p := partOf[*phoneSidePart](s)
	if p == nil || len(s.settings.Core.Voice.SIP) == 0 {
		return nil
	}
	var err error
	p.sip, err = f.openSIP(s.settings.Core, p, partOf[*recordingsPart](s).folder)
	return err
}

// openSIP opens the sockets of SIP, and makes what runs the calls. The server's stop
// ends both.
func (f *phoneSide) openSIP(all *config.Core, p *phoneSidePart, recordings voice.Recordings) (*sipCalls, error) {
	settings := &all.Voice
	c := &sipCalls{log: f.log, threads: media.Threads(media.Cores())}
	f.openTrunk(c, all.Trunk)
	c.allow(settings.Allow)
	if err := c.loadCertificate(settings.TLS); err != nil {
		return nil, err
	}
	var err error
	if c.ports, err = media.NewPorts(settings.MediaPorts.First, settings.MediaPorts.Last); err != nil {
		return nil, err
	}
	if c.media, err = media.New(media.Config{Address: netip.IPv4Unspecified(), Ports: c.ports, Threads: c.threads}); err != nil {
		return nil, err
	}
	f.stops.add("sound of calls", func(context.Context) error { c.media.Stop(); return nil })
	c.server = voice.NewServer(voice.ServerConfig{
		Media: c.media, Rules: media.Rules{Timeout: settings.RTPTimeout, Strict: settings.RTPSource == voice.Strict},
		Exchange: p.exchange, Numbers: c.numbers(settings.CalledBy), Sounds: p.prompts, Recordings: recordings, Calls: &f.calls,
		Carrier: c.carrier(), AnswerAtOnce: settings.Answer == voice.AtOnce, MaxLength: settings.MaxCallLength,
		MaxCalls: settings.Most(), MaxPerSecond: settings.MaxCallsPerSecond,
		MaxOfSource: settings.MaxSourceCalls, MaxOfSourcePerSecond: settings.MaxSourceCallsPerSecond,
		Trusted: c.trusts, KeepRoom: c.trunk != nil, Refer: settings.Forward == voice.ByREFER, Guard: f.guard(f.site.Load().settings), Signals: signalsIn(p.exchange.Home), Log: f.log,
	})
	if c.stack, err = dialog.New(dialog.Config{
		Listen: listens(settings), ServeTLS: c.tlsConfig(), Near: func(a netip.Addr) bool { return anyContains(settings.LocalNetworks, a) },
		Heard: c.hears, Trusted: c.trusts, Room: c.server.HasRoom, Incoming: c.server.Incoming, Log: f.log,
	}); err != nil {
		return nil, &fault.Error{Code: fault.Unavailable, Message: "calls over SIP cannot be taken", Err: err,
			Hint: "another program listens there, or the address is not this machine's; the setting is core.sip"}
	}
	c.server.CallBy(c.stack)
	serving, end := context.WithCancel(context.Background())
	c.serve = sync.OnceValue(func() error { return c.stack.Serve(serving) })
	f.stops.add("SIP", func(ctx context.Context) error {
		end()
		return errors.Join(c.serve(), f.calls.Wait(ctx))
	})
	return c, nil
}

// signalsIn returns what callers hear of calls that come to nothing, as at home.
func signalsIn(home phone.Home) audio.Signals {
	regions := append(home.Regions(), "")
	return audio.NewSignals(regions[0])
}

// listens returns what a Stack is to listen at.
func listens(settings *voice.Settings) []dialog.Listen {
	all := make([]dialog.Listen, len(settings.SIP))
	for i, at := range settings.SIP {
		all[i] = dialog.Listen{Network: at.Network, Address: at.Address}
		if public := settings.ExternalAddress; public.IsSet() && public.Is4() == at.Address.Addr().Is4() {
			all[i].Public = netip.AddrPortFrom(public.Addr, 0)
		}
	}
	return all
}

// start takes calls, until the stop. The threads get a processor each beside those
// of the rest of the process; see media.Processors.
func (c *sipCalls) start(stops *stops, most int) {
	before := runtime.GOMAXPROCS(media.Processors(media.Cores(), c.threads))
	stops.add("processors for sound", func(context.Context) error { runtime.GOMAXPROCS(before); return nil })
	for _, granted := range c.media.Start() {
		if granted.Realtime {
			c.log.Info("sound thread runs in real time")
		} else {
			c.log.Warn("sound thread lacks real-time priority", "nice", granted.Nice, "error", granted.Refused.Error(),
				"hint", "calls stutter while the machine is busy; let the service have LimitRTPRIO or CAP_SYS_NICE")
		}
	}
	c.checkFiles(most)
	go func() { // ends with the stop of "SIP", which waits for it
		if err := c.serve(); err != nil {
			c.log.Error("SIP socket failed", "error", err.Error())
		}
	}()
}

// FilesOfCall is how many files a call may have open: two sockets each for the
// caller and for whom the call is forwarded to. Requests of responders, prompts and
// recordings come and go.
const FilesOfCall = 4

// checkFiles warns where the system does not let the process open as many files as
// its calls may need.
func (c *sipCalls) checkFiles(calls int) {
	if limit, known := OpenFilesLimit(); known && limit < uint64(calls)*FilesOfCall {
		c.log.Warn("open files limit is low for calls", "limit", limit, "max_calls", calls, "needed", calls*FilesOfCall,
			"hint", "raise LimitNOFILE of the service, or lower max_calls")
	}
}

// allow replaces the networks that may call.
func (c *sipCalls) allow(networks []netip.Prefix) { c.allowed.Store(&networks) }

// hears reports whether an address may call at all.
func (c *sipCalls) hears(a netip.Addr) bool { return len(*c.allowed.Load()) == 0 || c.trusts(a) }

// trusts reports whether an address is one that the operator names, or the carrier's.
func (c *sipCalls) trusts(a netip.Addr) bool {
	return anyContains(*c.allowed.Load(), a) || c.trunk != nil && c.trunk.Has(a)
}

func anyContains(networks []netip.Prefix, a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	return slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(a) })
}

// addresses returns where calls are taken.
func (c *sipCalls) addresses() []setting.SIPAddress {
	var all []setting.SIPAddress
	for _, l := range c.stack.Addresses() {
		all = append(all, setting.SIPAddress{Network: l.Network, Address: l.Address})
	}
	return all
}

// SIPAddresses returns where the Core takes calls over SIP, once Listen has opened
// the sockets; none: it takes none.
func (a *Server) SIPAddresses() []setting.SIPAddress {
	if calls := a.sipCalls(); calls != nil {
		return calls.addresses()
	}
	return nil
}

// sipCalls returns the calls over SIP; nil: there are none.
func (a *Server) sipCalls() *sipCalls {
	if p := partOf[*phoneSidePart](a.site.Load()); p != nil {
		return p.sip
	}
	return nil
}

// outside returns what rings the telephones of other systems; nil: SIP is off. The
// Core is made before the sockets are open, and makes no call before.
func (p *phoneSidePart) outside(settings *voice.Settings) core.Outside {
	if len(settings.SIP) == 0 {
		return nil
	}
	return ringing{p}
}

type ringing struct{ *phoneSidePart }

// Ring implements core.Outside.
func (r ringing) Ring(ctx context.Context, who engine.Outside, answered func(context.Context, engine.Line)) (engine.Rung, error) {
	return r.sip.server.Ring(ctx, who, answered)
}
