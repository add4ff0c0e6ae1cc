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
	if err := writeHeader(w, len(c)); err != nil {
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

// writeHeader writes everything before so many samples.
func writeHeader(w io.Writer, samples int) error {
	const format, width = 16, 2 // bytes of the format chunk and of a sample
	size := samples * width
	riff := 4 + 8 + format + 8 + size
	if int64(riff) > math.MaxUint32 {
		return fmt.Errorf("write the WAV file: %d samples are more than its 4 GiB hold", samples)
	}
	le := binary.LittleEndian
	h := le.AppendUint32([]byte("RIFF"), uint32(riff))
	h = le.AppendUint32(append(h, "WAVEfmt "...), format)
	h = le.AppendUint16(h, tagPCM)
	h = le.AppendUint16(h, 1)          // channels
	h = le.AppendUint32(h, Rate)       // samples a second
	h = le.AppendUint32(h, Rate*width) // bytes a second
	h = le.AppendUint16(h, width)      // bytes a frame
	h = le.AppendUint16(h, 8*width)    // bits a sample
	h = le.AppendUint32(append(h, "data"...), uint32(size))
	if _, err := w.Write(h); err != nil {
		return fmt.Errorf("write the WAV file: %w", err)
	}
	return nil
}
