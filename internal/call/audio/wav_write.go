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
	if err := WriteWAVHeader(w, len(c), Rate); err != nil {
		return err
	}
	block := make([]byte, 0, blockBytes)
	for len(c) > 0 {
		n := min(len(c), blockBytes/sampleBytes)
		if err := writeSamples(w, block, c[:n]); err != nil {
			return err
		}
		c = c[n:]
	}
	return nil
}

// WriteWAV writes the samples so far as a WAV file of 16-bit PCM, one channel, at
// the Sound's rate.
func (s *Sound) WriteWAV(w io.Writer) error {
	left := s.Len()
	if err := WriteWAVHeader(w, left, s.rate); err != nil {
		return err
	}
	block, piece, r := make([]byte, 0, blockBytes), make([]int16, blockBytes/sampleBytes), s.Reader()
	for left > 0 {
		n := r.Read(piece[:min(left, len(piece))])
		if err := writeSamples(w, block, piece[:n]); err != nil {
			return err
		}
		left -= n
	}
	return nil
}

// writeSamples writes samples by way of a block that holds them.
func writeSamples(w io.Writer, block []byte, samples []int16) error {
	for _, s := range samples {
		block = binary.LittleEndian.AppendUint16(block, uint16(s))
	}
	if _, err := w.Write(block); err != nil {
		return fmt.Errorf("write the WAV file: %w", err)
	}
	return nil
}

// WAVHeaderSize is how many bytes WriteWAVHeader writes.
const WAVHeaderSize = 44

// WriteWAVHeader writes what stands before so many samples, of which a second has
// rate. Who does not know yet how many will come writes it again at the end.
func WriteWAVHeader(w io.Writer, samples, rate int) error {
	const format = 16 // bytes of the format chunk
	size := samples * sampleBytes
	riff := 4 + 8 + format + 8 + size
	if int64(riff) > math.MaxUint32 {
		return fmt.Errorf("write the WAV file: %d samples are more than its 4 GiB hold", samples)
	}
	le := binary.LittleEndian
	h := le.AppendUint32([]byte("RIFF"), uint32(riff))
	h = le.AppendUint32(append(h, "WAVEfmt "...), format)
	h = le.AppendUint16(h, tagPCM)
	h = le.AppendUint16(h, 1)                        // channels
	h = le.AppendUint32(h, uint32(rate))             // samples a second
	h = le.AppendUint32(h, uint32(rate*sampleBytes)) // bytes a second
	h = le.AppendUint16(h, sampleBytes)              // bytes a frame
	h = le.AppendUint16(h, 8*sampleBytes)            // bits a sample
	h = le.AppendUint32(append(h, "data"...), uint32(size))
	if _, err := w.Write(h); err != nil {
		return fmt.Errorf("write the WAV file: %w", err)
	}
	return nil
}
