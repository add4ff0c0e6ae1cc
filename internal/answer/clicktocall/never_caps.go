package clicktocall

// The page sends texts to numbers that strangers write: these are the most that
// goes out of it in a day.
const (
	ProofsPerNumber = 3
	ProofsInAll     = 200 // over all servers
)

// Ration is what one who asks may have of the page in a day.
type Ration struct {
	Caps  []Cap // on what their networks ask for, whether a code is sent or not: which it was would tell whom we called
	InAll int   // codes that are sent, over all servers
}

// ration is the same for anybody.
type ration struct{ network, site, block, inAll int }

// The rations. Browsers without JavaScript prove no work, nor do programs that
// post the form as it was before there was any. They are served, but leave most
// of the day's codes to the others.
var (
	provedProofs   = ration{network: 5, site: 10, block: 20, inAll: ProofsInAll}
	unprovedProofs = ration{network: 2, site: 3, block: 5, inAll: ProofsInAll / 4}
)

// of returns what the networks of an address have.
func (r ration) of(from Subnets) Ration {
	caps := []Cap{{Scope: OfNetwork, Of: from.Network, Most: r.network, Per: day}}
	if from.Site != "" {
		caps = append(caps, Cap{Scope: OfSite, Of: from.Site, Most: r.site, Per: day})
	}
	if from.Block != "" {
		caps = append(caps, Cap{Scope: OfBlock, Of: from.Block, Most: r.block, Per: day})
	}
	return Ration{Caps: caps, InAll: r.inAll}
}

// Guesses are how many wrong codes there may have been in a day for a right one
// to be accepted. They count whether or not the number has a code; otherwise they
// would reveal it.
type Guesses struct {
	Own       int // for the number, of the same owner of a network
	ForNumber int // for the number, of everybody
	ByOwner   int // of the owner, for all numbers
}

// GuessesTaken are in force for one who has proved work, and for one who has not.
// A hundred guesses at a hundred million codes are one chance in a million to put
// somebody else's number on the list. Owners whom the guesses of others lock out
// give the whole code.
func GuessesTaken(proved bool) Guesses {
	if proved {
		return Guesses{Own: 5, ForNumber: 100, ByOwner: 20}
	}
	return Guesses{Own: 3, ForNumber: 20, ByOwner: 6}
}
