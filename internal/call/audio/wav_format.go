package audio

import (
	"encoding/binary"
	"fmt"
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

// maxChannels is the most channels that are mixed: no prompt has more.
const maxChannels = 32

// format is what the "fmt " chunk says.
type format struct {
	tag       uint16
	channels  int
	rate      int
	perSecond int // bytes
	align     int // bytes of a frame, which is one sample of each channel
	bits      int // of a sample; with extensible, of its container
	valid     int // of these; 0: all, or not said
	order     binary.ByteOrder
}

// waveGUID is how the SubFormat of WAVE_FORMAT_EXTENSIBLE ends when it begins
// with a format tag: three numbers and eight bytes.
const waveGUID = "\x80\x00\x00\xAA\x00\x38\x9B\x71"

// parseFormat reads a "fmt " chunk, of which b has 16 to 40 bytes.
func parseFormat(b []byte, order binary.ByteOrder) (*format, *FormatError) {
	f := &format{
		tag:       order.Uint16(b[0:]),
		channels:  int(order.Uint16(b[2:])),
		rate:      int(order.Uint32(b[4:])),
		perSecond: int(order.Uint32(b[8:])),
		align:     int(order.Uint16(b[12:])),
		bits:      int(order.Uint16(b[14:])),
		order:     order,
	}
	if f.tag == tagExtensible && len(b) == 40 && string(b[32:]) == waveGUID {
		// In RIFX files SoX writes this one thing with the least byte first.
		for _, o := range []binary.ByteOrder{order, binary.LittleEndian} {
			if tag := o.Uint32(b[24:]); tag <= math.MaxUint16 && o.Uint16(b[28:]) == 0 && o.Uint16(b[30:]) == 0x10 {
				f.tag, f.valid = uint16(tag), int(order.Uint16(b[18:]))
				break
			}
		}
	}
	if f.channels >= 1 && f.channels <= maxChannels && f.rate >= MinRate && f.rate <= MaxRate {
		_, wrong := f.readings()
		return f, wrong
	}
	switch {
	case !f.isPlayed():
		return nil, f.unplayed()
	case f.channels < 1 || f.channels > maxChannels:
		return nil, &FormatError{fmt.Sprintf("the WAV file has %d channels; one to %d can be played", f.channels, maxChannels), hintConvert}
	}
	return nil, &FormatError{fmt.Sprintf("the WAV file has %d samples a second; %d to %d can be played", f.rate, MinRate, MaxRate), hintConvert}
}

// isPlayed reports whether sounds in this codec are played at all.
func (f *format) isPlayed() bool {
	return f.tag == tagPCM || f.tag == tagFloat || f.tag == tagAlaw || f.tag == tagMulaw
}

func (f *format) unplayed() *FormatError {
	return &FormatError{fmt.Sprintf("the WAV file holds %s, which is not played here", f), hintConvert}
}

// contradicts is the error for a header of which no reading makes sense.
func (f *format) contradicts() *FormatError {
	channels, takes, bytes := "one channel", "takes", "bytes"
	if f.channels != 1 {
		channels, takes = fmt.Sprintf("%d channels", f.channels), "take"
	}
	if f.align == 1 {
		bytes = "byte"
	}
	return &FormatError{
		fmt.Sprintf("the WAV file contradicts itself: it says that a sample has %d bits, and that %s of them %s %d %s", f.bits, channels, takes, f.align, bytes),
		"write it again: ffmpeg -i FILE -ar 8000 -ac 1 -c:a pcm_mulaw prompt.wav, and listen to the result"}
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
