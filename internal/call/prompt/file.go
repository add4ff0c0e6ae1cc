package prompt

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/soundcache"
	"github.com/switchhook/switchhook/internal/fetch"
)

// file is a sound that is being made, or was: of a file that is fetched, or of a
// text that is spoken.
type file struct {
	key    string
	cancel context.CancelFunc
	before *file // the same file, which may still be good; nil: none

	once    sync.Once     // closes ready
	ready   chan struct{} // closed once the next three are set
	sound   *audio.Sound
	err     error
	private bool // meant for the one call that asked

	// Set by who makes it, before it is fetched.
	good   time.Time   // until then nobody need be asked
	header http.Header // asks whether it has changed
	disk   disk

	// Held by the Library's lock.
	holders int       // calls that wait for it or play it
	wanted  time.Time // by the last call
	size    int64     // memory that the sound takes up …
	frames  *frames   // … and its encodings; nil: it has not begun
	fetched bool      // whole, and kept
}

// newFile returns a file that one call holds.
func newFile(key string) *file { return &file{key: key, ready: make(chan struct{}), holders: 1} }

// isWhole reports whether all of it was made, though make may not have noted so.
func (f *file) isWhole() bool {
	select {
	case <-f.ready:
	default:
		return false
	}
	if f.err != nil {
		return false
	}
	ended, broke := f.sound.Ended()
	return ended && broke == nil
}

// validators returns the headers that ask whether the file has changed; nil: it
// cannot be asked.
func (f *file) validators() http.Header {
	ask := http.Header{}
	if tag := f.header.Get("ETag"); tag != "" {
		ask.Set("If-None-Match", tag)
	}
	if changed := f.header.Get("Last-Modified"); changed != "" {
		ask.Set("If-Modified-Since", changed)
	}
	if len(ask) == 0 {
		return nil
	}
	return ask
}

// make makes a sound to its end. Where a file cannot be had, the one of before is
// better than none.
func (l *Library) make(ctx context.Context, f *file, m making) {
	sound, keep, err := m(ctx, f)
	left := ctx.Err() != nil // once it is settled, those who waited may leave
	switch before := f.before; {
	case sound != nil && sound.Len() > 0:
		f.settle(sound, nil) // it plays; where it breaks off, its end says why
	case err != nil && before != nil && ctx.Err() == nil && isOutage(err):
		sound, keep, err = before.sound, true, nil
		f.private, f.header, f.good = false, before.header, time.Time{}
		f.disk.kept = true
	}
	f.settle(sound, err)
	l.note(f, sound, keep && err == nil)
	if !left {
		l.toDisk(f, sound, keep, err)
	}
}

// note notes how a sound was made: keep says that other calls may have it.
func (l *Library) note(f *file, sound *audio.Sound, keep bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if before := f.before; before != nil {
		if sound == before.sound {
			l.setFrames(f, before.frames)
		}
		l.letGo(before)
		f.before = nil
	}
	f.fetched = keep && l.files[f.key] == f
	if f.fetched {
		f.holders++ // no room is made of this one
		f.fetched = l.room.find(sound.Size()-f.size, sound.Size()) == nil
		f.holders--
	}
	if !f.fetched {
		l.forget(f)
		return
	}
	l.resize(f, sound.Size())
}

// newSound returns the Sound of a file that is begun. Those who wait for it get
// it with its first sample.
func (l *Library) newSound(ctx context.Context, f *file, rate int) *audio.Sound {
	encodings := &frames{of: l}
	l.mu.Lock()
	l.setFrames(f, encodings)
	l.mu.Unlock()
	sound := audio.NewKeptSound(rate, encodings)
	l.fetching.Go(func() {
		if err := sound.Wait(ctx, 1); err == nil && sound.Len() > 0 {
			f.settle(sound, nil)
		}
	})
	return sound
}

