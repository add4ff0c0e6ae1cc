package clicktocall

import (
	"context"
	"crypto/sha256"
	"math/bits"
	"strconv"
	"sync"
	"time"
)

// How much work is asked for, in bits: each more doubles it. A visitor's browser
// does 2¹³ hashes in about 20 ms, and 2²⁰ in some seconds.
const (
	strangerBits = 13 // of a network that has not called before, when it is calm
	keptBits     = 18 // for what of a day is kept for those who work
	mostBits     = 20
)

// What is calm: how many networks one server gives tokens to in a minute, as many
// as a hundred customers' pages need on a busy day; and how many tokens to one of
// them, an office or a neighbourhood. A known network may call so often in a day.
const (
	calmNetworks = 60
	calmNetwork  = 4
	calmCalls    = 3
)

// maxNonce is how long a nonce may be: numbers of 20 digits never end.
const maxNonce = 64

// weather is what the work is chosen by.
type weather struct {
	Networks int  // that this server gave tokens to in the last minute
	Network  int  // tokens of them to this network
	Block    int  // and to its block, in parts of what a network may
	Calls    int  // that this network asked for in the last day, or its block in such parts
	Known    bool // a call that it asked for has been placed, within a month
	Kept     bool // what is left of the entry's day is for those who work
}

// workBits returns how much work a token asks for: none from a network that we
// know while it is calm, and more the more that network, its block or everybody
// asks for. A network counts once towards everybody.
func workBits(w weather) int {
	if w.Known && !w.Kept && w.Networks <= calmNetworks && max(w.Network, w.Block) <= calmNetwork && w.Calls <= calmCalls {
		return 0
	}
	asked := 2 * doublings(max(w.Network, w.Block), calmNetwork)
	work := strangerBits + doublings(w.Networks, calmNetworks) + asked + max(0, w.Calls-calmCalls)
	if w.Kept {
		work = max(work, keptBits)
	}
	return min(mostBits, work)
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
	return zeroBits([]byte(challenge+":"+nonce)) >= want
}

// Solve does the work of a token, as the button does: it returns a nonce for
// which SHA-256 of the challenge, a colon and the nonce begins with so many
// zero bits. It counts up from 0.
func Solve(challenge string, want int) (nonce string) {
	text := []byte(challenge + ":")
	for n := int64(0); ; n++ {
		if tried := strconv.AppendInt(text, n, 10); zeroBits(tried) >= want {
			return string(tried[len(text):])
		}
	}
}

// zeroBits returns how many zero bits the SHA-256 of a text begins with.
func zeroBits(text []byte) int {
	sum := sha256.Sum256(text)
	zeros := 0
	for _, b := range sum {
		zeros += bits.LeadingZeros8(b)
		if b != 0 {
			break
		}
	}
	return zeros
}

// maxNetworks bounds what a meter keeps. Those beyond count for all.
const maxNetworks = 20_000

// meter counts tokens, minute by minute. It counts for this process only; the
// caps are what holds across all processes.
type meter struct {
	mu       sync.Mutex
	minute   time.Time
	now      counts
	previous counts
}

type counts struct {
	beyond                   int            // owners that are not kept
	owners, networks, blocks map[string]int // tokens
}

// ask adds one, and returns how many there are of it.
func ask(of map[string]int, name string) int {
	if _, known := of[name]; known || len(of) < maxNetworks {
		of[name]++
	}
	return of[name]
}

// count counts a token, and returns what there was in about a minute: how many
// networks asked, how many tokens there were for this one, and how many for its
// block in parts of what a network may.
func (m *meter) count(from Subnets, now time.Time) (networks, network, block int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if minute := now.Truncate(time.Minute); !minute.Equal(m.minute) {
		m.previous = counts{}
		if minute.Sub(m.minute) == time.Minute {
			m.previous = m.now
		}
		m.minute, m.now = minute, counts{owners: map[string]int{}, networks: map[string]int{}, blocks: map[string]int{}}
	}
	if ask(m.now.owners, from.owner()) == 0 {
		m.now.beyond++
	}
	network = max(ask(m.now.networks, from.Network), m.previous.networks[from.Network])
	block = max(ask(m.now.blocks, from.Block), m.previous.blocks[from.Block])
	return max(m.now.all(), m.previous.all()), network, block / from.block().times
}

// observe counts a token for somebody, and returns what its work is chosen by,
// except for what their entry has left. On an error they count as a stranger: we
// go on without knowing them.
func (m *meter) observe(ctx context.Context, networks Networks, of Asker, now time.Time) (about weather, found Standing, err error) {
	about.Networks, about.Network, about.Block = m.count(of.From, now)
	if found, err = networks.NetworkStanding(ctx, of, now); err != nil {
		return about, found, err
	}
	about.Calls, about.Known = max(found.Calls, found.Block/of.From.block().times), found.Known
	return about, found, nil
}

// all is how many networks asked.
func (c counts) all() int { return len(c.owners) + c.beyond }
