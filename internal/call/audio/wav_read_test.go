package audio_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/audiotest"
)

// chunk is one chunk of a RIFF file, with the padding that an odd length needs.
func chunk(name string, body ...byte) []byte {
	c := binary.LittleEndian.AppendUint32([]byte(name), uint32(len(body)))
	c = append(c, body...)
	if len(body)%2 == 1 {
		c = append(c, 0)
	}
	return c
}

// wave is a WAV file of the given chunks.
func wave(chunks ...[]byte) []byte {
	body := append([]byte("WAVE"), bytes.Join(chunks, nil)...)
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
}

// layout is a "fmt " chunk; extra follows its sixteen bytes.
func layout(tag uint16, channels, rate, bits int, extra ...byte) []byte {
	le := binary.LittleEndian
	b := le.AppendUint16(nil, tag)
	b = le.AppendUint16(b, uint16(channels))
	b = le.AppendUint32(b, uint32(rate))
	b = le.AppendUint32(b, uint32(rate*channels*bits/8))
	b = le.AppendUint16(b, uint16(channels*bits/8))
	b = le.AppendUint16(b, uint16(bits))
	return chunk("fmt ", append(b, extra...)...)
}

// extension is what WAVE_FORMAT_EXTENSIBLE says after the sixteen bytes.
func extension(tag byte) []byte {
	return append([]byte{22, 0, 16, 0, 4, 0, 0, 0, tag, 0}, "\x00\x00\x00\x00\x10\x00\x80\x00\x00\xAA\x00\x38\x9B\x71"...)
}

func pcm16(samples ...int16) []byte {
	var b []byte
	for _, s := range samples {
		b = binary.LittleEndian.AppendUint16(b, uint16(s))
	}
	return b
}

const (
	pcm        = 1
	float      = 3
	alaw       = 6
	mulaw      = 7
	extensible = 0xFFFE
)

// The files in testdata were written by SoX and FFmpeg: a tone of 1000 Hz,
// half of full scale, for a tenth of a second.
func TestReadWAVOfOtherPrograms(t *testing.T) {
	files, err := filepath.Glob("testdata/*.wav")
	if err != nil || len(files) < 10 {
		t.Fatalf("found %d files, %v", len(files), err)
	}
	for _, name := range files {
		if strings.Contains(name, "adpcm") || strings.Contains(name, "gsm") {
			continue // TestReadWAVSaysWhatIsWrong reads these
		}
		t.Run(filepath.Base(name), func(t *testing.T) {
			file, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			c, err := audio.ReadWAV(bytes.NewReader(file))
			if err != nil {
				t.Fatal(err)
			}
			near(t, "duration in ms", float64(c.Duration().Milliseconds()), 100, 2)
			near(t, "level of 1000 Hz", level(c, 1000), -6.02, 0.1)
			near(t, "loudness", loudness(c), -6.02, 0.2)
		})
	}
}

func TestReadWAVCodecs(t *testing.T) {
	le := binary.LittleEndian
	tests := map[string]struct {
		layout []byte
		data   []byte
		want   audio.Clip
	}{
		"8 bits are unsigned": {layout(pcm, 1, 8000, 8), []byte{0, 127, 128, 129, 255}, audio.Clip{-32768, -256, 0, 256, 32512}},
		"16 bits":             {layout(pcm, 1, 8000, 16), pcm16(-32768, -1, 0, 32767), audio.Clip{-32768, -1, 0, 32767}},
		"24 bits":             {layout(pcm, 1, 8000, 24), []byte{0, 0, 0x80, 0xFF, 0xFF, 0xFF, 0x80, 1, 0, 0xFF, 0xFF, 0x7F}, audio.Clip{-32768, 0, 2, 32767}},
		"32 bits":             {layout(pcm, 1, 8000, 32), le.AppendUint32(le.AppendUint32(nil, 1<<31), 5<<16), audio.Clip{-32768, 5}},
		"float is clipped, and tamed": {
			layout(float, 1, 8000, 32),
			floats(-1, 0.5, 1, 1e30, float32(math.Inf(-1)), float32(math.NaN())),
			audio.Clip{-32768, 16384, 32767, 32767, -32768, 0},
		},
		"float of 64 bits": {layout(float, 1, 8000, 64), le.AppendUint64(nil, math.Float64bits(-0.25)), audio.Clip{-8192}},
		"µ-law":            {layout(mulaw, 1, 8000, 8, 0, 0), []byte{0xFF, 0x00, 0x80}, audio.Clip{0, -32124, 32124}},
		"A-law":            {layout(alaw, 1, 8000, 8, 0, 0), []byte{0xD5, 0x55, 0xAA}, audio.Clip{8, -8, 32256}},
		"extensible PCM":   {layout(extensible, 1, 8000, 16, extension(pcm)...), pcm16(7, -7), audio.Clip{7, -7}},
		"extensible µ-law": {layout(extensible, 1, 8000, 8, extension(mulaw)...), []byte{0x80}, audio.Clip{32124}},
		"extensible float": {layout(extensible, 1, 8000, 32, extension(float)...), floats(0.5), audio.Clip{16384}},
		"two channels are mixed": {
			layout(pcm, 2, 8000, 16), pcm16(100, 300, -32768, -32768, 32767, -32767, 32767, 32767), audio.Clip{200, -32768, 0, 32767},
		},
		"two channels of 24 bits": {layout(pcm, 2, 8000, 24), []byte{0, 10, 0, 0, 20, 0}, audio.Clip{15}},
		"half a frame at the end": {layout(pcm, 2, 8000, 16), append(pcm16(4, 6), 1, 2, 3), audio.Clip{5}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := audio.ReadWAV(bytes.NewReader(wave(tt.layout, chunk("data", tt.data...))))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("samples (-want +got):\n%s", diff)
			}
		})
	}
}

