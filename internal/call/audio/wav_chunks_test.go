package audio_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/audio"
)

// odd is a chunk of odd length with any padding, or none.
func odd(name, body, padding string) []byte {
	c := binary.LittleEndian.AppendUint32([]byte(name), uint32(len(body)))
	return append(append(c, body...), padding...)
}

// sized is a chunk that says another length than it has.
func sized(name string, size uint32, body ...byte) []byte {
	return append(binary.LittleEndian.AppendUint32([]byte(name), size), body...)
}

// ds64 is the chunk of an RF64 file that has the true lengths.
func ds64(data uint64) []byte {
	le := binary.LittleEndian
	return chunk("ds64", le.AppendUint32(le.AppendUint64(le.AppendUint64(le.AppendUint64(nil, 4096), data), 3), 0)...)
}

// renamed is a file whose first four bytes are others.
func renamed(magic string, file []byte) []byte { return append([]byte(magic), file[4:]...) }

// What RIFF says of chunks, and what programs that write them do otherwise.
// The byte after a chunk of odd length is to be nought (Multimedia Programming
// Interface and Data Specifications 1.0, "Chunks"). ProTools puts anything there
// (https://github.com/MediaArea/BWFMetaEdit/issues/155), others nothing
// (https://github.com/awslabs/ferret-scan/pull/346), and a format can be longer
// than it is (https://github.com/MediaArea/RAWcooked/pull/176).
func TestChunksAsProgramsWriteThem(t *testing.T) {
	form := layout(pcm, 1, 8000, 16)
	samples := pcm16(1, 2, 3)
	data := chunk("data", samples...)
	sixteen := form[8:]
	tests := map[string][]byte{
		"an odd chunk padded with a letter":           wave(odd("note", "abc", "x"), form, data),
		"an odd chunk padded with a space":            wave(form, odd("LIST", "INFOabc", " "), data),
		"an odd chunk padded with 0xFF":               wave(form, odd("LIST", "INFOabc", "\xFF"), data),
		"an odd chunk padded with a line's end":       wave(form, odd("bext", "abc", "\n"), data),
		"an odd chunk padded with the letter d":       wave(form, odd("LIST", "INFOabc", "d"), data),
		"an odd chunk padded with the letter f":       wave(odd("JUNK", "a", "f"), form, data),
		"padded with a letter before an unknown one":  wave(form, odd("note", "abc", "x"), chunk("abcd", 1, 2), data),
		"odd chunks in a row, padded with letters":    wave(odd("aaaa", "a", "x"), odd("bbbb", "b", "y"), form, odd("cccc", "c", "z"), odd("cue ", "c", "\x80"), data),
		"odd chunks in a row without padding":         wave(odd("aaaa", "a", ""), odd("bbbb", "b", ""), form, odd("LIST", "INFOc", ""), odd("cue ", "c", ""), data),
		"without padding before an unknown one":       wave(form, odd("note", "abc", ""), chunk("abcd", 1, 2), data),
		"without padding, the next is 32 long":        wave(form, odd("note", "abc", ""), chunk("abcd", make([]byte, 32)...), data),
		"an odd format, padded with a letter":         wave(odd("fmt ", string(sixteen)+"\x00", "x"), data),
		"an odd format without padding":               wave(odd("fmt ", string(sixteen)+"\x00", ""), data),
		"an empty chunk":                              wave(chunk("JUNK"), form, chunk("LIST"), data),
		"the broadcast chunks":                        wave(chunk("bext", make([]byte, 602)...), form, chunk("iXML", []byte("<BWFXML/>")...), chunk("minf", 1, 2, 3), chunk("fact", 3, 0, 0, 0), data),
		"ID3 before the sound":                        wave(chunk("id3 ", []byte("ID3\x03\x00\x00\x00\x00\x00\x00.")...), form, chunk("ID3 ", 1), data),
		"padding of noughts between the chunks":       wave(form, make([]byte, 18), data),
		"two noughts between the chunks":              wave(form, []byte{0, 0}, data),
		"a format of 18 that says 16":                 wave(sized("fmt ", 16, append(slices.Clone(sixteen), 0, 0)...), data),
		"a format of 16 that says 18":                 wave(sized("fmt ", 18, sixteen...), data),
		"a format of 16 that says 18, then a fact":    wave(sized("fmt ", 18, sixteen...), chunk("fact", 3, 0, 0, 0), data),
		"a format of 16 that says 40, then a list":    wave(sized("fmt ", 40, sixteen...), chunk("LIST", []byte("INFOIART....")...), data),
		"a format of 18":                              wave(layout(pcm, 1, 8000, 16, 0, 0), data),
		"a format of 18 with more to come":            wave(layout(pcm, 1, 8000, 16, 22, 0), data),
		"a format of 20":                              wave(layout(pcm, 1, 8000, 16, 2, 0, 1, 2), data),
		"a format of 40 that is no extension":         wave(layout(pcm, 1, 8000, 16, make([]byte, 24)...), data),
		"a format of 50, extensible":                  wave(layout(extensible, 1, 8000, 16, append(extension(pcm), make([]byte, 10)...)...), data),
		"a format of 1024":                            wave(layout(pcm, 1, 8000, 16, make([]byte, 1008)...), data),
		"the second format counts":                    wave(layout(pcm, 2, 44100, 24), form, data),
		"the first sound is empty":                    wave(form, chunk("data"), chunk("LIST", []byte("INFO")...), data),
		"a length of -1":                              wave(form, sized("data", 0xFFFFFFFF, samples...)),
		"a length of -1 less the header":              wave(form, sized("data", 0xFFFFFFFF-36, samples...)),
		"a length as SoX says it":                     wave(form, sized("data", 0x7FFFFFFF-36, samples...)),
		"a length of 2 GiB":                           wave(form, sized("data", 0x80000000, samples...)),
		"a length with the header in it":              wave(form, sized("data", 6+44, samples...)),
		"RIFF says nought":                            slices.Concat([]byte("RIFF\x00\x00\x00\x00WAVE"), form, data),
		"RIFF says less than there is":                slices.Concat([]byte("RIFF\x08\x00\x00\x00WAVE"), form, data),
		"RIFF says more than there is":                slices.Concat([]byte("RIFF\x00\x00\x00\x10WAVE"), form, data),
		"a byte order mark before the file":           append([]byte("\xEF\xBB\xBF"), wave(form, data)...),
		"an empty line before the file":               append([]byte("\r\n\n"), wave(form, data)...),
		"garbage after the file":                      append(wave(form, data), bytes.Repeat([]byte("garbage\xFF\x7F"), 1000)...),
		"the next file after the file":                append(wave(form, data), wave(form, data)...),
		"RF64":                                        renamed("RF64", wave(ds64(6), form, sized("data", 0xFFFFFFFF, samples...), chunk("LIST", []byte("INFO")...))),
		"BW64":                                        renamed("BW64", wave(ds64(6), form, sized("data", 0xFFFFFFFF, samples...), chunk("chna", 1, 2, 3, 4))),
		"RF64 whose sound has a length":               renamed("RF64", wave(ds64(2), form, chunk("data", samples...), chunk("LIST", []byte("INFO")...))),
		"RF64 without its lengths":                    renamed("RF64", wave(form, sized("data", 0xFFFFFFFF, samples...))),
		"RF64 whose lengths are not known":            renamed("RF64", wave(ds64(0), form, sized("data", 0xFFFFFFFF, samples...))),
		"RF64 whose lengths are beyond measure":       renamed("RF64", wave(ds64(1<<63+5), form, sized("data", 0xFFFFFFFF, samples...))),
		"RF64 whose lengths are short of a table":     renamed("RF64", wave(chunk("ds64", make([]byte, 12)...), form, sized("data", 0xFFFFFFFF, samples...))),
		"RIFF with room for the lengths (EBU 3306)":   wave(chunk("JUNK", make([]byte, 28)...), form, data),
		"RIFF whose lengths are in a chunk all same":  wave(ds64(6), form, sized("data", 0xFFFFFFFF, samples...), chunk("LIST", []byte("INFO")...)),
		"a chunk that says a byte too few":            wave(form, sized("LIST", 8, []byte("INFOabcdef")...), data),
		"a chunk whose name is no name":               wave(form, chunk("\x00\x01\x02\x03", 1, 2), data),
		"sound after a chunk of a megabyte, all text": wave(form, chunk("cart", bytes.Repeat([]byte("data "), 200_000)...), data),
	}
	for name, file := range tests {
		t.Run(name, func(t *testing.T) {
			for _, r := range []io.Reader{bytes.NewReader(file), iotest.OneByteReader(bytes.NewReader(file)), iotest.DataErrReader(bytes.NewReader(file))} {
				got, err := audio.ReadWAV(r)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(audio.Clip{1, 2, 3}, got); diff != "" {
					t.Errorf("samples (-want +got):\n%s", diff)
				}
			}
		})
	}
}

