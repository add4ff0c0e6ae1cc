package textback

import (
	"cmp"
	"hash/fnv"
	"time"

	"github.com/switchhook/switchhook/internal/ledger"
)

// Pace is how fast texts go on that did not go out at once. What is 0 has the
// time that is right for a phone system on the internet.
type Pace struct {
	// Attempt is how long one attempt may take that no caller waits for; 0:
	// 15 s. The phone system itself answers within seconds, or not at all.
	Attempt time.Duration

	// Record is how much longer than an attempt its lease is: the time to write
	// down what it came to; 0: 10 s. For so long a text lies whose process died.
	Record time.Duration

	// Look is how long after an attempt without an answer the phone system is
	// asked for the text, which it may still have been busy with; 0: 15 s.
	Look time.Duration

	// Retry is the shortest time between two attempts; 0: 5 s.
	Retry time.Duration
}

// backoffMost is the longest time between two attempts.
const backoffMost = 10 * time.Minute

func (p Pace) attempt() time.Duration { return cmp.Or(p.Attempt, 15*time.Second) }
func (p Pace) record() time.Duration  { return cmp.Or(p.Record, 10*time.Second) }
func (p Pace) look() time.Duration    { return cmp.Or(p.Look, 15*time.Second) }
func (p Pace) retry() time.Duration   { return cmp.Or(p.Retry, 5*time.Second) }

// lease returns how long an attempt of a job's holds its text: to look for it,
// to send it, and to write that down.
func (p Pace) lease() time.Duration { return 2*p.attempt() + p.record() }

// Job returns how long Outbox.Work may take: a little longer than it holds the
// text, so that a job that is taken for dead finds its text free.
func (p Pace) Job() time.Duration { return p.lease() + p.record() }

// backoff returns how long to wait after the attempts at a text: each time
// three times as long, and for each text a little different, so that what
// failed together does not come back together.
func (p Pace) backoff(t *ledger.Text) time.Duration {
	wait := p.retry()
	for range t.Attempts - 1 {
		if wait *= 3; wait >= backoffMost {
			wait = backoffMost
			break
		}
	}
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(t.ID))
	return wait - wait/5*time.Duration(hash.Sum32()%1000)/1000
}
