package dialog

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"hash/maphash"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/emiago/sipgo/sip"
)

// writeTimeout is how long a connection of TCP or TLS may take no more of a
// message before it is given up. The call that sends waits for it.
const writeTimeout = 10 * time.Second

// dialTimeout is how long a connection of ours may take to be made, the handshake
// of TCP alone. A call that goes out waits for it.
const dialTimeout = 5 * time.Second

// Config is what a Stack works with.
type Config struct {
	Listen []Listen

	// ServeTLS has the certificates for Listen over TLS; DialTLS is for the
	// connections that we make, optional.
	ServeTLS, DialTLS *tls.Config

	// Near reports whether an address reaches the true addresses of a Listen, which
	// has it told those in place of Public. It must not block. Optional: none does.
	Near func(netip.Addr) bool

	// Heard reports whether what an address sends is read at all. It must not block.
	// Those that we call are heard while the call lasts. Optional: everybody is.
	Heard func(netip.Addr) bool

	// Trusted reports whether an address may send whatever it likes: the trunks
	// and what the operator allows. It is asked for each message that would be
	// refused, and must not block. Optional: nobody.
	Trusted func(netip.Addr) bool

	// Room reports whether a call from an address would be taken now. Where it would
	// not, it is refused with 503 before it costs any memory, and Incoming is not told.
	// It must not block. Optional: all would be.
	Room func(netip.Addr) bool

	// Incoming is given each call to us, and returns whom to tell what happens. It
	// must not wait; what it asks of the call is done after.
	Incoming func(*Call) (tell func(Event))

	// LeastSession is the shortest session timer that a call may have. Default: 90 s,
	// below which RFC 4028 section 4 allows none.
	LeastSession time.Duration

	Log *slog.Logger // optional
}

// Stack is the SIP of one process: its sockets, and sipgo's transports and
// transactions over them. Calls are given to its handler, what belongs to one to
// the dialog of that, and everything else is answered here.
type Stack struct {
	log          *slog.Logger
	gate         *gate
	listens      []opened
	near         func(netip.Addr) bool
	sockets      map[string]*datagrams // of UDP, by the source that sipgo is told
	ours         sync.Map              // of netip.AddrPort: what we put into Via
	open         openStreams
	dialTLS      *tls.Config // of the connections that we make; nil: the usual
	dialled      *dialled
	transport    *sip.TransportLayer
	queues       queues
	transactions transactions

	invite   requestHandler // of those that begin a call
	incoming func(*Call) (tell func(Event))
	room     func(netip.Addr) bool // optional
	calls    calls
	timing   timing
	least    time.Duration // no session timer is shorter
	dialogs  registry
	arrivals arrivals
	ladders  ladders
	seed     maphash.Seed // of fingerprints

	turnedAway turnedAway

	draining atomic.Bool
	messages atomic.Uint64 // that were read
	failed   atomic.Pointer[error]
	ready    chan struct{} // closed when all UDP sockets are read from
	unready  atomic.Int32  // how many are not

	mu       sync.Mutex
	over     bool
	handlers sync.WaitGroup
}

// quietSipgo is done once, before sipgo is used: what it sets is of the whole
// process. What sipgo logs has whole messages in it, with numbers and passwords'
// digests; and it refuses datagrams that are larger than a packet of Ethernet,
// which the kernel takes apart and joins.
var quietSipgo = sync.OnceFunc(func() {
	const reserved = 200 // what sipgo leaves free below the size
	sip.UDPMTUSize = maxDatagram + reserved
	sip.SetDefaultLogger(slog.New(slog.DiscardHandler))
})

// maxDatagram is the most that a datagram of IPv4 holds.
const maxDatagram = 65507

// New opens the sockets. Serve answers at them.
func New(c Config) (*Stack, error) {
	s, err := newStack(c, nil)
	if err != nil {
		return nil, err
	}
	s.invite = s.takeInvite
	return s, nil
}

// newStack opens the sockets. INVITEs outside of dialogs are given to invite.
func newStack(c Config, invite requestHandler) (*Stack, error) {
	quietSipgo()
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	nobody := func(netip.Addr) bool { return false }
	if c.Trusted == nil {
		c.Trusted = nobody
	}
	if c.Near == nil {
		c.Near = nobody
	}
	s := &Stack{
		log: c.Log, gate: newGate(c.Trusted, c.Log), near: c.Near, invite: invite, incoming: c.Incoming, timing: rfcTiming(), least: cmp.Or(c.LeastSession, leastSession),
		sockets: make(map[string]*datagrams), seed: maphash.MakeSeed(), ready: make(chan struct{}),
		dialTLS: c.DialTLS, dialled: newDialled(),
	}
	s.gate.heard, s.room = c.Heard, c.Room
	s.layers(c.DialTLS)
	for _, l := range c.Listen {
		o, err := l.open(c.ServeTLS, c.Log)
		if err != nil {
			s.closeSockets()
			return nil, err
		}
		s.take(o)
	}
	if len(s.sockets) == 0 {
		close(s.ready)
	}
	return s, nil
}

