package core

import (
	"cmp"
	"context"
	"slices"
	"sync"
)

// Memory is a State that lasts as long as the program.
type Memory struct {
	mu        sync.RWMutex
	age       int64
	objects   map[Key]*Object
	groups    map[Key][]*Object // by each match that Objects takes; the oldest first
	revisions map[Key]int64     // by kind and domain
}

// NewMemory returns an empty State.
func NewMemory() *Memory {
	return &Memory{
		objects:   make(map[Key]*Object),
		groups:    make(map[Key][]*Object),
		revisions: make(map[Key]int64),
	}
}

// Object returns an object, or ErrNotFound.
func (m *Memory) Object(_ context.Context, key Key) (Object, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	o := m.objects[key]
	if o == nil {
		return Object{}, ErrNotFound
	}
	return *o, nil
}

// Objects returns the objects that match.
func (m *Memory) Objects(_ context.Context, match Key, start, limit int) ([]Object, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	group := m.groups[match]
	group = group[min(start, len(group)):]
	if limit > 0 {
		group = group[:min(limit, len(group))]
	}
	found := make([]Object, len(group))
	for i, o := range group {
		found[i] = *o
	}
	return found, nil
}

// Revision returns how often objects of a kind in a domain have changed.
func (m *Memory) Revision(_ context.Context, kind Kind, domain string) (int64, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.revisions[Key{Kind: kind, Domain: domain}], nil
}

// Apply makes all the changes or none. If one fails, those before it are undone,
// the last first.
func (m *Memory) Apply(_ context.Context, changes ...Change) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	var undo []func()
	for _, change := range changes {
		back, err := m.apply(change)
		if err != nil {
			for _, back := range slices.Backward(undo) {
				back()
			}
			return err
		}
		undo = append(undo, back)
	}
	for _, change := range changes {
		m.revisions[Key{Kind: change.Object.Kind, Domain: change.Object.Domain}]++
	}
	return nil
}

// apply makes one change and returns what undoes it.
func (m *Memory) apply(change Change) (undo func(), err error) {
	key := change.Object.Key
	old := m.objects[key]
	switch {
	case change.Do == Create:
		if old != nil || m.taken(key) {
			return nil, ErrExists
		}
		m.age++
		created := &Object{Key: key, Age: m.age, Version: 1, Fields: change.Object.Fields}
		m.insert(created)
		return func() { m.remove(created) }, nil
	case old == nil:
		return nil, ErrNotFound
	case change.Do == Remove:
		m.remove(old)
		return func() { m.insert(old) }, nil
	case old.Version != change.Object.Version:
		return nil, ErrStale
	}
	before := *old
	old.Version, old.Fields = old.Version+1, change.Object.Fields
	return func() { *old = before }, nil
}

// taken reports whether a number is there in another domain.
func (m *Memory) taken(key Key) bool {
	if key.Kind != PhoneNumber && key.Kind != SMSNumber {
		return false
	}
	return len(m.groups[Key{Kind: key.Kind, ID: key.ID}]) > 0
}

// groupsOf returns the matches that find an object.
func groupsOf(key Key) []Key {
	groups := []Key{{Kind: key.Kind}, {Kind: key.Kind, ID: key.ID}, {Kind: key.Kind, Domain: key.Domain}}
	if key.Owner != "" {
		groups = append(groups, Key{Kind: key.Kind, Domain: key.Domain, Owner: key.Owner})
	}
	return groups
}

func (m *Memory) insert(o *Object) {
	m.objects[o.Key] = o
	for _, g := range groupsOf(o.Key) {
		at, _ := position(m.groups[g], o)
		m.groups[g] = slices.Insert(m.groups[g], at, o)
	}
}

func (m *Memory) remove(o *Object) {
	delete(m.objects, o.Key)
	for _, g := range groupsOf(o.Key) {
		if at, found := position(m.groups[g], o); found {
			m.groups[g] = slices.Delete(m.groups[g], at, at+1)
		}
		if len(m.groups[g]) == 0 {
			delete(m.groups, g)
		}
	}
}

// position returns where an object stands among those of a group, or would.
func position(group []*Object, o *Object) (int, bool) {
	return slices.BinarySearchFunc(group, o.Age, func(other *Object, age int64) int { return cmp.Compare(other.Age, age) })
}
