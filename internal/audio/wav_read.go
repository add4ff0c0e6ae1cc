package audio

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// FormatError says why a sound cannot be read, in words for whoever shipped it.
type FormatError struct {
	Message string // what is wrong, without a capital or a full stop
	Hint    string // what to do about it
}

// Error returns the message.
func (e *FormatError) Error() string { return e.Message }

// ReadWAV reads a WAV file as a Clip: PCM of 8, 16, 24 or 32 bits, IEEE float,
// G.711 µ-law or A-law, plain or WAVE_FORMAT_EXTENSIBLE, one channel or two
// (which are mixed), at MinRate to MaxRate (brought to Rate).
//
// Chunks other than the format and the first data are skipped. A data length
// of nought or past the end of the file, as programs write that do not yet
// know it, means the rest of the file. Memory is bounded by MaxLength whatever
// the file says.
//
// A file that cannot be played yields a *FormatError; anything else is an
// error of r, wrapped.
func ReadWAV(r io.Reader) (Clip, error) {
	br := bufio.NewReaderSize(r, blockBytes)
	head, err := br.Peek(sniffBytes)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read the sound: %w", err)
	}
	if len(head) < 12 || string(head[:4]) != "RIFF" || string(head[8:12]) != "WAVE" {
		return nil, notWAV(head)
	}
	if _, err := br.Discard(12); err != nil {
		return nil, fmt.Errorf("read the sound: %w", err)
	}
	f, length, err := readChunks(br)
	if err != nil {
		return nil, err
	}
	return readData(br, f, length)
}

const (
	// blockBytes is how much is read and converted at a time.
	blockBytes = 32 << 10
	// maxChunks bounds what is skipped before the sound: pictures and
	// broadcast notes stay far below, an endless stream is not read for ever.
	maxChunks = 16 << 20
)

// readChunks reads up to the first byte of the sound. It returns the format,
// and the length the file claims for the sound, in bytes.
func readChunks(br *bufio.Reader) (format, int64, error) {
	var f *format
	for budget := int64(maxChunks); ; {
		var head [8]byte
		if _, err := io.ReadFull(br, head[:]); err != nil {
			return format{}, 0, missing(err, f)
		}
		name, size := string(head[:4]), int64(binary.LittleEndian.Uint32(head[4:]))
		if name == "data" {
			if f == nil {
				return format{}, 0, &FormatError{"the WAV file does not say what its sound is made of before the sound begins", hintConvert}
			}
			return *f, size, nil
		}
		if budget -= int64(len(head)) + size; budget < 0 {
			return format{}, 0, &FormatError{
				fmt.Sprintf("the WAV file holds over %d MiB of other things before its sound", maxChunks>>20), hintConvert}
		}
		var err error
		if name == "fmt " {
			f, err = readFormat(br, size)
		} else {
			_, err = br.Discard(int(size)) // within the budget, so within an int
		}
		if err == nil && size%2 == 1 {
			err = skipPadding(br)
		}
		if err != nil {
			return format{}, 0, missing(err, f)
		}
	}
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

// skipPadding skips the byte after a chunk of odd length. It is nought; some
// writers leave it out, and what follows is then the name of a chunk.
func skipPadding(br *bufio.Reader) error {
	b, err := br.ReadByte()
	if err == nil && b != 0 {
		err = br.UnreadByte()
	}
	return err
}

// readData reads length bytes of sound, or as many as there are.
func readData(br *bufio.Reader, f format, length int64) (Clip, error) {
	if length == 0 {
		length = math.MaxUint32
	}
	in := io.LimitReader(br, length)
	resampler, err := NewResampler(f.rate)
	if err != nil {
		return nil, err
	}
	decode, width := f.decoder(), f.bits/8
	frame := width * f.channels
	block := make([]byte, blockBytes/frame*frame)
	mono := make([]float32, 0, len(block)/frame)
	var clip Clip
	for {
		// A transfer that broke off reads as the end of the file: a prompt of
		// which the beginning arrived is better than none.
		n, err := io.ReadFull(in, block)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, fmt.Errorf("read the sound: %w", err)
		}
		mono = mono[:0]
		for b := block[:n]; len(b) >= frame; b = b[frame:] {
			s := decode(b)
			if f.channels == 2 {
				s = (s + decode(b[width:])) / 2
			}
			mono = append(mono, s)
		}
		clip = resampler.write(clip, mono)
		if len(clip) > Samples(MaxLength) {
			return nil, &FormatError{
				fmt.Sprintf("the sound is longer than %d minutes", int(MaxLength.Minutes())),
				"cut it: ffmpeg -i FILE -t 1800 -ar 8000 -ac 1 -c:a pcm_mulaw prompt.wav"}
		}
		if err != nil {
			break
		}
	}
	clip = resampler.Flush(clip)
	if len(clip) == 0 {
		return nil, &FormatError{"the WAV file holds no sound: its data is empty", "record or export it again"}
	}
	return clip, nil
}
