package audio

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// FormatError says why a sound cannot be read, in words for those who ship it.
type FormatError struct {
	Message string // what is wrong, without a capital or a full stop
	Hint    string // what to do about it
}

// Error returns the message.
func (e *FormatError) Error() string { return e.Message }

// ReadWAV reads a WAV file as a Clip: PCM of 8 to 64 bits in containers of any
// size, IEEE float, G.711 µ-law or A-law, plain or WAVE_FORMAT_EXTENSIBLE, in
// RIFF, RIFX, RF64 or BW64, one channel to maxChannels (which are mixed), at
// MinRate to MaxRate (brought to Rate).
//
// Chunks other than the format and the first data are skipped. A data length
// of nought or past the end of the file, as programs write that do not yet
// know it, means the rest of the file. Memory is bounded by MaxLength whatever
// the file says.
//
// A file that cannot be played yields a *FormatError; anything else is an
// error of r, wrapped.
func ReadWAV(r io.Reader) (Clip, error) {
	w, err := OpenWAV(r)
	if err != nil {
		return nil, err
	}
	s := NewSound(Rate)
	if err := w.Decode(s); err != nil {
		return nil, err
	}
	return s.Clip(), nil
}

// WAV is a WAV file whose header was read, and whose sound is still to come.
type WAV struct {
	br     *bufio.Reader
	format *format
	length int64 // of the sound, in bytes
}

// OpenWAV reads the header of a WAV file. What can be read is said at ReadWAV,
// and so are the errors.
func OpenWAV(r io.Reader) (*WAV, error) {
	br := bufio.NewReaderSize(r, blockBytes)
	head, before, err := beginning(br)
	if err != nil {
		return nil, err
	}
	magic := head[before:]
	if len(magic) < magicBytes || string(magic[8:magicBytes]) != "WAVE" {
		return nil, notWAV(head)
	}
	c := chunks{br: br, order: binary.LittleEndian, budget: maxChunks}
	switch string(magic[:4]) {
	case "RIFF", "RF64", "BW64":
	case "RIFX":
		c.order = binary.BigEndian
	default:
		return nil, notWAV(head)
	}
	if _, err := br.Discard(before + magicBytes); err != nil {
		return nil, fmt.Errorf("read the sound: %w", err)
	}
	f, length, err := c.read()
	if err != nil {
		return nil, err
	}
	return &WAV{br, f, length}, nil
}

// magicBytes is how much of a file says that it is a WAV: RIFF, its length, WAVE.
const magicBytes = 12

// beginning returns how a file begins, and where its first line does: a script
// that writes a WAV file may write what stands before its own first line too.
// No more is waited for than says that it is one.
func beginning(br *bufio.Reader) (head []byte, before int, err error) {
	for _, enough := range [...]int{4 * magicBytes, sniffBytes} {
		head, err = br.Peek(enough)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, 0, fmt.Errorf("read the sound: %w", err)
		}
		before = len(head) - len(bytes.TrimLeft(head, "\xEF\xBB\xBF \t\r\n"))
		if magic := head[before:]; len(magic) >= magicBytes && string(magic[8:magicBytes]) == "WAVE" {
			break
		}
	}
	return head, before, nil
}

// Rate returns the rate of the Sound that holds what the file has: Wideband
// where it has so much, else Rate.
func (w *WAV) Rate() int {
	if w.format.rate >= Wideband {
		return Wideband
	}
	return Rate
}

// blockBytes is how much is read and converted at a time, at most.
const blockBytes = 32 << 10

// Decode reads the sound into s, as it comes. Its error is that of ReadWAV, with
// which, or nil, the caller ends s.
func (w *WAV) Decode(s *Sound) error {
	readings, wrong := w.format.readings()
	if wrong != nil {
		return wrong
	}
	play := readings[0]
	resampler, err := NewResampler(w.format.rate, s.Rate())
	if err != nil {
		return err
	}
	in := io.LimitReader(w.br, w.length)
	if w.format.doubtful(readings) {
		sound, err := io.ReadAll(io.LimitReader(in, doubtBytes))
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			return fmt.Errorf("read the sound: %w", err)
		}
		play = w.format.choose(readings, sound)
		in = io.MultiReader(bytes.NewReader(sound), in)
	}
	frame := play.width * w.format.channels
	block, have := make([]byte, blockBytes/frame*frame), 0
	mono, piece := make([]float32, 0, len(block)/frame), []int16(nil)
	for {
		n, err := in.Read(block[have:])
		// A transfer that broke off reads as the end of the file: a prompt of
		// which the beginning arrived is better than none.
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return fmt.Errorf("read the sound: %w", err)
		}
		have += n
		whole := have / frame * frame
		mono = play.mix(mono[:0], block[:whole], w.format.channels)
		have = copy(block, block[whole:have])
		piece = resampler.write(piece[:0], mono)
		if err != nil {
			piece = resampler.Flush(piece)
		}
		if s.Len()+len(piece) > samplesAt(MaxLength, s.Rate()) {
			return &FormatError{
				fmt.Sprintf("the sound is longer than %d minutes", int(MaxLength.Minutes())),
				"cut it: ffmpeg -i FILE -t 1800 -ar 8000 -ac 1 -c:a pcm_mulaw prompt.wav"}
		}
		if len(piece) > 0 {
			s.Append(piece)
		}
		if err != nil {
			break
		}
	}
	if s.Len() == 0 {
		return &FormatError{"the WAV file holds no sound: its data is empty", "record or export it again"}
	}
	return nil
}