// layers makes sipgo's transports. What they read comes to arrived.
func (s *Stack) layers(dial *tls.Config) {
	stream := func() *sip.TransportTCP {
		return &sip.TransportTCP{WriteTimeout: writeTimeout, DialerCreate: dialer}
	}
	s.transport = sip.NewTransportLayer(net.DefaultResolver, newParser(), dial,
		sip.WithTransportLayerTransports(sip.TransportsConfig{TCP: stream(), TLS: &sip.TransportTLS{TransportTCP: stream()}}),
		sip.WithTransportLayerReadFilter(s.whole))
	s.transport.OnMessage(s.arrived)
	s.transactions = newTransactions()
}

// dialer makes the connections of ours that are not accepted.
func dialer(local net.Addr) net.Dialer {
	return net.Dialer{Timeout: dialTimeout, LocalAddr: local, Control: func(_, _ string, socket syscall.RawConn) error {
		mark(socket)
		return nil
	}}
}

// take makes an opened socket one of the stack.
func (s *Stack) take(o opened) {
	if o.Public.IsValid() && o.Public.Port() == 0 {
		o.Public = netip.AddrPortFrom(o.Public.Addr(), o.Address.Port())
	}
	s.listens = append(s.listens, o)
	s.ours.Store(o.Address, true)
	s.ours.Store(o.Public, true) // without one it is no address that a Via has
	if o.packets == nil {
		return
	}
	s.unready.Add(1)
	s.sockets[o.Address.String()] = &datagrams{
		UDPConn: o.packets, gate: s.gate, pool: s.transport.Pool(UDP), address: o.Address, ladders: &s.ladders,
		reading: func() {
			if s.unready.Add(-1) == 0 {
				close(s.ready)
			}
		},
	}
}

// Serve answers until the context ends. Then it closes the sockets and the
// connections, ends the transactions, and returns when all its goroutines have
// ended. It may be called once.
func (s *Stack) Serve(ctx context.Context) error {
	var serving sync.WaitGroup
	errs := make([]error, len(s.listens))
	for i := range s.listens {
		serving.Go(func() {
			if errs[i] = s.serve(&s.listens[i]); errs[i] != nil {
				s.failed.CompareAndSwap(nil, &errs[i])
			}
		})
	}
	serving.Go(func() { _ = s.transport.ServeTLS(s.dialled) }) // ends when that is closed
	<-ctx.Done()
	s.mu.Lock()
	s.over = true
	s.mu.Unlock()
	_ = s.dialled.Close() // has no error
	s.closeSockets()
	serving.Wait()
	s.abandon()
	s.handlers.Wait()
	s.transactions.close()
	s.open.end()
	_ = s.transport.Close() // an error means that the other side was faster
	return errors.Join(errs...)
}

// Failed returns why a socket is no longer read from while the stack serves; nil: all
// are.
func (s *Stack) Failed() error {
	if err := s.failed.Load(); err != nil {
		return *err
	}
	return nil
}

// serve reads from one socket until it is closed.
func (s *Stack) serve(o *opened) error {
	var err error
	l := &streams{Listener: o.listener, gate: s.gate, open: &s.open, network: o.Network, ladders: &s.ladders}
	switch o.Network {
	case UDP:
		err = s.transport.ServeUDP(s.sockets[o.Address.String()])
	case TCP:
		err = s.transport.ServeTCP(l)
	case TLS:
		err = s.transport.ServeTLS(l)
	}
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

func (s *Stack) closeSockets() {
	for i := range s.listens {
		s.listens[i].close()
	}
}

// enter counts a goroutine that takes messages, unless the stack is over.
func (s *Stack) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return false
	}
	s.handlers.Add(1)
	return true
}

// ended reports whether the stack has begun to close: sipgo would then open
// sockets of its own to send by.
func (s *Stack) ended() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.over
}

// Drain refuses new calls from now on, with 503, and OPTIONS too, so that those
// who ask that way send their calls elsewhere. Calls go on.
func (s *Stack) Drain() { s.draining.Store(true) }

// Addresses returns what the stack listens at, with the ports that it got.
func (s *Stack) Addresses() []Listen {
	all := make([]Listen, len(s.listens))
	for i, o := range s.listens {
		all[i] = o.Listen
	}
	return all
}
