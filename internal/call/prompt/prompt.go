// Package prompt gives calls the sounds of files and of texts, each made once for
// all calls.
package prompt

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/soundcache"
	"github.com/switchhook/switchhook/internal/call/speech"
	"github.com/switchhook/switchhook/internal/fetch"
	"github.com/switchhook/switchhook/internal/setting"
)

// MaxFile is the largest file that is played, in bytes: the longest sound that
// is read (audio.MaxLength) in the densest format people ship.
const MaxFile = 32 << 20

// Config says how a Library behaves. Client is required by Get, Voice by Say.
type Config struct {
	Client   *fetch.Client
	Voice    speech.Voice
	Memory   int64             // bytes that the sounds of all calls may take up, encoded ones too; default DefaultMemory
	Disk     *soundcache.Cache // keeps sounds from one start to the next; optional
	Wideband bool              // keep more than a telephone's band where a file has it
	Now      func() time.Time  // for how long HTTP says that a file is good; default time.Now
	Count    func(Source)      // counts the sounds that calls ask for; optional
}

// Source is where a sound comes from.
type Source string

// The sources.
const (
	Memory Source = "memory" // it was there, or is being made for another call
	Disk   Source = "disk"   // an earlier start of the server has made it
	Made   Source = "made"   // a program speaks it, or its host is asked
)

// Chooser is a Voice whose settings choose how a text is spoken.
type Chooser interface {
	// Choose returns an utterance as it will be spoken. Two that are equal then
	// sound the same.
	Choose(u speech.Utterance) speech.Utterance
}

// Library gives calls the sounds of files and of texts. Calls that play the same
// at once share one Sound, which plays while it is made; later ones get it from
// memory while there is room, or from disk, a file for as long as HTTP says that it
// is good (RFC 9111, as a shared cache). It may be used by several goroutines.
type Library struct {
	config Config
	pace   *rate.Limiter
	room   room

	mu    sync.Mutex
	files map[string]*file // by key

	stopped  context.Context
	stop     context.CancelFunc
	fetching sync.WaitGroup
}

