package recording

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/phone"
)

// ownerBytes is how much of a hash says whose a recording is: of a million numbers
// no two have the same, but for one case in a million millions.
const ownerBytes = 10

// fileName is what the files of recordings are called: whose they are, and
// 130 random bits.
var fileName = regexp.MustCompile(`^[a-z2-7]{16}-[a-z2-7]{26}\.(wav|part)$`)

// ownerOf says whose a recording is. Those who have no number are one owner, whom
// no number finds.
func (f *Folder) ownerOf(n phone.Number) string {
	mac := hmac.New(sha256.New, []byte(f.config.Secret))
	mac.Write([]byte(n.Key()))
	return strings.ToLower(base32.StdEncoding.EncodeToString(mac.Sum(nil)[:ownerBytes]))
}

// Held is a file in a Folder.
type Held struct {
	Name   string // of its file
	At     time.Time
	Length time.Duration // until now, if it is being made
	Making bool          // it is being made, or a crash has left it so
}

// Of returns the recordings of the person who has a number, the oldest first.
func (f *Folder) Of(n phone.Number) (all []Held, err error) {
	err = f.each(f.ownerOf(n)+"-", func(name string, info fs.FileInfo) {
		length := lengthOf(info.Size())
		all = append(all, Held{
			Name: name, At: info.ModTime().Add(-length), Length: length, Making: filepath.Ext(name) == partEnd,
		})
	})
	if err != nil {
		return nil, fmt.Errorf("look for recordings: %w", err)
	}
	slices.SortFunc(all, func(a, b Held) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Name, b.Name)) })
	return all, nil
}

// lengthOf returns how much sound a file of so many bytes has.
func lengthOf(size int64) time.Duration {
	return time.Duration(max(0, size-audio.WAVHeaderSize)/sampleBytes) * time.Second / audio.Rate
}

// Erase removes the recordings of the person who has a number, and returns them.
// One that is being made, by this program or another, is never kept.
func (f *Folder) Erase(n phone.Number) (erased []Held, err error) {
	all, err := f.Of(n)
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, r := range all {
		// The name that it has while it is being made goes first: it may get the other
		// one now.
		id := strings.TrimSuffix(r.Name, filepath.Ext(r.Name))
		err := errors.Join(remove(f.path(id+partEnd)), remove(f.path(id+wavEnd)))
		if err != nil {
			errs = append(errs, fmt.Errorf("erase a recording: %w", err))
			continue
		}
		erased = append(erased, r)
	}
	f.forgetRoom()
	return erased, errors.Join(errs...)
}

// remove removes a file, if it is there.
func remove(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
