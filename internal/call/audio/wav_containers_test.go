package audio_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
)

// shape is how the samples of a WAV file lie in its data, and what its "fmt "
// chunk says of them.
type shape struct {
	tag      uint16
	channels int
	rate     int
	bits     int // of a sample
	width    int // bytes that a sample takes; 0: as few as hold its bits
	right    bool
	unsigned bool // the top bits above a right-justified sample stay nought
	big      bool // most significant byte first

	container int                    // bits that the format says; 0: bits
	align     int                    // what it says of a frame; 0: what is true
	perSecond int                    // what it says of a second; 0: what follows of the block align
	valid     int                    // of WAVE_FORMAT_EXTENSIBLE
	guid      binary.AppendByteOrder // of its SubFormat; nil: the file's
	fine      bool
}

func (s shape) order() binary.AppendByteOrder {
	if s.big {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

func (s shape) bytes() int {
	if s.width > 0 {
		return s.width
	}
	return (s.bits + 7) / 8
}

// format is the "fmt " chunk with its head.
func (s shape) format() []byte {
	o := s.order()
	align := s.align
	if align == 0 {
		align = s.channels * s.bytes()
	}
	perSecond := s.perSecond
	if perSecond == 0 {
		perSecond = align * s.rate
	}
	bits := s.container
	if bits == 0 {
		bits = s.bits
	}
	tag := s.tag
	if s.valid > 0 {
		tag = extensible
	}
	b := o.AppendUint16(nil, tag)
	b = o.AppendUint16(b, uint16(s.channels))
	b = o.AppendUint32(b, uint32(s.rate))
	b = o.AppendUint32(b, uint32(perSecond))
	b = o.AppendUint16(b, uint16(align))
	b = o.AppendUint16(b, uint16(bits))
	if s.valid > 0 {
		b = o.AppendUint16(b, 22)
		b = o.AppendUint16(b, uint16(s.valid))
		b = o.AppendUint32(b, 0)
		if s.guid != nil {
			o = s.guid
		}
		b = o.AppendUint32(b, uint32(s.tag))
		b = o.AppendUint16(b, 0)
		b = o.AppendUint16(b, 0x10)
		o = s.order()
		b = append(b, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71)
	}
	return slices.Concat([]byte("fmt "), o.AppendUint32(nil, uint32(len(b))), b)
}

// sample appends one sample; full scale is 1.
func (s shape) sample(b []byte, v float64) []byte {
	o, width := s.order(), s.bytes()
	switch {
	case s.tag == float && s.bits == 64:
		return o.AppendUint64(b, math.Float64bits(v))
	case s.tag == float:
		return o.AppendUint32(b, math.Float32bits(float32(v)))
	case s.tag == mulaw:
		return append(b, audio.AppendMulaw(nil, []int16{int16(v * 32767)})...)
	case s.tag == alaw:
		return append(b, audio.AppendAlaw(nil, []int16{int16(v * 32767)})...)
	case s.bits == 8 && width == 1:
		return append(b, byte(128+math.Round(v*127)))
	}
	n := int64(math.Round(v * float64(int64(1)<<(s.bits-1)-1)))
	spare := 8*width - s.bits
	switch {
	case s.fine: // as 24-bit converters that deliver 32: the spare bits hold what is finer
		n = int64(math.Round(v * float64(int64(1)<<(8*width-1)-1)))
	case !s.right:
		n <<= spare
	case s.unsigned:
		n &= int64(1)<<s.bits - 1
	}
	eight := binary.LittleEndian.AppendUint64(nil, uint64(n))[:width]
	if s.big {
		slices.Reverse(eight)
	}
	return append(b, eight...)
}

// tone is a second of 440 Hz at half of full scale on every channel, after as
// much digital silence as lead.
func (s shape) tone(lead time.Duration) []byte {
	var data []byte
	for i := range int(lead.Seconds()*float64(s.rate)) + s.rate {
		v := 0.0
		if at := i - int(lead.Seconds()*float64(s.rate)); at >= 0 {
			v = 0.5 * math.Sin(2*math.Pi*440*float64(at)/float64(s.rate))
		}
		for range s.channels {
			data = s.sample(data, v)
		}
	}
	return data
}

// file is the whole of it.
func (s shape) file(magic string, data []byte) []byte {
	o := s.order()
	body := slices.Concat([]byte("WAVE"), s.format(), []byte("data"), o.AppendUint32(nil, uint32(len(data))), data)
	return slices.Concat([]byte(magic), o.AppendUint32(nil, uint32(len(body))), body)
}

// isTone checks that a file is heard as the tone and as nothing else.
func isTone(t *testing.T, file []byte) {
	t.Helper()
	c, err := audio.ReadWAV(bytes.NewReader(file))
	if err != nil {
		if fe, ok := errors.AsType[*audio.FormatError](err); ok {
			t.Fatalf("%s (%s)", fe.Message, fe.Hint)
		}
		t.Fatal(err)
	}
	near(t, "length in ms", float64(c.Duration().Milliseconds()), 1000, 2)
	near(t, "level of 440 Hz", level(c, 440), -6.02, 0.1)
	near(t, "loudness", loudness(c), -6.02, 0.2)
}

// A sample may take more bytes than its bits need. WAVEFORMATEXTENSIBLE has it
// left-justified in them (https://learn.microsoft.com/windows-hardware/drivers/ddi/ksmedia/ns-ksmedia-waveformatextensible);
// ALSA's S24_LE is right-justified, and arecord writes that into WAV files
// (https://github.com/alsa-project/alsa-utils/issues/308, https://github.com/ruuda/hound/issues/40).
// 24 in 32 is https://github.com/jstrait/wavefile/issues/11, fewer bits in 24
// and 32 are https://github.com/xiph/flac/issues/301.
func TestSamplesInContainersOfMoreBytes(t *testing.T) {
	tests := map[string]shape{
		"24 bits in 4 bytes":                                 {tag: pcm, channels: 1, rate: 8000, bits: 24, width: 4},
		"24 bits in 4 bytes, the fourth is not nought":       {tag: pcm, channels: 1, rate: 8000, bits: 24, width: 4, fine: true},
		"24 bits in 4 bytes, right-justified":                {tag: pcm, channels: 1, rate: 8000, bits: 24, width: 4, right: true},
		"24 bits in 4 bytes, right-justified, no sign":       {tag: pcm, channels: 1, rate: 8000, bits: 24, width: 4, right: true, unsigned: true},
		"24 bits in 4 bytes, two channels, 44100 Hz":         {tag: pcm, channels: 2, rate: 44100, bits: 24, width: 4},
		"24 bits in 4 bytes, right-justified, two channels":  {tag: pcm, channels: 2, rate: 48000, bits: 24, width: 4, right: true},
		"24 of 32 bits, extensible":                          {tag: pcm, channels: 1, rate: 8000, bits: 24, width: 4, container: 32, valid: 24},
		"24 bits in 4 bytes, extensible":                     {tag: pcm, channels: 1, rate: 8000, bits: 24, width: 4, valid: 24},
		"24 of 32 bits, extensible, right-justified":         {tag: pcm, channels: 1, rate: 8000, bits: 24, width: 4, container: 32, valid: 24, right: true},
		"as arecord of 2024 says it":                         {tag: pcm, channels: 1, rate: 8000, bits: 24, width: 4, container: 32, right: true},
		"20 bits in 3 bytes":                                 {tag: pcm, channels: 1, rate: 8000, bits: 20},
		"20 bits in 3 bytes, right-justified":                {tag: pcm, channels: 1, rate: 8000, bits: 20, right: true},
		"20 of 24 bits, extensible":                          {tag: pcm, channels: 1, rate: 8000, bits: 20, container: 24, valid: 20},
		"20 bits in 4 bytes":                                 {tag: pcm, channels: 2, rate: 16000, bits: 20, width: 4},
		"20 bits in 4 bytes, right-justified":                {tag: pcm, channels: 2, rate: 16000, bits: 20, width: 4, right: true},
		"12 bits in 2 bytes":                                 {tag: pcm, channels: 1, rate: 8000, bits: 12},
		"12 bits in 2 bytes, right-justified":                {tag: pcm, channels: 1, rate: 8000, bits: 12, right: true},
		"12 of 16 bits, extensible":                          {tag: pcm, channels: 1, rate: 8000, bits: 12, container: 16, valid: 12},
		"14 bits in 2 bytes":                                 {tag: pcm, channels: 2, rate: 8000, bits: 14},
		"16 bits in 4 bytes":                                 {tag: pcm, channels: 1, rate: 8000, bits: 16, width: 4},
		"16 bits in 4 bytes, right-justified":                {tag: pcm, channels: 1, rate: 8000, bits: 16, width: 4, right: true},
		"16 bits in 3 bytes":                                 {tag: pcm, channels: 2, rate: 22050, bits: 16, width: 3},
		"18 bits in 3 bytes":                                 {tag: pcm, channels: 1, rate: 11025, bits: 18},
		"32 bits in 8 bytes":                                 {tag: pcm, channels: 1, rate: 8000, bits: 32, width: 8},
		"64 bits":                                            {tag: pcm, channels: 1, rate: 8000, bits: 62, width: 8, container: 64},
		"no bits, the block align says them":                 {tag: pcm, channels: 2, rate: 8000, bits: 16, container: 0xFFFF + 1},
		"24 bits in 4 bytes, most significant first":         {tag: pcm, channels: 1, rate: 8000, bits: 24, width: 4, big: true},
		"24 bits in 4 bytes, RIFX, right":                    {tag: pcm, channels: 1, rate: 8000, bits: 24, width: 4, big: true, right: true},
		"24 bits in 4 bytes, bytes a second are nonsense":    {tag: pcm, channels: 1, rate: 8000, bits: 24, width: 4, perSecond: 77},
		"24 bits in 4 bytes, bytes a second of 3":            {tag: pcm, channels: 1, rate: 8000, bits: 24, width: 4, perSecond: 24000},
		"24 bits in 4 bytes, right, bytes a second of 3":     {tag: pcm, channels: 2, rate: 8000, bits: 24, width: 4, perSecond: 48000, right: true},
		"24 bits in 4 bytes of four channels":                {tag: pcm, channels: 4, rate: 8000, bits: 24, width: 4},
		"24 bits in 4 bytes of four channels, extensible":    {tag: pcm, channels: 4, rate: 8000, bits: 24, width: 4, container: 32, valid: 24},
		"24 bits in 4 bytes, right, of six, extensible 24":   {tag: pcm, channels: 6, rate: 48000, bits: 24, width: 4, valid: 24, right: true},
		"24 bits in 4 bytes, right, no sign, two channels":   {tag: pcm, channels: 2, rate: 11025, bits: 24, width: 4, right: true, unsigned: true},
		"12 bits in 2 bytes, right, no sign, most first":     {tag: pcm, channels: 1, rate: 8000, bits: 12, right: true, unsigned: true, big: true},
		"valid bits that are nonsense do not change a thing": {tag: pcm, channels: 1, rate: 8000, bits: 16, valid: 77},
	}
	for name, s := range tests {
		t.Run(name, func(t *testing.T) {
			magic := "RIFF"
			if s.big {
				magic = "RIFX"
			}
			isTone(t, s.file(magic, s.tone(0)))
		})
	}
}

// How a sample lies in its container shows only where there is sound: a prompt
// may begin with seconds of nothing.
func TestSilenceBeforeASoundSaysNothingOfItsContainer(t *testing.T) {
	for name, s := range map[string]shape{
		"left-justified":  {tag: pcm, channels: 1, rate: 8000, bits: 24, width: 4},
		"right-justified": {tag: pcm, channels: 1, rate: 8000, bits: 24, width: 4, right: true},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := audio.ReadWAV(bytes.NewReader(s.file("RIFF", s.tone(3*time.Second))))
			if err != nil {
				t.Fatal(err)
			}
			near(t, "length in ms", float64(c.Duration().Milliseconds()), 4000, 2)
			near(t, "loudness of the beginning", loudness(c[:audio.Rate]), -250, 100)
			near(t, "level of 440 Hz", level(c[3*audio.Rate:], 440), -6.02, 0.1)
		})
	}
}

