package audio

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

// WriteWAV writes c as a WAV file of 16-bit PCM, one channel, Rate samples a
// second: what every player opens.
func WriteWAV(w io.Writer, c Clip) error {
	if err := writeHeader(w, tagPCM, 2, len(c)); err != nil {
		return err
	}
	block := make([]byte, 0, blockBytes)
	for len(c) > 0 {
		n := min(len(c), blockBytes/2)
		block = block[:0]
		for _, s := range c[:n] {
			block = binary.LittleEndian.AppendUint16(block, uint16(s))
		}
		if _, err := w.Write(block); err != nil {
			return fmt.Errorf("write the WAV file: %w", err)
		}
		c = c[n:]
	}
	return nil
}

// WriteMulawWAV writes µ-law codes, as they came from the wire or from
// AppendMulaw, as a WAV file of one channel and Rate samples a second: half
// the size of WriteWAV, and nothing lost of what the telephone carried.
func WriteMulawWAV(w io.Writer, mulaw []byte) error {
	if err := writeHeader(w, tagMulaw, 1, len(mulaw)); err != nil {
		return err
	}
	if _, err := w.Write(mulaw); err != nil {
		return fmt.Errorf("write the WAV file: %w", err)
	}
	if len(mulaw)%2 == 1 {
		if _, err := w.Write([]byte{0}); err != nil {
			return fmt.Errorf("write the WAV file: %w", err)
		}
	}
	return nil
}

// writeHeader writes everything before the sound: samples of width bytes. Any
// codec but PCM has the longer format and a fact chunk (RIFF, new WAVE types).
func writeHeader(w io.Writer, tag uint16, width, samples int) error {
	le := binary.LittleEndian
	f := le.AppendUint16(nil, tag)
	f = le.AppendUint16(f, 1)                  // channels
	f = le.AppendUint32(f, Rate)               // samples a second
	f = le.AppendUint32(f, uint32(Rate*width)) // bytes a second
	f = le.AppendUint16(f, uint16(width))      // bytes a frame
	f = le.AppendUint16(f, uint16(8*width))    // bits a sample
	var fact []byte
	if tag != tagPCM {
		f = le.AppendUint16(f, 0) // nothing more to say about the codec
		fact = le.AppendUint32([]byte("fact"), 4)
		fact = le.AppendUint32(fact, uint32(samples))
	}
	size := samples * width
	riff := 4 + 8 + len(f) + len(fact) + 8 + size + size%2
	if int64(riff) > math.MaxUint32 {
		return fmt.Errorf("write the WAV file: %d samples are more than its 4 GiB hold", samples)
	}

	h := le.AppendUint32([]byte("RIFF"), uint32(riff))
	h = le.AppendUint32(append(h, "WAVEfmt "...), uint32(len(f)))
	h = append(append(h, f...), fact...)
	h = le.AppendUint32(append(h, "data"...), uint32(size))
	if _, err := w.Write(h); err != nil {
		return fmt.Errorf("write the WAV file: %w", err)
	}
	return nil
}