func floats(samples ...float32) []byte {
	var b []byte
	for _, s := range samples {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(s))
	}
	return b
}

func TestReadWAVChunks(t *testing.T) {
	form := layout(pcm, 1, 8000, 16)
	data := chunk("data", pcm16(1, 2, 3)...)
	claiming := func(length uint32) []byte {
		return append(binary.LittleEndian.AppendUint32([]byte("data"), length), pcm16(1, 2, 3)...)
	}
	tests := map[string][]byte{
		"as it should be":             wave(form, data),
		"unknown chunks before":       wave(chunk("JUNK", 1, 2), form, chunk("LIST", []byte("INFOIART....")...), data),
		"odd chunk":                   wave(chunk("note", 'x'), form, chunk("cue ", 1, 2, 3), data),
		"odd chunk without padding":   wave(form, chunk("note", 'x')[:9], data),
		"more after the data":         wave(form, data, chunk("LIST", []byte("INFO")...), chunk("data", pcm16(9, 9)...)),
		"bytes after the last chunk":  append(wave(form, data), "something else"...),
		"length of nought":            wave(form, claiming(0)),
		"length not known":            wave(form, claiming(0xFFFFFFFF)),
		"length as espeak-ng says it": wave(form, claiming(0x7FFFF000)),
		"file cut short":              wave(form, claiming(4000)),
		"RIFF length not known":       slices.Concat([]byte("RIFF\xFF\xFF\xFF\xFFWAVE"), form, data),
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

func TestReadWAVSaysWhatIsWrong(t *testing.T) {
	form := layout(pcm, 1, 8000, 16)
	data := chunk("data", pcm16(1, 2, 3)...)
	file := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	tests := map[string]struct {
		file []byte
		want string
		hint string // a part of it
	}{
		"nothing":               {nil, "the sound is empty: not one byte arrived", "again"},
		"MP3":                   {file("ffmpeg.mp3"), "this is an MP3 file, not a WAV file", "ffmpeg -i"},
		"MP3 without tags":      {file("bare.mp3"), "this is an MP3 file, not a WAV file", "ffmpeg -i"},
		"AAC":                   {[]byte("\xFF\xF1\x50\x80\x00"), "this is an AAC file, not a WAV file", "ffmpeg -i"},
		"Ogg":                   {[]byte("OggS\x00\x02"), "this is an Ogg file (Vorbis or Opus), not a WAV file", "ffmpeg -i"},
		"FLAC":                  {[]byte("fLaC\x00"), "this is a FLAC file, not a WAV file", "ffmpeg -i"},
		"M4A":                   {[]byte("\x00\x00\x00\x20ftypM4A "), "this is an MP4 or M4A file, not a WAV file", "ffmpeg -i"},
		"AIFF":                  {[]byte("FORM\x00\x00\x00\x2EAIFFCOMM"), "this is an AIFF file, not a WAV file", "ffmpeg -i"},
		"AVI":                   {[]byte("RIFF\x00\x00\x00\x2EAVI LIST"), "this is a RIFF file of another kind, not a WAV file", "ffmpeg -i"},
		"half of an RF64":       {[]byte("RF64\xFF\xFF\xFF\xFFWAVEds64"), "the WAV file ends within its header", "again"},
		"Wave64":                {[]byte("riff\x2E\x91\xCF\x11\xA5\xD6\x28\xDB"), "this is a Sony Wave64 file, not a WAV file", "ffmpeg -i"},
		"zip":                   {[]byte("PK\x03\x04"), "this is a compressed file, not a WAV file", "ffmpeg -i"},
		"HTML":                  {[]byte("\n <!DOCTYPE html><html>"), "this is a web page (HTML), not a WAV file", "browser"},
		"HTML, other spelling":  {[]byte("\xEF\xBB\xBF<HTML><head>"), "this is a web page (HTML), not a WAV file", "browser"},
		"XML":                   {[]byte("<?xml version='1.0'?><Error/>"), "this is an XML document, not a WAV file", "address"},
		"JSON":                  {[]byte(`{"error":"not found"}`), "this is a JSON document, not a WAV file", "address"},
		"raw µ-law":             {bytes.Repeat([]byte{0xFF}, 1000), "this is not a WAV file: it does not begin with RIFF and WAVE", "ffmpeg -i"},
		"half a header":         {wave(form)[:10], "the WAV file ends within its header", "again"},
		"header alone":          {wave(), "the WAV file ends within its header", "again"},
		"half a format":         {wave(form)[:30], "the WAV file ends within its header", "again"},
		"short format":          {wave(chunk("fmt ", 1, 0, 1, 0), data), "the WAV file is damaged: its format takes 4 bytes instead of 16 or more", "again"},
		"no data":               {wave(form), "the WAV file holds no sound: it ends before its data", "again"},
		"half a chunk":          {wave(form, chunk("LIST", make([]byte, 90)...))[:60], "the WAV file holds no sound: it ends before its data", "again"},
		"empty data":            {wave(form, chunk("data")), "the WAV file holds no sound: its data is empty", "record"},
		"half a sample":         {wave(form, chunk("data", 1)), "the WAV file holds no sound: its data is empty", "record"},
		"data before format":    {wave(data, form), "the WAV file does not say what its sound is made of before the sound begins", "ffmpeg"},
		"GSM":                   {file("sox-gsm.wav"), "the WAV file holds GSM 6.10, which is not played here", "ffmpeg -i"},
		"ADPCM":                 {file("ffmpeg-ima-adpcm.wav"), "the WAV file holds IMA ADPCM, which is not played here", "ffmpeg -i"},
		"MP3 in a WAV file":     {wave(layout(0x55, 1, 8000, 0), data), "the WAV file holds MP3, which is not played here", "ffmpeg -i"},
		"nobody's codec":        {wave(layout(0x1234, 1, 8000, 16), data), "the WAV file holds sound in codec 0x1234, which is not played here", "ffmpeg -i"},
		"4 bits":                {wave(layout(pcm, 1, 8000, 4), data), "the WAV file holds PCM with 4 bits, which is not played here", "ffmpeg -i"},
		"a choir's microphones": {wave(layout(pcm, 64, 48000, 16), data), "the WAV file has 64 channels; one to 32 can be played", "-ac 1"},
		"no channels":           {wave(layout(pcm, 0, 8000, 16), data), "the WAV file has 0 channels; one to 32 can be played", "-ac 1"},
		"far too fast":          {wave(layout(pcm, 1, 400_000, 16), data), "the WAV file has 400000 samples a second; 4000 to 192000 can be played", "-ar 8000"},
		"far too slow":          {wave(layout(pcm, 1, 1, 16), data), "the WAV file has 1 samples a second; 4000 to 192000 can be played", "-ar 8000"},
		"unknown extension":     {wave(layout(extensible, 1, 8000, 16, make([]byte, 24)...), data), "the WAV file holds an unknown extensible codec, which is not played here", "ffmpeg -i"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := audio.ReadWAV(bytes.NewReader(tt.file))
			fe, ok := errors.AsType[*audio.FormatError](err)
			if !ok {
				t.Fatalf("got error %v, want a FormatError", err)
			}
			if diff := cmp.Diff(tt.want, fe.Error()); diff != "" {
				t.Errorf("message (-want +got):\n%s", diff)
			}
			if !strings.Contains(fe.Hint, tt.hint) {
				t.Errorf("hint %q does not speak of %q", fe.Hint, tt.hint)
			}
		})
	}
}

// zeros is a reader that never ends.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

func TestReadWAVIsBounded(t *testing.T) {
	tests := map[string]struct{ start, want string }{
		"sound without end":  {string(wave(layout(mulaw, 1, 8000, 8), chunk("data"))), "the sound is longer than 30 minutes"},
		"noughts for ever":   {"RIFF\x00\x00\x00\x00WAVE", "the WAV file is damaged: over 64 KiB before its sound belong to nothing"},
		"one endless chunk":  {"RIFF\x00\x00\x00\x00WAVELIST\xF0\xFF\xFF\xFF", "the WAV file holds over 16 MiB of other things before its sound"},
		"one endless format": {"RIFF\x00\x00\x00\x00WAVEfmt \xF0\xFF\xFF\xFF", "the WAV file holds over 16 MiB of other things before its sound"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := audio.ReadWAV(io.MultiReader(strings.NewReader(tt.start), zeros{}))
			if fe, ok := errors.AsType[*audio.FormatError](err); !ok || fe.Message != tt.want {
				t.Errorf("got error %v, want %q", err, tt.want)
			}
		})
	}
}