// New returns a Library, which has to be closed.
func New(c Config) *Library {
	if c.Memory == 0 {
		c.Memory = DefaultMemory
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Count == nil {
		c.Count = func(Source) {}
	}
	l := &Library{config: c, pace: rate.NewLimiter(longFiles, longFiles), files: map[string]*file{}}
	l.room = room{all: c.Memory, makeRoom: l.drop}
	l.stopped, l.stop = context.WithCancel(context.Background())
	return l
}

// Close ends what is being fetched, and waits for that.
func (l *Library) Close() {
	l.stop()
	l.fetching.Wait()
}

// Request is a file that a call wants to play.
type Request struct {
	URL     *url.URL
	Jar     http.CookieJar // of the call; optional
	Timeout time.Duration  // until the headers of the answer; default the Client's

	// Allow is called before the address is asked, which it is not where another
	// call has done so; its error is the Request's. Optional.
	Allow func() error

	// Report is called with the answer's status, or with an error of fetch, once
	// the address was asked. Optional.
	Report func(status int, err error)
}

// key returns what makes one file differ from another.
func (r Request) key() string {
	parts := []string{r.URL.String()}
	if r.Jar != nil {
		for _, c := range r.Jar.Cookies(r.URL) {
			parts = append(parts, c.String())
		}
	}
	return strings.Join(parts, "\n")
}

// StatusError is an answer that is no file.
type StatusError struct {
	URL    *url.URL
	Status int
}

// Error names the address and the status.
func (e *StatusError) Error() string {
	return fmt.Sprintf("%s answered %s", setting.WithoutSecrets(e.URL.String()), strings.TrimSpace(fmt.Sprintf("%d %s", e.Status, http.StatusText(e.Status))))
}

// Get returns the sound of a file as soon as it can begin to play, and release,
// which is to be called when it was played: memory is made free, and a fetch that
// nobody wants any more ends. The error is the cause of the context's end; what
// Allow returned; a *StatusError; a *RoomError; or an error of fetch or of
// audio.OpenWAV. Where a Sound that has begun breaks off, it ends with such an
// error.
func (l *Library) Get(ctx context.Context, r Request) (sound *audio.Sound, release func(), err error) {
	return l.Fetch(r).Get(ctx)
}

// Fetch begins to fetch a file that a call will play. Get it or drop it.
func (l *Library) Fetch(r Request) *Fetched {
	w := &Fetched{library: l, request: r}
	w.hold(false)
	return w
}

// Fetched is a file that a call will play.
type Fetched struct {
	library *Library
	request Request
	file    *file
	first   bool // nobody else had asked for it
}

func (w *Fetched) hold(alone bool) {
	w.file, w.first = w.library.hold(w.request.key(), alone, func(ctx context.Context, f *file) (*audio.Sound, bool, error) {
		return w.library.read(ctx, f, w.request)
	})
}

// Get is Library.Get.
func (w *Fetched) Get(ctx context.Context) (sound *audio.Sound, release func(), err error) {
	sound, release, err = w.library.await(ctx, w.file)
	if err == nil && w.file.private && !w.first {
		release()
		w.hold(true)
		sound, release, err = w.library.await(ctx, w.file)
	}
	return sound, release, err
}

// Drop gives up a file that is not got.
func (w *Fetched) Drop() { w.library.release(w.file) }

// Say returns the sound of a text as soon as it can begin to play, and release,
// as Get does. The error is the cause of the context's end, or the Voice's.
func (l *Library) Say(ctx context.Context, u speech.Utterance) (sound *audio.Sound, release func(), err error) {
	if c, ok := l.config.Voice.(Chooser); ok {
		u = c.Choose(u)
	}
	key := fmt.Sprintf("say\n%q", u) // no URL holds a line break
	f, _ := l.hold(key, false, func(ctx context.Context, f *file) (*audio.Sound, bool, error) {
		return l.speak(ctx, f, u)
	})
	return l.await(ctx, f)
}

// speak has a text spoken, unless it is on disk.
func (l *Library) speak(ctx context.Context, f *file, u speech.Utterance) (sound *audio.Sound, keep bool, err error) {
	f.disk = l.diskKey(f.key, !mentionsNumber(u.Text))
	sound = l.fromDisk(ctx, f, func(soundcache.Entry) bool { return true })
	f.good = l.config.Now().Add(longestGood)
	if sound != nil {
		l.config.Count(Disk)
		return sound, true, nil
	}
	l.config.Count(Made)
	sound = l.newSound(ctx, f, l.rate(audio.Wideband))
	err = l.config.Voice.Speak(ctx, u, sound)
	sound.End(err)
	return sound, true, err
}

// rate returns the rate of a sound that has so much of it.
func (l *Library) rate(has int) int {
	if l.config.Wideband {
		return has
	}
	return audio.Rate
}

// await waits until a sound can begin to play.
func (l *Library) await(ctx context.Context, f *file) (sound *audio.Sound, release func(), err error) {
	release = sync.OnceFunc(func() { l.release(f) })
	select {
	case <-f.ready:
		err = f.err
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	if err != nil {
		release()
		return nil, nil, err
	}
	return f.sound, release, nil
}

// making makes a sound to its end, in its own goroutine. Keep says that it may
// be kept for other calls.
type making func(ctx context.Context, f *file) (sound *audio.Sound, keep bool, err error)

// hold returns the file of a key, for one more call: the one that is there, or a
// new one that begins to be made, and then this call is its first. Alone says
// that it must be new.
func (l *Library) hold(key string, alone bool, m making) (f *file, first bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	known := l.files[key]
	if !alone && known != nil && (!known.fetched || known.good.After(l.config.Now())) {
		known.holders++
		known.wanted = l.config.Now()
		l.config.Count(Memory)
		return known, false
	}
	f = newFile(key)
	f.wanted = l.config.Now()
	if known != nil && known.fetched && known.validators() != nil {
		f.before = known
		known.holders++
	}
	if !alone {
		if known != nil {
			l.forget(known)
		}
		l.files[key] = f
	}
	ctx, cancel := context.WithCancel(l.stopped)
	f.cancel = cancel
	l.fetching.Go(func() {
		defer cancel()
		l.make(ctx, f, m)
	})
	return f, true
}

// release takes a call from a file. A fetch that no call waits for ends.
func (l *Library) release(f *file) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.letGo(f)
}

// letGo is release under the lock.
func (l *Library) letGo(f *file) {
	if f.holders--; f.holders == 0 && (l.files[f.key] != f || !f.isWhole()) {
		f.cancel()
		l.forget(f)
	}
}

// forget drops a file, and gives back the memory that it took up once nobody
// holds it.
func (l *Library) forget(f *file) {
	if l.files[f.key] == f {
		delete(l.files, f.key)
	}
	if f.holders == 0 {
		l.room.take(-f.size)
		f.size = 0
		l.setFrames(f, nil)
	}
}

// drop forgets the file that was wanted longest ago, of those that no call holds,
// and reports whether there was one.
func (l *Library) drop() bool {
	var oldest *file
	for _, f := range l.files {
		if f.holders == 0 && (oldest == nil || f.wanted.Before(oldest.wanted)) {
			oldest = f
		}
	}
	if oldest == nil {
		return false
	}
	l.forget(oldest)
	return true
}
