package clicktocall

import (
	"crypto/sha256"
	"math/bits"
	"sync"
	"time"
)

// How much work is asked for, in bits: each more doubles it. A visitor's browser
// does 2¹³ hashes in about 20 ms, and 2²⁰ in some seconds.
const (
	strangerBits = 13 // of a network that has not called before, when it is calm
	mostBits     = 20
)

// What is calm, in tokens that one server gives in a minute: as many as a
// hundred customers' pages need on a busy day; and in those of one network, an
// office or a neighbourhood. A known network may call so often in a day.
const (
	calmTokens  = 60
	calmNetwork = 4
	calmCalls   = 3
)

// maxNonce is how long a nonce may be: numbers of 20 digits never end.
const maxNonce = 64

// weather is what the work is chosen by.
type weather struct {
	Tokens  int  // that this server gave in the last minute
	Network int  // of them to this network
	Calls   int  // that this network asked for in the last day
	Known   bool // a call that it asked for has been placed, within a month
}

// workBits returns how much work a token asks for: none of a network that we
// know while it is calm; and more, the more that network or all ask for.
func workBits(w weather) int {
	if w.Known && w.Tokens <= calmTokens && w.Network <= calmNetwork && w.Calls <= calmCalls {
		return 0
	}
	return min(mostBits, strangerBits+doublings(w.Tokens, calmTokens)+2*doublings(w.Network, calmNetwork)+max(0, w.Calls-calmCalls))
}

// doublings returns how often calm must be doubled to reach n.
func doublings(n, calm int) int {
	if n <= calm {
		return 0
	}
	return bits.Len(uint((n - 1) / calm))
}

// worked reports whether SHA-256 of the challenge, a colon and the nonce begins
// with so many zero bits.
func worked(challenge, nonce string, want int) bool {
	if want == 0 {
		return true
	}
	if nonce == "" || len(nonce) > maxNonce {
		return false
	}
	sum := sha256.Sum256([]byte(challenge + ":" + nonce))
	zeros := 0
	for _, b := range sum {
		zeros += bits.LeadingZeros8(b)
		if b != 0 {
			break
		}
	}
	return zeros >= want
}

// maxNetworks bounds what a meter keeps. Those beyond count for all.
const maxNetworks = 20_000

// meter counts tokens, minute by minute. It is this process's alone: what has
// to hold over all of them are the caps.
type meter struct {
	mu       sync.Mutex
	minute   time.Time
	now      counts
	previous counts
}

type counts struct {
	all      int
	networks map[string]int
}

// count counts a token, and returns how many there were in about a minute: of
// all, and of the network.
func (m *meter) count(network string, now time.Time) (all, of int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if minute := now.Truncate(time.Minute); !minute.Equal(m.minute) {
		m.previous = counts{}
		if minute.Sub(m.minute) == time.Minute {
			m.previous = m.now
		}
		m.minute, m.now = minute, counts{networks: map[string]int{}}
	}
	m.now.all++
	if _, known := m.now.networks[network]; known || len(m.now.networks) < maxNetworks {
		m.now.networks[network]++
	}
	return max(m.now.all, m.previous.all), max(m.now.networks[network], m.previous.networks[network])
}
