package alert

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/switchhook/switchhook/internal/activity"
)

// Records keep the Board of the servers of one database. *store.Store is one.
type Records interface {
	// Alerts returns what is kept, by kind and subject.
	Alerts(ctx context.Context) (map[[2]string]string, error)

	// ChangeAlerts has what is kept changed as if nobody else did meanwhile:
	// change returns what is new or different, "" for what is to be forgotten. It
	// may be called several times.
	// What has happened with that goes into the activity record.
	ChangeAlerts(ctx context.Context, change func(now map[[2]string]string) (different map[[2]string]string, happened []activity.Item, err error)) error
}

// Read returns the Board as it is kept.
func Read(ctx context.Context, r Records) (*Board, error) {
	kept, err := r.Alerts(ctx)
	if err != nil {
		return nil, err
	}
	return decode(kept)
}

// Change has the Board changed. change may be called several times.
func Change(ctx context.Context, r Records, change func(*Board)) error {
	return r.ChangeAlerts(ctx, func(now map[[2]string]string) (map[[2]string]string, []activity.Item, error) {
		b, err := decode(now)
		if err != nil {
			return nil, nil, err
		}
		change(b)
		different, err := b.encode(now)
		return different, b.happened, err
	})
}

func decode(kept map[[2]string]string) (*Board, error) {
	b := newBoard(DefaultRepeat)
	for key, text := range kept {
		var m Matter
		if err := json.Unmarshal([]byte(text), &m); err != nil {
			return nil, fmt.Errorf("read the alert %s of %q: %w", key[0], key[1], err)
		}
		b.Matters[Key{Kind(key[0]), key[1]}] = &m
	}
	return b, nil
}

// encode returns what differs from what is kept.
func (b *Board) encode(kept map[[2]string]string) (map[[2]string]string, error) {
	different := map[[2]string]string{}
	for key, m := range b.Matters {
		text, err := json.Marshal(m)
		if err != nil {
			return nil, fmt.Errorf("write the alert %s of %q: %w", key.Kind, key.About, err)
		}
		if row := [2]string{string(key.Kind), key.About}; kept[row] != string(text) {
			different[row] = string(text)
		}
	}
	for row := range kept {
		if b.Matters[Key{Kind(row[0]), row[1]}] == nil {
			different[row] = ""
		}
	}
	return different, nil
}

func newBoard(repeat time.Duration) *Board {
	return &Board{Matters: map[Key]*Matter{}, repeat: repeat, pasteable: func(text string) string { return text }}
}

// Keys returns the matters that are listed: those that stand first, then the
// latest first.
func (b *Board) Keys() []Key {
	var all []Key
	for key := range b.Matters {
		all = append(all, key)
	}
	slices.SortFunc(all, func(x, y Key) int {
		a, c := b.Matters[x], b.Matters[y]
		if sa, sc := x.Kind.Lasts() && a.Stands(), y.Kind.Lasts() && c.Stands(); sa != sc {
			if sa {
				return -1
			}
			return 1
		}
		if !a.At.Equal(c.At) {
			return c.At.Compare(a.At)
		}
		return compareKeys(x, y)
	})
	return all
}
