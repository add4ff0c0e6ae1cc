package crash_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/switchhook/switchhook/netsapiens/nstest"
)

const (
	domain  = "example.net"
	user    = "2000"
	from    = "19294873999"
	entryID = "example.net-sms"
	message = "Our hours are Mon-Fri 9am-5pm. We are at 123 Main St, Tampa FL."
)

// entries is a domains.json of the one customer.
const entries = `{"` + entryID + `": {"api_domain": "` + domain + `", "user": "` + user + `", "ns_system_user": "8001",
  "from_number": "` + from + `", "message": "` + message + `"}}
`

// newPhoneSystem returns one with the customer's user and number.
func newPhoneSystem(t *testing.T) *nstest.System {
	t.Helper()
	system := nstest.Start(t, nstest.Quirks{})
	system.AddDomain(domain)
	system.AddUser(domain, user)
	system.AddSMSNumber(domain, from, user)
	return system
}

// mood is a way in which a phone system in trouble answers.
type mood struct {
	name  string
	fault nstest.Fault
	fails bool // the client cannot know that it was done
}

// moods returns those for callers of this patience. All are equally likely.
func moods(patience time.Duration) []mood {
	return []mood{
		{"refused: busy", nstest.Refuses(503, "Service Unavailable"), true},
		{"refused: error", nstest.Refuses(500, "Internal Server Error"), true},
		{"silent, not done", nstest.Silent(), true},
		{"silent, done", nstest.Silent().AfterDoing(), true},
		{"dropped, not done", nstest.HangsUp(), true},
		{"dropped, done", nstest.HangsUp().AfterDoing(), true},
		{"half an answer, done", nstest.Half().AfterDoing(), true},
		{"gateway, done", nstest.Page(502, "Bad Gateway").AfterDoing(), true},
		{"slow, too late", nstest.Slow(patience * 3 / 2), true},
		{"slow, in time", nstest.Slow(patience / 3), false},
	}
}

// trouble is a phone system's bad time.
type trouble struct {
	asked  int            // for texts
	failed int            // of these
	met    map[string]int // by mood
}

// trouble makes a third of the texts fail, and as many of the look-ups of texts.
func inTrouble(system *nstest.System, patience time.Duration, random *rand.Rand) *trouble {
	all := moods(patience)
	tr := &trouble{met: map[string]int{}}
	choose := func(text bool) func(nstest.Request) (nstest.Fault, bool) {
		return func(nstest.Request) (nstest.Fault, bool) {
			if text {
				tr.asked++
			}
			// A tenth of the moods does not fail.
			if random.IntN(30) >= 11 {
				return nstest.Fault{}, false
			}
			m := all[random.IntN(len(all))]
			if text {
				tr.met[m.name]++
				if m.fails {
					tr.failed++
				}
			}
			return m.fault, true
		}
	}
	system.BreakSome(nstest.SendMessage, choose(true))
	system.BreakSome(nstest.ListMessages, choose(false))
	return tr
}

// mend ends a phone system's trouble.
func mend(system *nstest.System) {
	system.BreakSome(nstest.SendMessage, nil)
	system.BreakSome(nstest.ListMessages, nil)
}
