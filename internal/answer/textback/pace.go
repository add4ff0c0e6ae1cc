package textback

import (
	"cmp"
	"hash/fnv"
	"time"

	"github.com/switchhook/switchhook/internal/answer/ledger"
)

// Pace is how fast texts that did not go out at once are retried. A field that
// is 0 has a default that suits a phone system on the internet.
type Pace struct {
	// Attempt is how long an attempt may take when no caller waits for it; 0:
	// 15 s. The phone system answers within seconds, or not at all.
	Attempt time.Duration

	// Record is how much longer than an attempt its lease is: the time to record
	// the result; 0: 10 s. If the process dies, the text waits as long as that.
	Record time.Duration

	// Look is how long after an attempt without an answer we ask the phone
	// system for the text, which it may still be busy with; 0: 15 s.
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

// lease returns how long an attempt of a job holds its text: to verify it, to
// send it, and to record the result.
func (p Pace) lease() time.Duration { return 2*p.attempt() + p.record() }

// Job returns how long Outbox.Work may take: a little longer than it holds the
// text, so that a job that replaces one presumed dead finds the text free.
func (p Pace) Job() time.Duration { return p.lease() + p.record() }

// backoff returns how long to wait after the attempts at a text: three times as
// long each time, with jitter for each text, so that texts that failed together
// are not retried together.
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