func TestReadWAVOfNothingButChunks(t *testing.T) {
	piece := chunk("JUNK", make([]byte, 1000)...)
	_, err := audio.ReadWAV(io.MultiReader(strings.NewReader("RIFF\x00\x00\x00\x00WAVE"), bytes.NewReader(bytes.Repeat(piece, 17_000))))
	if fe, ok := errors.AsType[*audio.FormatError](err); !ok || fe.Message != "the WAV file holds over 16 MiB of other things before its sound" {
		t.Errorf("got error %v", err)
	}
}

func TestReadWAVOfAsLongAsMayBe(t *testing.T) {
	c, err := audio.ReadWAV(io.MultiReader(
		bytes.NewReader(wave(layout(mulaw, 1, 8000, 8), chunk("data"))),
		io.LimitReader(zeros{}, int64(audio.Samples(audio.MaxLength)))))
	if err != nil {
		t.Fatal(err)
	}
	if c.Duration() != audio.MaxLength {
		t.Errorf("half an hour was read as %v", c.Duration())
	}
}

func TestReadWAVPassesErrorsOn(t *testing.T) {
	broken := errors.New("the line went dead")
	file := wave(chunk("JUNK", make([]byte, 1000)...), layout(pcm, 1, 8000, 16), chunk("data", make([]byte, 100_000)...))
	for _, n := range []int{0, 20, 600, 1025, 1030, 5000} {
		_, err := audio.ReadWAV(io.MultiReader(bytes.NewReader(file[:n]), iotest.ErrReader(broken)))
		if !errors.Is(err, broken) {
			t.Errorf("after %d bytes: got error %v, want the reader's", n, err)
		}
	}
}

