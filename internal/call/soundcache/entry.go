package soundcache

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
)

const (
	ofEntry    = ".entry" // ends the names of entries
	ofSound    = ".sound" // and of sounds
	unfinished = ".tmp-"  // begins the names of files that are being written

	sampleBytes = 2

	// maxEntry is the largest entry, in bytes: an ETag, a date and a few numbers.
	maxEntry = 8 << 10

	// entryBytes is what an entry counts as: a block of the disk.
	entryBytes = 4 << 10
)

// entry is an Entry of the index.
type entry struct {
	Entry
	name string // the hash of its key
	sum  string // the hash of its sound
	made time.Time
	used time.Time

	noted time.Time // when its use was noted on disk
}

// written is an entry as it is on disk, after a line with its own hash. Times are
// Unix milliseconds.
type written struct {
	Sound   string              `json:"sound"`
	Rate    int                 `json:"rate"`
	Samples int                 `json:"samples"`
	Made    int64               `json:"made"`
	Good    int64               `json:"good"`
	Header  map[string][]string `json:"header,omitempty"`
}

// encode returns an entry as it is on disk. One that is larger than maxEntry is not
// read again.
func (e *entry) encode() []byte {
	text, err := json.Marshal(written{e.sum, e.Rate, e.Samples, e.made.UnixMilli(), e.Good.UnixMilli(), e.Header})
	if err != nil {
		panic(err) // it has numbers and texts alone
	}
	return append([]byte(sumOf(text)+"\n"), text...)
}

var errDamaged = errors.New("it is damaged")

// decodeEntry reads an entry as it is on disk. It trusts nothing of it.
func decodeEntry(name string, file []byte) (*entry, error) {
	sum, text, _ := bytes.Cut(file, []byte("\n"))
	var w written
	if sumOf(text) != string(sum) || json.Unmarshal(text, &w) != nil {
		return nil, errDamaged
	}
	rate := w.Rate == audio.Rate || w.Rate == audio.Wideband
	if !isHash(name) || !isHash(w.Sound) || !rate || w.Samples < 1 || w.Samples > int(audio.MaxLength/time.Second)*w.Rate {
		return nil, errDamaged
	}
	return &entry{
		Entry: Entry{Rate: w.Rate, Samples: w.Samples, Good: time.UnixMilli(w.Good), Header: w.Header},
		name:  name, sum: w.Sound, made: time.UnixMilli(w.Made),
	}, nil
}

// encode returns a sound as it is on disk: the samples a second, and the samples,
// of 32 and 16 bits, the low byte first.
func encode(sound *audio.Sound) []byte {
	content := make([]byte, rateBytes, rateBytes+sampleBytes*sound.Len())
	binary.LittleEndian.PutUint32(content, uint32(sound.Rate()))
	piece, r := make([]int16, 4096), sound.Reader()
	for left := sound.Len(); left > 0; {
		n := r.Read(piece[:min(len(piece), left)])
		for _, sample := range piece[:n] {
			content = binary.LittleEndian.AppendUint16(content, uint16(sample))
		}
		left -= n
	}
	return content
}

const rateBytes = 4

// readSound reads the sound of an entry, and checks that it is the one.
func readSound(path string, e *entry) ([]int16, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // it was read
	want := rateBytes + sampleBytes*e.Samples
	content, err := io.ReadAll(io.LimitReader(file, int64(want)+1))
	if err != nil {
		return nil, err
	}
	if len(content) != want || sumOf(content) != e.sum || binary.LittleEndian.Uint32(content) != uint32(e.Rate) {
		return nil, fmt.Errorf("a kept sound: %w", errDamaged)
	}
	samples := make([]int16, e.Samples)
	for i := range samples {
		samples[i] = int16(binary.LittleEndian.Uint16(content[rateBytes+sampleBytes*i:]))
	}
	return samples, nil
}

// hashOf returns the name that a key has on disk.
func hashOf(key string) string { return sumOf([]byte(key)) }

func sumOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// isHash reports whether a text is what sumOf returns, so that it can be part of a
// path.
func isHash(text string) bool {
	return len(text) == 2*sha256.Size && strings.Trim(text, "0123456789abcdef") == ""
}

func (c *Cache) entryPath(name string) string { return filepath.Join(c.config.Folder, name+ofEntry) }
func (c *Cache) soundPath(sum string) string  { return filepath.Join(c.config.Folder, sum+ofSound) }