// A header that allows of no reading is refused with what it says, because the
// other way is noise in somebody's ear.
func TestFormatsThatContradictThemselves(t *testing.T) {
	form := func(tag uint16, channels, rate, bytesPerSecond, align, bits int) []byte {
		le := binary.LittleEndian
		b := le.AppendUint16(nil, tag)
		b = le.AppendUint16(b, uint16(channels))
		b = le.AppendUint32(b, uint32(rate))
		b = le.AppendUint32(b, uint32(bytesPerSecond))
		b = le.AppendUint16(b, uint16(align))
		return chunk("fmt ", le.AppendUint16(b, uint16(bits))...)
	}
	data := chunk("data", make([]byte, 64)...)
	tests := map[string]struct {
		form []byte
		want string
	}{
		"12 bits in a byte":        {form(pcm, 1, 8000, 8000, 1, 12), "the WAV file contradicts itself: it says that a sample has 12 bits, and that one channel of them takes 1 byte"},
		"three bytes for stereo":   {form(pcm, 2, 8000, 24000, 3, 16), "the WAV file contradicts itself: it says that a sample has 16 bits, and that 2 channels of them take 3 bytes"},
		"float in two bytes":       {form(float, 1, 8000, 16000, 2, 32), "the WAV file contradicts itself: it says that a sample has 32 bits, and that one channel of them takes 2 bytes"},
		"µ-law in two bytes":       {form(mulaw, 1, 8000, 16000, 2, 8), "the WAV file contradicts itself: it says that a sample has 8 bits, and that one channel of them takes 2 bytes"},
		"nine bytes for a sample":  {form(pcm, 1, 8000, 72000, 9, 24), "the WAV file contradicts itself: it says that a sample has 24 bits, and that one channel of them takes 9 bytes"},
		"4 bits":                   {form(pcm, 1, 8000, 8000, 1, 4), "the WAV file holds PCM with 4 bits, which is not played here"},
		"no bits and no bytes":     {form(pcm, 1, 8000, 8000, 0, 0), "the WAV file holds PCM with 0 bits, which is not played here"},
		"more bits than there are": {form(pcm, 1, 8000, 8000, 0, 65535), "the WAV file holds PCM with 65535 bits, which is not played here"},
		"float of 16 bits":         {form(float, 1, 8000, 16000, 2, 16), "the WAV file holds floating point with 16 bits, which is not played here"},
		"far too many channels":    {form(pcm, 33, 8000, 0, 66, 16), "the WAV file has 33 channels; one to 32 can be played"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c, err := audio.ReadWAV(bytes.NewReader(wave(tt.form, data)))
			fe, ok := errors.AsType[*audio.FormatError](err)
			if !ok {
				t.Fatalf("got %d samples and error %v, want a FormatError", len(c), err)
			}
			if fe.Message != tt.want || !strings.Contains(fe.Hint, "ffmpeg -i") {
				t.Errorf("got %q (%s), want %q", fe.Message, fe.Hint, tt.want)
			}
		})
	}
}