func FuzzReadWAV(f *testing.F) {
	files, err := filepath.Glob("testdata/*.*")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add(wave(layout(pcm, 2, 44100, 24), chunk("note", 'x'), chunk("data", make([]byte, 60)...)))
	f.Add(wave(layout(extensible, 1, 8001, 16, extension(pcm)...), chunk("data", pcm16(1, 2, 3)...)))
	f.Add(wave(layout(float, 1, 192_000, 32), chunk("data", floats(float32(math.NaN()), 1e38)...)))
	for _, s := range []shape{
		{tag: pcm, channels: 1, rate: 8000, bits: 24, width: 4, right: true},
		{tag: pcm, channels: 3, rate: 8000, bits: 20, big: true, valid: 20},
		{tag: float, channels: 1, rate: 16000, bits: 64, width: 8, container: 32},
		{tag: pcm, channels: 1, rate: 8000, bits: 16, align: 4},
	} {
		f.Add(s.file("RIFX", s.tone(0)[:240]))
		f.Add(s.file("RIFF", s.tone(0)[:240]))
	}
	f.Add(renamed("RF64", wave(ds64(6), odd("note", "abc", "x"), layout(pcm, 1, 8000, 16), sized("data", 0xFFFFFFFF, 1, 0, 2, 0, 3, 0))))
	f.Fuzz(func(t *testing.T, file []byte) {
		c, err := audio.ReadWAV(bytes.NewReader(file))
		if err != nil {
			if fe, ok := errors.AsType[*audio.FormatError](err); !ok || fe.Message == "" || fe.Hint == "" {
				t.Fatalf("a file in memory can only be of a wrong format, in words and with a hint: %#v", err)
			}
			return
		}
		if len(c) == 0 || c.Duration() > audio.MaxLength {
			t.Fatalf("read %d samples", len(c))
		}
		var again bytes.Buffer
		if err := audio.WriteWAV(&again, c); err != nil {
			t.Fatal(err)
		}
		if second, err := audio.ReadWAV(&again); err != nil || !slices.Equal(second, c) {
			t.Fatalf("what was read and written is read differently: %v", err)
		}
	})
}

func BenchmarkReadWAV(b *testing.B) {
	tone := audiotest.Sine(48000, 440, 0.5, time.Second)
	files := map[string][]byte{
		"mulaw_8000":        wave(layout(mulaw, 1, 8000, 8), chunk("data", audio.AppendMulaw(nil, tone[:8000])...)),
		"pcm16_22050":       wave(layout(pcm, 1, 22050, 16), chunk("data", pcm16(tone[:22050]...)...)),
		"pcm16_48000_wide2": wave(layout(pcm, 2, 24000, 16), chunk("data", pcm16(tone...)...)),
	}
	for name, file := range files {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := audio.ReadWAV(bytes.NewReader(file)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
