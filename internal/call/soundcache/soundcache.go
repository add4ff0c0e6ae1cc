// Package soundcache keeps sounds on disk from one start of the server to the
// next.
//
// [Open] reads what a folder has, [Cache.Keep] adds a sound under a key,
// [Cache.Look] and [Cache.Read] get it back, and [Clear] removes all sounds, beside
// a server that uses them too.
//
// A sound is a file named by the hash of its content, which Read checks, and an
// entry, named by the hash of its key, which says which sound that is: keys, which
// may be texts and addresses, are not in the folder. Files are written under another
// name first. Nothing is synced: what a power cut leaves half written does not match
// its hash, and is made again.
package soundcache

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
)

// Config says where a Cache is, and what bounds it. Folder, Bytes and Age are
// required.
type Config struct {
	Folder string           // for nothing else; made where it is not there
	Bytes  int64            // that the sounds may take up
	Age    time.Duration    // after which a sound is removed, unless it is kept again
	Now    func() time.Time // default time.Now

	// Report is called with an error when sounds can no longer be kept, as on a
	// full disk, and with nil when they can again. Optional.
	Report func(error)
}

// Entry is what is known of a sound.
type Entry struct {
	Rate    int                 // samples a second
	Samples int                 // how many there are
	Good    time.Time           // as at Keep
	Header  map[string][]string // as at Keep
}

// Size returns how many bytes the samples take up.
func (e Entry) Size() int64 { return int64(e.Samples) * sampleBytes }

// Cache keeps sounds on disk. It may be used by several goroutines.
type Cache struct {
	config Config

	mu      sync.Mutex
	entries map[string]*entry // by the hashes of their keys
	sounds  map[string]int    // how many entries have a sound, by its hash
	bytes   int64             // of all entries and sounds
	failed  time.Time         // when a sound could not be kept; zero: they can
}

const (
	// pause is how long nothing is written after a failure: each try makes a
	// call wait for the disk.
	pause = time.Minute

	// share is the part of all bytes that one sound may take up: a stranger's long
	// file costs no other call its greeting.
	share = 4
)

// Open returns the Cache of a folder. It removes what is too old, too much or not
// whole. The error says why the folder cannot be used.
func Open(c Config) (*Cache, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Report == nil {
		c.Report = func(error) {}
	}
	if err := os.MkdirAll(c.Folder, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of sounds: %w", err)
	}
	cache := &Cache{config: c, entries: map[string]*entry{}, sounds: map[string]int{}}
	if err := cache.load(); err != nil {
		return nil, fmt.Errorf("read the folder of sounds: %w", err)
	}
	return cache, nil
}

// Look returns what is known of the sound under a key.
func (c *Cache) Look(key string) (found Entry, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.entries[hashOf(key)]
	now := c.config.Now()
	if e == nil || c.isOld(e, now) {
		return Entry{}, false
	}
	c.use(e, now)
	return e.Entry, true
}

// Read returns the samples of the sound under a key. The error says that they are
// gone or damaged; then the sound is removed.
func (c *Cache) Read(key string) ([]int16, error) {
	c.mu.Lock()
	e := c.entries[hashOf(key)]
	c.mu.Unlock()
	if e == nil {
		return nil, errors.New("there is no such sound")
	}
	samples, err := readSound(c.soundPath(e.sum), e)
	if err != nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.removeSound(e.sum)
		return nil, err
	}
	return samples, nil
}

// Keep keeps a sound that has ended under a key, in place of another one. Good and
// header come back with it. A sound that takes up more than a quarter of all bytes
// is not kept, nor is one whose header is longer than some kilobytes, and others make
// room, the longest unused first. Where it cannot be written, that is reported, and
// tried again after a minute.
func (c *Cache) Keep(key string, sound *audio.Sound, good time.Time, header map[string][]string) {
	e := &entry{
		Entry: Entry{Rate: sound.Rate(), Samples: sound.Len(), Good: good, Header: header},
		name:  hashOf(key), made: c.config.Now(), used: c.config.Now(),
	}
	if e.Samples == 0 || e.Size() > c.config.Bytes/share || c.isPaused() {
		return
	}
	content := encode(sound)
	e.sum = sumOf(content)
	text := e.encode()
	if len(text) > maxEntry {
		return
	}
	err := c.write(e, content, text)
	c.mu.Lock()
	failedBefore := !c.failed.IsZero()
	c.failed = time.Time{}
	if err != nil {
		c.failed = c.config.Now()
	}
	c.mu.Unlock()
	if (err != nil) != failedBefore {
		c.config.Report(err)
	}
}

func (c *Cache) isPaused() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.failed.IsZero() && c.config.Now().Before(c.failed.Add(pause))
}

// write writes a sound, unless another key has the same, and its entry.
func (c *Cache) write(e *entry, sound, text []byte) error {
	c.mu.Lock()
	there := c.sounds[e.sum] > 0
	c.mu.Unlock()
	if !there {
		if err := c.writeFile(c.soundPath(e.sum), sound); err != nil {
			return err
		}
	}
	err := c.writeFile(c.entryPath(e.name), text)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		if c.sounds[e.sum] == 0 {
			c.unlink(c.soundPath(e.sum))
		}
		return err
	}
	c.noteUse(e)
	c.add(e)
	c.makeRoom()
	return nil
}

// writeFile writes a file under another name, and then gives it its own.
func (c *Cache) writeFile(path string, content []byte) error {
	file, err := os.CreateTemp(c.config.Folder, unfinished+"*")
	if errors.Is(err, fs.ErrNotExist) { // somebody has removed the folder
		if err = os.MkdirAll(c.config.Folder, 0o700); err == nil {
			file, err = os.CreateTemp(c.config.Folder, unfinished+"*")
		}
	}
	if err != nil {
		return err
	}
	_, writeErr := file.Write(content)
	if err := cmp.Or(writeErr, file.Close()); err != nil {
		c.unlink(file.Name())
		return err
	}
	if err := os.Rename(file.Name(), path); err != nil {
		c.unlink(file.Name())
		return err
	}
	return nil
}

// Remove removes the sound under a key.
func (c *Cache) Remove(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.entries[hashOf(key)]; e != nil {
		c.remove(e)
	}
}

// Sweep removes what is too old, and what a crash has left. Call it now and then.
func (c *Cache) Sweep() {
	c.removeUnfinished()
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.config.Now()
	for _, e := range c.entries {
		if c.isOld(e, now) {
			c.remove(e)
		}
	}
}

// Bytes returns how many bytes the sounds take up.
func (c *Cache) Bytes() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bytes
}

// Count returns how many sounds a folder has; none where it is not there.
func Count(folder string) (int, error) {
	names, err := fs.Glob(os.DirFS(folder), "*"+ofEntry)
	return len(names), err
}

// clearings is how often Clear searches: what arrives meanwhile is removed too.
const clearings = 3

// Clear removes all sounds of a folder, and returns how many there were. A server
// that uses them finds them gone and makes them again.
func Clear(folder string) (removed int, err error) {
	for range clearings {
		files, err := os.ReadDir(folder)
		if errors.Is(err, fs.ErrNotExist) || err == nil && len(files) == 0 {
			break
		}
		if err != nil {
			return removed, fmt.Errorf("read the folder of sounds: %w", err)
		}
		for _, file := range files {
			if filepath.Ext(file.Name()) == ofEntry {
				removed++
			}
			if err := os.Remove(filepath.Join(folder, file.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return removed, fmt.Errorf("remove a sound: %w", err)
			}
		}
	}
	return removed, nil
}
