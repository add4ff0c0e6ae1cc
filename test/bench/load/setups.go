//go:build linux

package main

import (
	"context"
	"time"
)

// soon is within what time nearly all calls are to be answered: nobody who calls notices
// it.
const soon = 100 * time.Millisecond

// setups finds how many calls a second are set up well.
func (b *bench) setups(ctx context.Context) error {
	b.print("a second  failed   answer %s   prompt %s%s\n", spreadHeader, spreadHeader, sharesHeader)
	most, err := search(b.rate, b.most, func(rate int) (bool, error) { return b.settingUp(ctx, rate) })
	if err == nil {
		b.print("%d a second are served well: none failed, and of a hundred 99 were answered within %d ms.\n", most, soon.Milliseconds())
	}
	return err
}

// settingUp makes calls at a rate a second, and reports whether they were served well.
func (b *bench) settingUp(ctx context.Context, rate int) (well bool, err error) {
	p, err := openPhones()
	if err != nil {
		return false, err
	}
	defer p.close()
	times := int(b.listen.Seconds() * float64(rate))
	var took time.Duration
	busy, err := b.watched(func() (err error) {
		_, took, err = p.brieflyAll(ctx, b.at(cached), times, rate)
		return err
	})
	if err != nil {
		return false, err
	}
	p.sound.stop()
	s := briefly(p.all)
	reached := float64(times) / took.Seconds()
	b.print("%8.0f  %6d  %21v  %21v%v%v\n", reached, len(s.failed), s.answer, s.prompt, busy, s.failed)
	return len(s.failed) == 0 && s.answer.percentile(99) <= soon && reached >= 0.95*float64(rate), nil
}
