package guess

import (
	"container/list"
	"iter"
)

// recent is a bounded map: it forgets what was used least recently.
type recent[K comparable, V any] struct {
	most  int
	at    map[K]*list.Element
	order *list.List // of *item, the most recent in front
}

type item[K comparable, V any] struct {
	key   K
	value V
}

func newRecent[K comparable, V any](most int) *recent[K, V] {
	return &recent[K, V]{most: most, at: make(map[K]*list.Element), order: list.New()}
}

// get returns the value of a key; nil: there is none.
func (r *recent[K, V]) get(key K) *V {
	e := r.at[key]
	if e == nil {
		return nil
	}
	return valueOf[K, V](e)
}

// touch returns the value of a key, and adds a zero one if there is none.
func (r *recent[K, V]) touch(key K) *V {
	if e := r.at[key]; e != nil {
		r.order.MoveToFront(e)
		return valueOf[K, V](e)
	}
	if len(r.at) >= r.most {
		oldest := r.order.Back()
		delete(r.at, itemOf[K, V](oldest).key)
		r.order.Remove(oldest)
	}
	e := r.order.PushFront(&item[K, V]{key: key})
	r.at[key] = e
	return valueOf[K, V](e)
}

// all returns the keys and their values, in no order.
func (r *recent[K, V]) all() iter.Seq2[K, *V] {
	return func(yield func(K, *V) bool) {
		for key, e := range r.at {
			if !yield(key, valueOf[K, V](e)) {
				return
			}
		}
	}
}

func itemOf[K comparable, V any](e *list.Element) *item[K, V] {
	i, ok := e.Value.(*item[K, V])
	if !ok {
		panic("guess: a list holds something else than its items")
	}
	return i
}

func valueOf[K comparable, V any](e *list.Element) *V { return &itemOf[K, V](e).value }
