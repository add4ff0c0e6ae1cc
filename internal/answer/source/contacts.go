package source

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"
)

const (
	// contactsFresh is how long what a vendor said about a person is used
	// without asking again, as long as the list of who is on call shows no
	// change of that person. A new number is in use after this time.
	contactsFresh = 10 * time.Minute

	// contactsKept is how long we use it if asking again fails: people change
	// their numbers less often than vendors have outages.
	contactsKept = 24 * time.Hour

	// asksAtOnce is how many people are asked about at one time. It keeps a
	// whole team within a second or two, and far from every vendor's limit.
	asksAtOnce = 4
)

// subject is somebody to ask about.
type subject struct {
	id   string
	name string // for sentences; may be empty
	mark string // changes when the person does, as far as the list shows it
}

// contact is what a vendor says about one person.
type contact struct {
	name     string // where the list does not say it
	email    string
	numbers  []string
	oddities []string
}

// contacts caches what is known about people between fetches, so that most
// fetches take one request. It is safe for concurrent use.
type contacts struct {
	// optional says that a fetch succeeds without them: somebody without a name
	// is on call all the same, and a local map may know the identifier.
	optional bool

	mu   sync.Mutex
	kept map[string]keptContact
}

type keptContact struct {
	contact
	mark string
	at   time.Time
}

// contactsOf asks for each subject that nothing fresh is known about. What it
// returns has an entry for each subject.
//
// A failure for one person does not fail the fetch: it becomes an oddity, unless
// nobody has a number then, or the vendor wants to be left alone.
func (c *contacts) contactsOf(ctx context.Context, subjects []subject, ask func(context.Context, subject) (contact, error)) (map[string]contact, []string, error) {
	now := time.Now()
	found, due := c.keptContacts(now, subjects)
	answers := askAll(ctx, due, ask)

	var oddities []string
	var failed error
	for i, s := range due {
		met, err := answers[i].contact, answers[i].err
		kept, old := c.keptOf(s, now)
		problem, isOurs := errors.AsType[*Error](err)
		switch {
		case err == nil:
			c.keepContact(s, met, now)
			found[s.id] = met
		case !isOurs || ctx.Err() != nil:
			return nil, nil, err
		case problem.Status == http.StatusForbidden, problem.Status == http.StatusNotFound:
			// It lasts, and does not affect the others: the key may show who is on
			// call and hide numbers, which a local map then gives.
			met = contact{oddities: []string{fmt.Sprintf("%s: %s", s.label(), problem.Message)}}
			c.keepContact(s, met, now)
			found[s.id] = met
		case old > 0:
			kept.oddities = append(slices.Clip(kept.oddities),
				fmt.Sprintf("%s: what was known %s ago is used, because %s", s.label(), span(old), problem.Message))
			found[s.id] = kept
		default:
			oddities = append(oddities, fmt.Sprintf("%s: %s", s.label(), problem.Message))
			if failed == nil || problem.Status == http.StatusTooManyRequests {
				failed = err
			}
			found[s.id] = contact{}
		}
	}
	if failed != nil && !c.optional && (isLimit(failed) || !anyNumber(found)) {
		return nil, nil, failed
	}
	for _, s := range subjects {
		oddities = append(oddities, found[s.id].oddities...)
	}
	return found, oddities, nil
}

func isLimit(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Status == http.StatusTooManyRequests
}

func anyNumber(found map[string]contact) bool {
	for _, c := range found {
		if len(c.numbers) > 0 {
			return true
		}
	}
	return false
}

// label names a subject in sentences.
func (s subject) label() string {
	if s.name == "" {
		return label(s.id)
	}
	return label(s.name)
}

// keptContacts returns what is fresh, and whom to ask about. It forgets what is no
// longer of use.
func (c *contacts) keptContacts(now time.Time, subjects []subject) (map[string]contact, []subject) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, k := range c.kept {
		if now.Sub(k.at) > contactsKept {
			delete(c.kept, id)
		}
	}
	found := make(map[string]contact, len(subjects))
	var due []subject
	for _, s := range subjects {
		if k, ok := c.kept[s.id]; ok && k.mark == s.mark && now.Sub(k.at) < contactsFresh {
			found[s.id] = k.contact
		} else {
			due = append(due, s)
		}
	}
	return found, due
}

// keptOf returns what was once said about a subject, and how long ago; 0:
// nothing.
func (c *contacts) keptOf(s subject, now time.Time) (contact, time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k, ok := c.kept[s.id]
	if !ok || len(k.numbers) == 0 && k.name == "" {
		return contact{}, 0
	}
	return k.contact, max(now.Sub(k.at), time.Second)
}

func (c *contacts) keepContact(s subject, met contact, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept == nil {
		c.kept = make(map[string]keptContact)
	}
	c.kept[s.id] = keptContact{contact: met, mark: s.mark, at: now}
}

// reply is the result of asking about one subject.
type reply struct {
	contact contact
	err     error
}

// askAll asks about all subjects, a few at a time, and waits for all answers.
func askAll(ctx context.Context, subjects []subject, ask func(context.Context, subject) (contact, error)) []reply {
	replies := make([]reply, len(subjects))
	var wait sync.WaitGroup
	turn := make(chan struct{}, asksAtOnce)
	for i, s := range subjects {
		wait.Go(func() {
			turn <- struct{}{}
			defer func() { <-turn }()
			replies[i].contact, replies[i].err = ask(ctx, s)
		})
	}
	wait.Wait()
	return replies
}

// distinct returns each subject once, in the order in which they came.
func distinct(subjects []subject) []subject {
	seen := make(map[string]bool, len(subjects))
	once := subjects[:0]
	for _, s := range subjects {
		if !seen[s.id] {
			seen[s.id] = true
			once = append(once, s)
		}
	}
	return once
}
