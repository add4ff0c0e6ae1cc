package soundcache

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// The index is what the Cache knows of its folder. Its methods are called with the
// lock held, or before anybody else has the Cache.

const (
	// writingTime is how long a file may be written: an older one that is not
	// finished was left by a crash. The server before, which hands over its calls,
	// may write one just now.
	writingTime = time.Minute

	// usedEvery is how long the use of a sound is not noted on disk again.
	usedEvery = time.Hour
)

// load reads the folder, and removes what is not whole, not used or too old.
func (c *Cache) load() error {
	files, err := os.ReadDir(c.config.Folder)
	if err != nil {
		return err
	}
	sizes := map[string]int64{}
	for _, file := range files {
		info, err := file.Info()
		if err != nil || !info.Mode().IsRegular() {
			continue // it is gone, or none of ours
		}
		path := filepath.Join(c.config.Folder, file.Name())
		switch {
		case filepath.Ext(path) == ofSound:
			sizes[strings.TrimSuffix(file.Name(), ofSound)] = info.Size()
		case filepath.Ext(path) == ofEntry:
			c.loadEntry(path, info)
		}
	}
	for _, e := range c.entries {
		if sizes[e.sum] != rateBytes+e.Size() {
			c.remove(e)
		}
	}
	for sum := range sizes {
		if c.sounds[sum] == 0 {
			c.unlink(c.soundPath(sum))
		}
	}
	c.makeRoom()
	c.removeUnfinished()
	return nil
}

// removeUnfinished removes what a crash has left half written. It needs no lock.
func (c *Cache) removeUnfinished() {
	names, _ := fs.Glob(os.DirFS(c.config.Folder), unfinished+"*") // it fails by a bad pattern alone
	for _, name := range names {
		path := filepath.Join(c.config.Folder, name)
		if info, err := os.Stat(path); err == nil && c.config.Now().Sub(info.ModTime()) > writingTime {
			c.unlink(path)
		}
	}
}

func (c *Cache) loadEntry(path string, info fs.FileInfo) {
	var file []byte
	err := errDamaged
	if info.Size() <= maxEntry {
		file, err = os.ReadFile(path)
	}
	var e *entry
	if err == nil {
		e, err = decodeEntry(strings.TrimSuffix(filepath.Base(path), ofEntry), file)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil || c.isOld(e, c.config.Now()):
		c.unlink(path)
	default:
		e.used, e.noted = info.ModTime(), info.ModTime()
		c.add(e)
	}
}

// isOld reports whether an entry's time is up. One from the future, which a wrong
// clock has made, would stay for ever.
func (c *Cache) isOld(e *entry, now time.Time) bool {
	age := now.Sub(e.made)
	return age > c.config.Age || age < -c.config.Age
}

// add adds an entry, in place of another with its key.
func (c *Cache) add(e *entry) {
	before := c.entries[e.name]
	c.entries[e.name] = e
	c.bytes += entryBytes
	if c.sounds[e.sum]++; c.sounds[e.sum] == 1 {
		c.bytes += e.Size()
	}
	if before != nil {
		c.bytes -= entryBytes
		c.dropSound(before)
	}
}

// remove removes an entry, and its sound where no other entry has it.
func (c *Cache) remove(e *entry) {
	delete(c.entries, e.name)
	c.bytes -= entryBytes
	c.unlink(c.entryPath(e.name))
	c.dropSound(e)
}

// dropSound takes an entry from its sound.
func (c *Cache) dropSound(e *entry) {
	if c.sounds[e.sum]--; c.sounds[e.sum] == 0 {
		delete(c.sounds, e.sum)
		c.bytes -= e.Size()
		c.unlink(c.soundPath(e.sum))
	}
}

// removeSound removes a sound, and all its entries.
func (c *Cache) removeSound(sum string) {
	for _, e := range c.entries {
		if e.sum == sum {
			c.remove(e)
		}
	}
}

// use notes that an entry is used.
func (c *Cache) use(e *entry, now time.Time) {
	e.used = now
	if now.Sub(e.noted) > usedEvery {
		c.noteUse(e)
	}
}

// noteUse notes on disk when an entry was used: the next start makes room by it.
func (c *Cache) noteUse(e *entry) {
	e.noted = e.used
	_ = os.Chtimes(c.entryPath(e.name), e.used, e.used)
}

// makeRoom removes the entries that were used longest ago, until the rest may stay.
func (c *Cache) makeRoom() {
	if c.bytes <= c.config.Bytes {
		return
	}
	oldest := slices.SortedFunc(maps.Values(c.entries), func(a, b *entry) int { return a.used.Compare(b.used) })
	for _, e := range oldest {
		if c.bytes <= c.config.Bytes {
			return
		}
		c.remove(e)
	}
}

// unlink removes a file. One that cannot be removed stays until Open finds it.
func (c *Cache) unlink(path string) { _ = os.Remove(path) }