// A whisper of 24 bits in 32 stays one: that its samples are small does not
// make them right-justified.
func TestQuietSoundIsNotTakenForAnotherContainer(t *testing.T) {
	for name, s := range map[string]shape{
		"12 of 16 bits":             {tag: pcm, channels: 1, rate: 8000, bits: 12},
		"20 of 24 bits":             {tag: pcm, channels: 1, rate: 8000, bits: 20},
		"24 of 32 bits, extensible": {tag: pcm, channels: 1, rate: 8000, bits: 24, width: 4, container: 32, valid: 24},
	} {
		t.Run(name, func(t *testing.T) {
			var data []byte
			for i := range 8000 {
				data = s.sample(data, 0.01*math.Sin(2*math.Pi*440*float64(i)/8000))
			}
			c, err := audio.ReadWAV(bytes.NewReader(s.file("RIFF", data)))
			if err != nil {
				t.Fatal(err)
			}
			near(t, "level of 440 Hz", level(c, 440), -40, 0.3)
		})
	}
}

// Programs that fill in the header by hand get the block align wrong, or what
// goes by it. Where the sound shows which of two readings is meant, it is heard.
func TestBlockAlignThatContradictsTheBits(t *testing.T) {
	tests := map[string]shape{
		"none at all":                             {tag: pcm, channels: 1, rate: 8000, bits: 16, align: 1 << 16, perSecond: 16000},
		"a header of stereo before mono":          {tag: pcm, channels: 1, rate: 8000, bits: 16, align: 4},
		"a header of stereo before mono, 24 bits": {tag: pcm, channels: 1, rate: 8000, bits: 24, align: 6},
		"one channel's":                           {tag: pcm, channels: 2, rate: 8000, bits: 16, align: 2, perSecond: 32000},
		"one channel's, bytes a second too":       {tag: pcm, channels: 2, rate: 8000, bits: 16, align: 2},
		"of bits":                                 {tag: pcm, channels: 1, rate: 8000, bits: 16, align: 16, perSecond: 16000},
		"one byte":                                {tag: pcm, channels: 1, rate: 8000, bits: 16, align: 1},
		"one byte before 24 bits":                 {tag: pcm, channels: 1, rate: 8000, bits: 24, align: 1},
		"an odd one":                              {tag: pcm, channels: 2, rate: 8000, bits: 16, align: 7, perSecond: 32000},
		"bits of 16 before 8":                     {tag: pcm, channels: 1, rate: 8000, bits: 8, container: 16, align: 1},
		"bits of 16 before 24":                    {tag: pcm, channels: 1, rate: 8000, bits: 24, container: 16, align: 3},
		"bits of 24 before 16":                    {tag: pcm, channels: 1, rate: 8000, bits: 16, container: 24, align: 2},
		"bits of 32 before 16, stereo":            {tag: pcm, channels: 2, rate: 16000, bits: 16, container: 32, align: 4},
		"µ-law of 16 bits":                        {tag: mulaw, channels: 1, rate: 8000, bits: 8, container: 16, align: 1},
		"A-law of no bits":                        {tag: alaw, channels: 2, rate: 8000, bits: 8, container: 1 << 16, align: 2},
		"µ-law whose frame is two bytes":          {tag: mulaw, channels: 1, rate: 8000, bits: 8, align: 2, perSecond: 8000},
		"float of no bits":                        {tag: float, channels: 1, rate: 8000, bits: 32, width: 4, container: 1 << 16},
		"float of 64 bits that says 32":           {tag: float, channels: 1, rate: 8000, bits: 64, width: 8, container: 32},
	}
	for name, s := range tests {
		t.Run(name, func(t *testing.T) { isTone(t, s.file("RIFF", s.tone(0))) })
	}
}

