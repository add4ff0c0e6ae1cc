package sdp

import (
	"strconv"
	"time"
)

// How much sound a packet carries: what we send where the other side does not
// care, and the bounds of what we send and take.
const (
	usualPtime = 20 * time.Millisecond
	minPtime   = 10 * time.Millisecond
	maxPtime   = 60 * time.Millisecond
	ptimeStep  = 10 * time.Millisecond
)

// longestPtime is the most that is read of an a=ptime or a=maxptime: more than
// any packet can carry.
const longestPtime = time.Second

// parsePtime reads the value of a=ptime and a=maxptime, which may be a fraction
// (RFC 8866 sections 6.4 and 6.5). What nobody can mean is 0, as is none.
func parsePtime(value string) time.Duration {
	ms, err := strconv.ParseFloat(value, 64)
	if err != nil || !(ms >= 1 && ms <= longestPtime.Seconds()*1000) {
		return 0
	}
	return time.Duration(ms) * time.Millisecond
}

// packetTime returns how much sound we put into each packet to m's side: what
// it asks for, or the usual, never more than it takes, in steps of 10 ms, which
// is what a codec's frames add up to.
func (m *Media) packetTime() time.Duration {
	ptime := m.Ptime
	if ptime == 0 {
		ptime = usualPtime
	}
	if m.MaxPtime != 0 {
		ptime = min(ptime, m.MaxPtime)
	}
	return min(max(ptime.Truncate(ptimeStep), minPtime), maxPtime)
}
