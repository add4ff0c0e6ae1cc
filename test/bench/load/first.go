//go:build linux

package main

import "context"

// How many calls hear each kind of prompt begin, and how many of them in a second.
const (
	firstCalls = 100
	firstRate  = 9 // of a second: they begin at any time of the 20 ms of a packet
)

// firsts tells how soon prompts of several kinds are heard, while others talk.
func (b *bench) firsts(ctx context.Context) error {
	kinds := []service{cached, say, slow}
	heard := make([][]*call, len(kinds))
	t, err := b.talking(ctx, cached, b.calls, func(ctx context.Context, p *phones) error {
		for i, kind := range kinds {
			var err error
			if heard[i], _, err = p.brieflyAll(ctx, b.at(kind), firstCalls, firstRate); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	b.print("prompt                          failed   answer %s   prompt %s   from INVITE to prompt %s\n", spreadHeader, spreadHeader, spreadHeader)
	for i, kind := range kinds {
		s := briefly(heard[i])
		b.print("%-30s  %6d  %21v  %21v  %36v%v\n", kind.prompt, len(s.failed), s.answer, s.prompt, s.silent, s.failed)
	}
	b.print("%s\n%v\n", talkedHeader, t)
	return nil
}
