//go:build linux

package main

import (
	"context"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"
)

// brief is how calls went that were hung up once they heard the prompt begin.
type brief struct {
	failed                 failures
	answer, prompt, silent spread // from the INVITE to the answer, from there to the prompt, and from the INVITE to the prompt
}

// brieflyAll makes brief calls, so many a second, and waits until they are over. Took is
// how long it was until all had begun.
func (p *phones) brieflyAll(ctx context.Context, target sip.Uri, times, rate int) (all []*call, took time.Duration, err error) {
	var calls sync.WaitGroup
	began := time.Now()
	err = paced(ctx, times, rate, func(int) error {
		c, err := p.dial(target)
		if err == nil {
			all = append(all, c)
			calls.Go(c.brief)
		}
		return err
	})
	took = time.Since(began)
	calls.Wait()
	return all, took, err
}

// brief hears a call's prompt begin, and hangs up. The prompt may come before the answer
// does.
func (c *call) brief() {
	limit := time.After(patience)
	for _, what := range []<-chan struct{}{c.begun, c.stream.prompt} {
		select {
		case <-what:
		case <-c.over:
		case <-limit:
		}
	}
	c.hangUp()
	select {
	case <-c.over:
	case <-limit:
	}
}

// briefly adds brief calls up. The thread of the sound has ended.
func briefly(all []*call) brief {
	var b brief
	for _, c := range all {
		answered, failure := c.standing(c.stream.prompted)
		if failure != "" {
			b.failed.add(failure)
			continue
		}
		b.answer = append(b.answer, answered.Sub(c.dialed))
		b.prompt = append(b.prompt, max(0, c.stream.prompted.Sub(answered)))
		b.silent = append(b.silent, c.stream.prompted.Sub(c.dialed))
	}
	return b
}