func TestChannelsAreMixed(t *testing.T) {
	for _, channels := range []int{1, 2, 3, 4, 5, 6, 8, 16} {
		s := shape{tag: pcm, channels: channels, rate: 16000, bits: 16}
		isTone(t, s.file("RIFF", s.tone(0)))
		if channels > 2 {
			s.valid = 16
			isTone(t, s.file("RIFF", s.tone(0)))
		}
	}
	s := shape{tag: pcm, channels: 4, rate: 8000, bits: 16}
	data := pcm16(400, 0, 0, 0, 4, 8, 12, 16, -32768, -32768, -32768, -32768)
	c, err := audio.ReadWAV(bytes.NewReader(s.file("RIFF", data)))
	if err != nil || !slices.Equal(c, audio.Clip{100, 10, -32768}) {
		t.Errorf("got %v, %v", c, err)
	}
}

func TestMostSignificantByteFirst(t *testing.T) {
	for name, s := range map[string]shape{
		"8 bits":           {tag: pcm, channels: 1, rate: 8000, bits: 8},
		"16 bits":          {tag: pcm, channels: 2, rate: 44100, bits: 16},
		"24 bits":          {tag: pcm, channels: 1, rate: 22050, bits: 24},
		"32 bits":          {tag: pcm, channels: 1, rate: 8000, bits: 32},
		"float":            {tag: float, channels: 1, rate: 8000, bits: 32},
		"float of 64 bits": {tag: float, channels: 2, rate: 16000, bits: 64},
		"µ-law":            {tag: mulaw, channels: 1, rate: 8000, bits: 8},
		"A-law":            {tag: alaw, channels: 1, rate: 8000, bits: 8},
		"extensible":       {tag: pcm, channels: 1, rate: 8000, bits: 16, valid: 16},
		"as SoX writes it": {tag: pcm, channels: 1, rate: 8000, bits: 32, valid: 32, guid: binary.LittleEndian},
		"extensible float": {tag: float, channels: 1, rate: 8000, bits: 32, valid: 32},
	} {
		t.Run(name, func(t *testing.T) {
			s.big = true
			isTone(t, s.file("RIFX", s.tone(0)))
		})
	}
}

func TestRatesOfAllKinds(t *testing.T) {
	for _, rate := range []int{4000, 5512, 6000, 7350, 7999, 8001, 8012, 11024, 11127, 16001, 22255, 32000, 37800, 44056, 44099, 47952, 88200, 96000, 176400, 192000} {
		t.Run(fmt.Sprint(rate), func(t *testing.T) {
			s := shape{tag: pcm, channels: 1, rate: rate, bits: 16}
			c, err := audio.ReadWAV(bytes.NewReader(s.file("RIFF", s.tone(0))))
			if err != nil {
				t.Fatal(err)
			}
			near(t, "length in ms", float64(c.Duration().Milliseconds()), 1000, 3)
			// Over a fifth of a second, in which 0.2 % of pitch do not show.
			near(t, "level of 440 Hz", level(c[:audio.Rate/5], 440), -6.02, 0.1)
			near(t, "loudness", loudness(c), -6.02, 0.2)
		})
	}
}
