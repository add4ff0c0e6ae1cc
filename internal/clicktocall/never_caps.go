package clicktocall

// The page sends texts to numbers that strangers write: these are the most that
// anybody gets of it in a day.
const (
	ProofsPerNumber  = 3
	proofsPerNetwork = 5
	proofsPerSite    = 10
	proofsPerBlock   = 20
	ProofsInAll      = 200 // over all servers
)

// capsOfProofs are the caps on what networks ask for, whether a code is sent or
// not: which of them it was would tell whom we called.
func capsOfProofs(from Subnets) []Cap {
	caps := []Cap{{Scope: OfNetwork, Of: from.Network, Most: proofsPerNetwork, Per: day}}
	if from.Site != "" {
		caps = append(caps, Cap{Scope: OfSite, Of: from.Site, Most: proofsPerSite, Per: day})
	}
	if from.Block != "" {
		caps = append(caps, Cap{Scope: OfBlock, Of: from.Block, Most: proofsPerBlock, Per: day})
	}
	return caps
}

// Guesses are how many wrong codes there may have been in a day for one that is
// right to be taken. They count whether or not the number has a code, which they
// would tell otherwise.
type Guesses struct {
	Own       int // for the number, of the same owner of a network
	ForNumber int // for the number, of everybody
	ByOwner   int // of the owner, for all numbers
}

// GuessesTaken are in force. A hundred guesses at a hundred million codes are one
// chance in a million to put somebody else's number on the list. Whoever is kept
// from their own by the guesses of others gives the whole code.
func GuessesTaken() Guesses { return Guesses{Own: 5, ForNumber: 100, ByOwner: 20} }
