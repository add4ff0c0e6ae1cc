package audio

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

// The format tags that are played (mmreg.h).
const (
	tagPCM        = 0x0001
	tagFloat      = 0x0003
	tagAlaw       = 0x0006
	tagMulaw      = 0x0007
	tagExtensible = 0xFFFE
)

// format is what the "fmt " chunk says.
type format struct {
	tag      uint16
	channels int
	rate     int
	bits     int
}

// waveGUID is how the SubFormat of WAVE_FORMAT_EXTENSIBLE ends when it begins
// with a format tag.
const waveGUID = "\x00\x00\x00\x00\x10\x00\x80\x00\x00\xAA\x00\x38\x9B\x71"

// readFormat reads a "fmt " chunk of size bytes.
func readFormat(br *bufio.Reader, size int64) (*format, error) {
	var body [40]byte
	known := min(size, int64(len(body)))
	if known < 16 {
		return nil, &FormatError{fmt.Sprintf("the WAV file is damaged: its format takes %d bytes instead of 16 or more", size), hintRepeat}
	}
	if _, err := io.ReadFull(br, body[:known]); err != nil {
		return nil, err
	}
	if _, err := br.Discard(int(size - known)); err != nil {
		return nil, err
	}
	f := &format{
		tag:      binary.LittleEndian.Uint16(body[0:]),
		channels: int(binary.LittleEndian.Uint16(body[2:])),
		rate:     int(binary.LittleEndian.Uint32(body[4:])),
		bits:     int(binary.LittleEndian.Uint16(body[14:])),
	}
	if f.tag == tagExtensible && known == 40 && string(body[26:]) == waveGUID {
		f.tag = binary.LittleEndian.Uint16(body[24:])
	}
	if f.decoder() == nil {
		return nil, &FormatError{fmt.Sprintf("the WAV file holds %s, which is not played here", f), hintConvert}
	}
	if f.channels != 1 && f.channels != 2 {
		return nil, &FormatError{fmt.Sprintf("the WAV file has %d channels; one or two can be played", f.channels), hintConvert}
	}
	if f.rate < MinRate || f.rate > MaxRate {
		return nil, &FormatError{fmt.Sprintf("the WAV file has %d samples a second; %d to %d can be played", f.rate, MinRate, MaxRate), hintConvert}
	}
	return f, nil
}

// A decoder returns the first sample of b on the scale of 16-bit samples.
type decoder func(b []byte) float32

// decoder returns how to read one sample of f, or nil if nobody knows.
func (f *format) decoder() decoder {
	switch [2]int{int(f.tag), f.bits} {
	case [2]int{tagPCM, 8}:
		return func(b []byte) float32 { return float32(int(b[0])-128) * (1 << 8) }
	case [2]int{tagPCM, 16}:
		return func(b []byte) float32 { return float32(int16(binary.LittleEndian.Uint16(b))) }
	case [2]int{tagPCM, 24}:
		return func(b []byte) float32 {
			return float32(int32(uint32(b[0])<<8|uint32(b[1])<<16|uint32(b[2])<<24)) / (1 << 16)
		}
	case [2]int{tagPCM, 32}:
		return func(b []byte) float32 { return float32(int32(binary.LittleEndian.Uint32(b))) / (1 << 16) }
	case [2]int{tagFloat, 32}:
		return func(b []byte) float32 { return tame(math.Float32frombits(binary.LittleEndian.Uint32(b))) }
	case [2]int{tagFloat, 64}:
		return func(b []byte) float32 { return tame(float32(math.Float64frombits(binary.LittleEndian.Uint64(b)))) }
	case [2]int{tagMulaw, 8}:
		levels := mulawLevels()
		return func(b []byte) float32 { return float32(levels[b[0]]) }
	case [2]int{tagAlaw, 8}:
		levels := alawLevels()
		return func(b []byte) float32 { return float32(levels[b[0]]) }
	}
	return nil
}

// tame brings a sample in which 1 is full scale to the scale of 16 bits. What
// is not a number is silence, and nothing is so loud that a filter overflows.
func tame(s float32) float32 {
	const most = 8
	if s != s {
		return 0
	}
	return min(max(s, -most), most) * (1 << 15)
}

// String names the codec, as in "MP3" or "PCM with 12 bits".
func (f *format) String() string {
	names := map[uint16]string{
		tagPCM: "PCM", tagFloat: "floating point", tagMulaw: "µ-law", tagAlaw: "A-law", tagExtensible: "an unknown extensible codec",
		0x0002: "Microsoft ADPCM", 0x0011: "IMA ADPCM", 0x0031: "GSM 6.10", 0x0040: "G.721 ADPCM", 0x0045: "G.726 ADPCM",
		0x0050: "MPEG audio", 0x0055: "MP3", 0x0064: "G.726 ADPCM", 0x0065: "G.722", 0x0083: "G.729",
		0x00FF: "AAC", 0x0161: "Windows Media audio", 0x0162: "Windows Media audio", 0x028F: "G.722", 0x1610: "AAC",
	}
	name := names[f.tag]
	switch f.tag {
	case tagPCM, tagFloat, tagMulaw, tagAlaw:
		return fmt.Sprintf("%s with %d bits", name, f.bits)
	}
	if name == "" {
		return fmt.Sprintf("sound in codec %#04x", f.tag)
	}
	return name
}