// isOutage reports whether the file could not be asked for, rather than that it
// is another one now.
func isOutage(err error) bool {
	if status, ok := errors.AsType[*StatusError](err); ok {
		return status.Status >= http.StatusInternalServerError
	}
	_, format := errors.AsType[*audio.FormatError](err)
	_, room := errors.AsType[*RoomError](err)
	return !format && !room
}

// settle tells those who wait for a file how it is.
func (f *file) settle(sound *audio.Sound, err error) {
	f.once.Do(func() {
		f.sound, f.err = sound, err
		close(f.ready)
	})
}

// read asks for a file and reads it. Keep says that it may be kept for other
// calls.
func (l *Library) read(ctx context.Context, f *file, r Request) (sound *audio.Sound, keep bool, err error) {
	f.disk = l.diskKey(f.key, f.key == r.URL.String()) // else it is one call's, by its cookies
	isGood := func(e soundcache.Entry) bool { return e.Good.After(l.config.Now()) }
	if f.before == nil {
		if sound := l.fromDisk(ctx, f, isGood); sound != nil {
			l.config.Count(Disk)
			return sound, true, nil
		}
		f.before = l.beforeFromDisk(ctx, f)
	}
	l.config.Count(Made)
	if r.Allow != nil {
		if err := r.Allow(); err != nil {
			return nil, false, err
		}
	}
	ask := fetch.Request{URL: r.URL, Jar: r.Jar, Limit: MaxFile, Timeout: r.Timeout}
	if f.before != nil {
		ask.Header = f.before.validators()
	}
	stream, err := l.config.Client.Open(ctx, ask)
	if r.Report != nil && ctx.Err() == nil {
		status := 0
		if err == nil {
			status = stream.Status
		}
		r.Report(status, err)
	}
	if err != nil {
		return nil, false, err
	}
	defer stream.Close() //nolint:errcheck // what was read is read
	f.private, f.header, f.good = l.goodUntil(stream.Header)
	switch {
	case stream.Status == http.StatusNotModified && f.before != nil:
		f.private, f.header = false, f.before.header
		return f.before.sound, true, nil
	case stream.Status != http.StatusOK:
		return nil, false, &StatusError{stream.URL, stream.Status}
	}
	in := &paced{ctx: ctx, of: l, file: f, from: stream}
	wav, err := audio.OpenWAV(in)
	if err != nil {
		return nil, false, cmp.Or(in.failed, err)
	}
	in.sound = l.newSound(ctx, f, l.rate(wav.Rate()))
	err = wav.Decode(in.sound)
	err = cmp.Or(in.failed, err)
	in.sound.End(err)
	return in.sound, !f.private && (f.validators() != nil || f.good.After(l.config.Now())), err
}

// paced reads a file at the pace of all long files, where there is room for it.
type paced struct {
	ctx    context.Context
	of     *Library
	file   *file
	from   *fetch.Stream
	sound  *audio.Sound // nil: it has not begun
	waited time.Duration
	failed error // why nothing more is read, without what audio adds or passes over
}

// Read reads what comes next.
func (p *paced) Read(b []byte) (int, error) {
	size := int64(growth)
	if p.sound != nil {
		size += p.sound.Size()
	}
	if p.failed == nil {
		p.failed = p.of.grow(p.file, size)
	}
	if p.failed != nil {
		return 0, p.failed
	}
	n, err := p.from.Read(b)
	if err == nil && size > shortFile {
		err = p.turn(n)
	}
	if err != nil && err != io.EOF { //nolint:errorlint // a transfer that is cut wraps one
		p.failed = err
	}
	return n, err
}

// turn waits until so many bytes may have been read.
func (p *paced) turn(bytes int) error {
	turn := p.of.pace.ReserveN(time.Now(), bytes)
	wait := turn.Delay()
	if p.waited += wait; p.waited > longWait {
		turn.Cancel()
		return errNoTurn
	}
	select {
	case <-time.After(wait):
		return nil
	case <-p.ctx.Done():
		return nil // what is read says so
	}
}
