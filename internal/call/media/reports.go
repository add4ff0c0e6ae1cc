package media

import (
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/switchhook/switchhook/internal/call/rtp"
)

// controlTicks is how often RTCP is read and the meter set: neither is urgent, and
// the one costs a system call.
const controlTicks = int64(100 * time.Millisecond / tickTime)

// reports is the RTCP of a leg, on the port after that of RTP.
type reports struct {
	socket  Socket
	control rtp.Control
	next    time.Duration  // report of ours; 0: nothing was agreed yet
	read    int64          // the tick at which to read next
	source  netip.AddrPort // of what was read
}

// begin plans the first report, and plan the next.
func (r *reports) begin(now time.Duration) { r.plan(true, now) }

func (r *reports) plan(first bool, now time.Duration) {
	r.next = now + rtp.Interval(first, rand.Float64()) //nolint:gosec // it shall not be a secret, but unlike the far end's
}

// step reads what has arrived, and reports when it is time.
func (r *reports) step(l *legState, t *thread, now time.Duration) {
	if t.tick >= r.read {
		r.read = t.tick + controlTicks
		l.measure()
		for i := range r.socket.Receive(t.batch) {
			r.take(l, &t.batch.datagrams[i], now)
		}
	}
	if now < r.next {
		return
	}
	r.plan(false, now)
	if b, err := r.control.Report(l.out.report(), &l.reception, now); err == nil {
		r.send(l, b)
	}
}

// take reads a datagram, if it comes from where the sound comes from.
func (r *reports) take(l *legState, d *datagram, now time.Duration) {
	if d.from.Addr().Unmap() != l.latch.Target().Addr() {
		l.record.Ignored++
		return
	}
	if _, err := r.control.Read(d.bytes, now-min(d.age, now)); err != nil {
		l.record.Ignored++
		return
	}
	r.source = d.from
}

// goodbye says that our stream ends.
func (r *reports) goodbye(l *legState, now time.Duration) {
	if r.next == 0 {
		return
	}
	if b, err := r.control.Goodbye(l.out.report(), &l.reception, now); err == nil {
		r.send(l, b)
	}
}

// renew makes what is sent another stream: one source has one clock rate (RFC 7160
// section 4.1).
func (l *legState) renew(now time.Duration) {
	l.reports.goodbye(l, now)
	l.out.SSRC, l.out.Marker = rand.Uint32(), true //nolint:gosec // it shall not be a secret, but unlike the far end's
	l.reports.control.Begin(l.out.SSRC, l.out.report())
}

// send sends to where RTCP came from, or before to the port after that of RTP.
func (r *reports) send(l *legState, b []byte) {
	to := r.source
	target := l.latch.Target()
	if to.Addr().Unmap() != target.Addr() {
		to = netip.AddrPortFrom(target.Addr(), target.Port()+1)
	}
	if target.IsValid() {
		r.socket.Send(b, to)
	}
}

// report returns what was sent, for RTCP.
func (s *stream) report() rtp.Sent {
	return rtp.Sent{Packets: s.packets, Bytes: s.bytes, Timestamp: s.Timestamp}
}
