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
	br := bufio.NewReaderSize(r, blockBytes)
	head, err := br.Peek(sniffBytes)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read the sound: %w", err)
	}
	// A script that writes a WAV file may write what stands before its own
	// first line too.
	before := len(head) - len(bytes.TrimLeft(head, "\xEF\xBB\xBF \t\r\n"))
	magic := head[before:]
	if len(magic) < 12 || string(magic[8:12]) != "WAVE" {
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
	if _, err := br.Discard(before + 12); err != nil {
		return nil, fmt.Errorf("read the sound: %w", err)
	}
	f, length, err := c.read()
	if err != nil {
		return nil, err
	}
	return readData(br, f, length)
}

// blockBytes is how much is read and converted at a time.
const blockBytes = 32 << 10

// readData reads length bytes of sound, or as many as there are.
func readData(br *bufio.Reader, f *format, length int64) (Clip, error) {
	readings, wrong := f.readings()
	if wrong != nil {
		return nil, wrong
	}
	play := readings[0]
	resampler, err := NewResampler(f.rate)
	if err != nil {
		return nil, err
	}
	in := io.LimitReader(br, length)
	if f.doubtful(readings) {
		sound, err := io.ReadAll(io.LimitReader(in, doubtBytes))
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, fmt.Errorf("read the sound: %w", err)
		}
		play = f.choose(readings, sound)
		in = io.MultiReader(bytes.NewReader(sound), in)
	}
	frame := play.width * f.channels
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
		mono = play.mix(mono[:0], block[:n], f.channels)
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
