package audio

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

const (
	// maxChunks bounds what is skipped before the sound: pictures and
	// broadcast notes stay far below, an endless stream is not read for ever.
	maxChunks = 16 << 20
	// maxStray bounds how far we search for the next chunk if none begins.
	maxStray = 64 << 10
	// unknownLength is the length in a file whose writer could not seek in it,
	// or whose lengths are in its ds64 chunk.
	unknownLength = math.MaxUint32
)

// chunks reads the chunks of a file up to the sound.
type chunks struct {
	br     *bufio.Reader
	order  binary.ByteOrder
	budget int64 // bytes that may still come before the sound
	stray  int   // bytes so far that belong to no chunk
	length int64 // of the sound, by the ds64 chunk; 0: not said
}

// read returns the format, and the length the file claims for the sound, in
// bytes. The next byte is the sound's first.
func (c *chunks) read() (*format, int64, error) {
	var f *format
	for odd := false; ; {
		name, size, err := c.next(odd)
		if err != nil {
			return nil, 0, missing(err, f)
		}
		if name == "data" {
			after, _ := c.br.Peek(4)
			if size == 0 && isKnown(after) {
				odd = false
				continue // empty, as its neighbour shows
			}
			if f == nil {
				return nil, 0, &FormatError{"the WAV file does not say what its sound is made of before the sound begins", hintConvert}
			}
			if size == unknownLength && c.length > 0 {
				size = c.length
			}
			if size == 0 {
				size = unknownLength
			}
			return f, size, nil
		}
		if c.budget -= size; c.budget < 0 {
			return nil, 0, tooMuch()
		}
		odd = size%2 == 1
		switch name {
		case "fmt ":
			f, size, err = c.format(size)
			odd = size%2 == 1
		case "ds64":
			err = c.lengths(size)
		}
		if err == nil {
			_, err = c.br.Discard(int(size)) // within the budget, so within an int
		}
		if err != nil {
			return nil, 0, missing(err, f)
		}
	}
}

func tooMuch() *FormatError {
	return &FormatError{fmt.Sprintf("the WAV file holds over %d MiB of other things before its sound", maxChunks>>20), hintConvert}
}

// next reads the head of a chunk. The search starts where the previous one ends,
// which is at an odd offset if its length is odd.
func (c *chunks) next(odd bool) (name string, size int64, err error) {
	for {
		const look = 4 + 8
		b, err := c.br.Peek(look)
		if len(b) < 8 {
			return "", 0, err
		}
		skip := c.begin(b, odd)
		if name, size := c.head(b[skip:]); isKnown(b[skip:]) || isName(b[skip:]) && size <= c.budget {
			c.budget -= int64(skip + 8)
			if c.budget < 0 {
				return "", 0, tooMuch()
			}
			_, err := c.br.Discard(skip + 8)
			return name, size, err
		}
		// No chunk begins here: a length was wrong, or there is padding.
		odd = false
		if c.stray++; c.stray > maxStray {
			return "", 0, &FormatError{fmt.Sprintf("the WAV file is damaged: over %d KiB before its sound belong to nothing", maxStray>>10), hintConvert}
		}
		if _, err := c.br.Discard(1); err != nil {
			return "", 0, err
		}
	}
}

// begin returns where in b the next chunk begins. After a chunk of odd length
// there is to be a byte of padding, nought; some writers put something else
// there or leave it out. Lengths that are wrong by a byte or two occur as well.
func (c *chunks) begin(b []byte, odd bool) int {
	for i := range len(b) - 7 {
		if isKnown(b[i:]) {
			return i
		}
	}
	if !odd || len(b) < 9 || !isName(b[1:]) {
		return 0
	}
	_, padded := c.head(b[1:])
	_, bare := c.head(b)
	if isName(b) && bare <= c.budget && padded > c.budget {
		return 0
	}
	return 1
}

// head reads the name and the length of a chunk.
func (c *chunks) head(b []byte) (name string, size int64) {
	return string(b[:4]), int64(c.order.Uint32(b[4:]))
}

// isKnown reports whether b begins with the name of a chunk that occurs in WAV
// files.
func isKnown(b []byte) bool {
	if len(b) < 4 {
		return false
	}
	switch string(b[:4]) {
	case "fmt ", "data", "fact", "LIST", "bext", "ds64", "JUNK", "junk", "PAD ", "FLLR", "id3 ", "ID3 ", "iXML", "cue ", "smpl", "inst",
		"PEAK", "note", "cart", "acid", "axml", "chna", "DISP", "afsp", "_PMX", "minf", "elm1", "regn", "umid", "plst", "levl", "strc":
		return true
	}
	return false
}

// isName reports whether b begins with what can be the name of a chunk.
func isName(b []byte) bool {
	for _, c := range b[:4] {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

// lengths looks into a ds64 chunk (EBU Tech 3306): the length of the file, of
// the sound and of a table, for files of over 4 GiB.
func (c *chunks) lengths(size int64) error {
	if size < 16 {
		return nil
	}
	b, err := c.br.Peek(16)
	if err != nil {
		return err
	}
	c.length = max(0, int64(c.order.Uint64(b[8:])))
	return nil
}

// format looks into a "fmt " chunk of size bytes. It returns how many it has.
func (c *chunks) format(size int64) (*format, int64, error) {
	const shortest, longest = 16, 40
	if size < shortest {
		return nil, 0, &FormatError{fmt.Sprintf("the WAV file is damaged: its format takes %d bytes instead of 16 or more", size), hintRepeat}
	}
	b, err := c.br.Peek(longest)
	if len(b) < shortest {
		return nil, 0, err
	}
	if isKnown(b[shortest:]) {
		size = shortest // what it says more is an extension that it has not
	}
	b = b[:min(int64(len(b)), size)]
	f, wrong := parseFormat(b, c.order)
	if wrong != nil {
		return nil, 0, wrong
	}
	return f, size, nil
}

// missing is the error for a file whose sound is not reached because of err,
// by what is known of its format until then.
func missing(err error, f *format) error {
	if fe, ok := errors.AsType[*FormatError](err); ok {
		return fe
	}
	switch {
	case !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("read the sound: %w", err)
	case f == nil:
		return &FormatError{"the WAV file ends within its header", hintRepeat}
	default:
		return &FormatError{"the WAV file holds no sound: it ends before its data", hintRepeat}
	}
}
