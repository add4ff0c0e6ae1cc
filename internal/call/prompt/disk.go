package prompt

import (
	"context"
	"fmt"
	"net/http"
	"unicode"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/soundcache"
)

// disk is how a sound stands on disk. The zero value: it is not kept there.
type disk struct {
	key  string
	kept bool // it came from there, and needs not be written
}

// diskKey returns the key of a sound on disk, where it may be kept there.
func (l *Library) diskKey(key string, may bool) disk {
	if l.config.Disk == nil || !may {
		return disk{}
	}
	return disk{key: fmt.Sprintf("%t\n%s", l.config.Wideband, key)}
}

// fromDisk returns a sound of the disk that good says is good; nil: there is none.
func (l *Library) fromDisk(ctx context.Context, f *file, good func(soundcache.Entry) bool) *audio.Sound {
	if f.disk.key == "" {
		return nil
	}
	e, ok := l.config.Disk.Look(f.disk.key)
	if !ok || !good(e) || l.grow(f, e.Size()+growth) != nil {
		return nil
	}
	samples, err := l.config.Disk.Read(f.disk.key)
	if err != nil {
		return nil // it was damaged, and is gone: it is made again
	}
	sound := l.newSound(ctx, f, e.Rate)
	sound.Append(samples)
	sound.End(nil)
	f.disk.kept = true
	f.good, f.header = e.Good, http.Header(e.Header)
	return sound
}

// beforeFromDisk returns the file as it was before the server was started, if its
// host can be asked whether it has changed; nil: there is none.
func (l *Library) beforeFromDisk(ctx context.Context, f *file) *file {
	before := newFile(f.key)
	before.disk, before.cancel = f.disk, func() {}
	canAsk := func(e soundcache.Entry) bool { return (&file{header: e.Header}).validators() != nil }
	if sound := l.fromDisk(ctx, before, canAsk); sound != nil {
		before.settle(sound, nil)
		return before
	}
	l.release(before) // what it took up
	return nil
}

// toDisk keeps a sound on disk, or removes what is no longer so.
func (l *Library) toDisk(f *file, sound *audio.Sound, keep bool, err error) {
	switch {
	case f.disk.key == "" || f.disk.kept:
	case keep && err == nil:
		l.config.Disk.Keep(f.disk.key, sound, f.good, f.header)
	case err == nil || !isOutage(err):
		l.config.Disk.Remove(f.disk.key)
	}
}

// numberDigits is how many digits in a row may be a person's number, or a code
// for them.
const numberDigits = 5

// mentionsNumber reports whether a text may mention a telephone number: digits in
// a row, whatever stands between them but letters. Such a text is never kept on
// disk: it is about one person, and is rarely said twice.
func mentionsNumber(text string) bool {
	digits := 0
	for _, r := range text {
		switch {
		case unicode.IsDigit(r):
			digits++
		case unicode.IsLetter(r):
			digits = 0
		}
		if digits == numberDigits {
			return true
		}
	}
	return false
}
