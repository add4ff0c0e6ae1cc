package dialog

import (
	"errors"
	"maps"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// firstMessage is how long who connected has for the handshake of TLS and a
	// first message, before the connection is closed.
	firstMessage = 30 * time.Second

	// maxIdle closes a connection that has been silent for longer than a telephone
	// waits before it registers again, an hour as a rule.
	maxIdle = 2 * time.Hour

	// longestPause bounds the pause between two tries to accept a connection where
	// there is no room for one, such as when files have run out.
	longestPause = time.Second
)

// streams is a listener of TCP or TLS as sipgo accepts from it.
type streams struct {
	net.Listener
	gate    *gate
	open    *openStreams
	network string // TCP or TLS
	ladders *ladders
}

// Accept returns the next connection that is to be heard.
func (l *streams) Accept() (net.Conn, error) {
	pause := readPause
	for {
		conn, err := l.Listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil, err
		}
		if err != nil {
			time.Sleep(pause)
			pause = min(2*pause, longestPause)
			continue
		}
		pause = readPause
		if s := l.admit(conn); s != nil {
			return s, nil
		}
		_ = conn.Close() // its peer sees that, and an error means that it went
	}
}

// admit returns a connection as sipgo reads it, or nil if it is not to be heard.
func (l *streams) admit(conn net.Conn) *stream {
	from := addressOf(conn.RemoteAddr())
	ok, counted := l.gate.connect(from.Addr())
	if !ok {
		return nil
	}
	s := &stream{
		Conn: conn, gate: l.gate, counted: counted, open: l.open, network: l.network, ladders: l.ladders,
		peer: conn.RemoteAddr().String(), from: from.Addr(), closed: make(chan struct{}),
	}
	if !l.open.add(s) {
		return nil // the gate is not used any more
	}
	_ = conn.SetDeadline(time.Now().Add(firstMessage)) // fails where it is closed: the first read sees that
	return s
}

// stream is a connection that was accepted. Who sends too much is read more
// slowly, so that nothing is lost; who sends what is no message offends: sipgo
// then closes the connection.
type stream struct {
	net.Conn
	gate    *gate
	counted bool // by the gate
	open    *openStreams
	peer    string // its address, as sipgo names the source of a message
	from    netip.Addr
	network string
	ladders *ladders

	heard   bool        // a message; belongs to the goroutine that reads
	reading atomic.Bool // sipgo waits for more
	once    sync.Once
	closed  chan struct{}
}

// Read returns what came, after the pause that its amount demands.
func (s *stream) Read(b []byte) (int, error) {
	s.reading.Store(true)
	if s.heard {
		if err := s.SetReadDeadline(time.Now().Add(maxIdle)); err != nil {
			return 0, err
		}
	}
	n, err := s.Conn.Read(b)
	if err != nil {
		return n, err // reading stays: that this is closed is no offence
	}
	for {
		wait, silent := s.gate.admit(s.from, n)
		switch {
		case silent:
			return 0, net.ErrClosed
		case wait == 0:
			s.reading.Store(false)
			return n, nil
		case !s.pause(wait):
			return 0, net.ErrClosed
		}
	}
}

// pause waits, and reports whether the connection is still open.
func (s *stream) pause(wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.closed:
		return false
	}
}

// Write closes the connection where it fails: what follows half a message cannot
// be read.
func (s *stream) Write(b []byte) (int, error) {
	at := time.Now()
	n, err := s.Conn.Write(b)
	if err != nil {
		_ = s.Close()
		return n, err
	}
	s.ladders.wrote(at, s.network, addressOf(s.RemoteAddr()), b)
	return n, nil
}

// arrived notes that a message came.
func (s *stream) arrived() {
	if !s.heard {
		s.heard = true
		_ = s.SetDeadline(time.Time{}) // fails where it has been closed meanwhile
	}
}

// Close closes the connection. Where sipgo does so after reading, not while it
// waits for more, it could not parse what it read.
func (s *stream) Close() error {
	err := s.Conn.Close()
	s.once.Do(func() {
		close(s.closed)
		if !s.reading.Load() {
			s.gate.offend(s.from)
		}
		if s.counted {
			s.gate.disconnect(s.from)
		}
		s.open.remove(s)
	})
	return err
}

// openStreams are the connections that were accepted and are still open, by their
// peers. The zero value is ready to use.
type openStreams struct {
	mu     sync.Mutex
	byPeer map[string]*stream
	over   bool
	count  sync.WaitGroup
}

// add takes a connection up, but not after end.
func (o *openStreams) add(s *stream) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.over {
		return false
	}
	if o.byPeer == nil {
		o.byPeer = make(map[string]*stream)
	}
	o.byPeer[s.peer] = s
	o.count.Add(1)
	return true
}

// remove forgets a connection that was added and has been closed.
func (o *openStreams) remove(s *stream) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.byPeer[s.peer] == s {
		delete(o.byPeer, s.peer)
	}
	o.count.Done()
}

// arrived notes that a message of a peer came, and returns the address of ours
// that it came to; the zero value for a connection that we made.
func (o *openStreams) arrived(peer string) (local netip.AddrPort) {
	o.mu.Lock()
	s := o.byPeer[peer]
	o.mu.Unlock()
	if s == nil {
		return netip.AddrPort{}
	}
	s.arrived()
	return addressOf(s.LocalAddr())
}

// accepted reports whether a peer has made the connection to it.
func (o *openStreams) accepted(peer string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.byPeer[peer] != nil
}

// end closes all connections, and returns when all are closed.
func (o *openStreams) end() {
	o.mu.Lock()
	o.over = true
	all := slices.Collect(maps.Values(o.byPeer))
	o.mu.Unlock()
	for _, s := range all {
		_ = s.Close() // its reader sees that
	}
	o.count.Wait()
}
