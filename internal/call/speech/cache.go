package speech

import (
	"context"
	"fmt"
	"sync"

	"github.com/switchhook/switchhook/internal/call/audio"
)

// prompt is what makes one sound differ from another.
type prompt struct {
	voice string
	text  string
}

// cache keeps the sounds that were asked for last, up to a number of bytes, and
// has each made once however many ask for it at the same time.
type cache struct {
	limit int

	mu     sync.Mutex
	used   int
	kept   map[prompt]*entry
	ring   entry // no sound: after it stands the entry asked for last, before it the one to drop next
	making map[prompt]*making
}

// entry is a sound that is kept, in its place among the others.
type entry struct {
	prompt prompt
	clip   audio.Clip

	before, after *entry
}

// size is what e takes of the limit, in bytes.
func (e *entry) size() int { return 2*len(e.clip) + len(e.prompt.text) }

// making is a sound that somebody is having made. Its other fields may be read
// once done is closed.
type making struct {
	done   chan struct{}
	clip   audio.Clip
	err    error
	gaveUp bool // the one who had it made did not stay: err is theirs, not the sound's
}

func newCache(limit int) *cache {
	c := &cache{
		limit:  limit,
		kept:   make(map[prompt]*entry),
		making: make(map[prompt]*making),
	}
	c.ring.before, c.ring.after = &c.ring, &c.ring
	return c
}

// get returns the sound of p: the stored one, the one that another caller is
// having made, or a new one by produce, which runs in this goroutine and under
// this caller's ctx. If that caller hangs up, one of those who wait takes over.
// Errors are shared with those who wait, and not stored.
func (c *cache) get(ctx context.Context, p prompt, produce func(context.Context, prompt) (audio.Clip, error)) (audio.Clip, error) {
	for {
		clip, m, mine := c.look(p)
		if m == nil {
			return clip, nil
		}
		if mine {
			return c.fill(ctx, p, m, produce)
		}
		select {
		case <-m.done:
			if !m.gaveUp {
				return m.clip, m.err
			}
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for speech: %w", ctx.Err())
		}
	}
}

// fill has the sound of p made for everybody who waits for m.
func (c *cache) fill(ctx context.Context, p prompt, m *making, produce func(context.Context, prompt) (audio.Clip, error)) (audio.Clip, error) {
	m.gaveUp = true // in case produce panics: the next one finds out for themselves
	defer c.finish(p, m)
	m.clip, m.err = produce(ctx, p)
	m.gaveUp = m.err != nil && ctx.Err() != nil
	return m.clip, m.err
}

// look returns the sound of p if it is stored; else its making, and whether this
// caller must do and finish it.
func (c *cache) look(p prompt) (clip audio.Clip, m *making, mine bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.kept[p]; ok {
		e.takeOut()
		c.putFirst(e)
		return e.clip, nil, false
	}
	if m, ok := c.making[p]; ok {
		return nil, m, false
	}
	m = &making{done: make(chan struct{})}
	c.making[p] = m
	return nil, m, true
}

// finish wakes those who wait for m, and stores its sound, if there is one and
// it fits, in place of those that have not been asked for the longest.
func (c *cache) finish(p prompt, m *making) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.making, p)
	close(m.done)
	e := &entry{prompt: p, clip: m.clip}
	if m.err != nil || m.gaveUp || e.size() > c.limit {
		return
	}
	c.kept[p] = e
	c.putFirst(e)
	for c.used += e.size(); c.used > c.limit; {
		last := c.ring.before
		last.takeOut()
		delete(c.kept, last.prompt)
		c.used -= last.size()
	}
}

// putFirst puts e where the entry stands that was asked for last.
func (c *cache) putFirst(e *entry) {
	e.before, e.after = &c.ring, c.ring.after
	e.before.after, e.after.before = e, e
}

// takeOut closes the ring over the place of e.
func (e *entry) takeOut() {
	e.before.after, e.after.before = e.after, e.before
}
