package server_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/audiotest"
	"github.com/switchhook/switchhook/internal/call/sdp"
	"github.com/switchhook/switchhook/internal/call/softphone"
	"github.com/switchhook/switchhook/test/await"
	"github.com/switchhook/switchhook/test/handset"
)

// The format tags of WAV files.
const (
	pcmTag   = 1
	mulawTag = 7
)

// wavFile returns a WAV file of these samples.
func wavFile(tag, channels, rate, bits uint16, data []byte) []byte {
	frame := channels * bits / 8
	file := []byte("RIFF\x00\x00\x00\x00WAVEfmt ")
	binary.LittleEndian.PutUint32(file[4:], uint32(36+len(data)))
	file = binary.LittleEndian.AppendUint32(file, 16)
	for _, field := range []any{tag, channels, uint32(rate), uint32(rate) * uint32(frame), frame, bits} {
		file, _ = binary.Append(file, binary.LittleEndian, field)
	}
	file = append(file, "data"...)
	file = binary.LittleEndian.AppendUint32(file, uint32(len(data)))
	return append(file, data...)
}

// mulawFile returns a second of a tone as exchanges store it.
func mulawFile(tone float64) []byte {
	return wavFile(mulawTag, 1, audio.Rate, 8, audio.AppendMulaw(nil, audiotest.Sine(audio.Rate, tone, 0.5, time.Second)))
}

// pcmFile returns a second of a tone as music programs store it.
func pcmFile(channels, rate uint16, tone float64) []byte {
	var data []byte
	for _, sample := range audiotest.Sine(int(rate), tone, 0.5, time.Second) {
		for range channels {
			data = binary.LittleEndian.AppendUint16(data, uint16(sample))
		}
	}
	return wavFile(pcmTag, channels, rate, 16, data)
}

// playingFile serves a document that plays a file.
func playingFile(t *testing.T, file []byte) string {
	t.Helper()
	return answering(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/tone.wav" {
			_, _ = w.Write(file)
			return
		}
		_, _ = w.Write([]byte(`<Play>tone.wav</Play>`))
	})
}

// heardTone calls the number and returns a piece of what is heard in which a tone is
// whole.
func heardTone(t *testing.T, p *telephone, tone float64) (pcm []int16, rate int) {
	t.Helper()
	call := p.call("+12125551212")
	heard := call.Hear()
	handset.Expect[softphone.Ended](call)
	sound, err := heard.Sound(await.Context(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := sound.WaitEnd(await.Context(t)); err != nil {
		t.Fatal(err)
	}
	all := make([]int16, sound.Len())
	reader := sound.Reader()
	reader.Read(all)
	gaps, rate := heard.Gaps(), sound.Rate()
	pcm = audiotest.Loudest(all, rate, tone, 200*time.Millisecond, func(from, to time.Duration) bool {
		return slices.ContainsFunc(gaps, func(g softphone.Gap) bool { return g.At+g.Length > from && g.At < to })
	})
	if pcm == nil {
		t.Fatalf("no piece of %v is without a gap: %v", sound.Duration(), gaps)
	}
	return pcm, rate
}

// TestFilesArriveAsTheySound: a tone of half of full scale arrives as loud as it is
// in the file, and pure.
func TestFilesArriveAsTheySound(t *testing.T) {
	const tone = 1020 // as ITU-T O.132: at 1000 Hz, eight samples, the steps of G.711 repeat and are harmonics themselves
	for name, file := range map[string][]byte{
		"µ-law at 8 kHz": mulawFile(tone), "stereo at 44.1 kHz": pcmFile(2, 44_100, tone),
	} {
		s := startSIP(t, &safeLog{}, nil)
		s.lead(t, playingFile(t, file))
		for _, codec := range []sdp.Codec{sdp.PCMU, sdp.PCMA, sdp.G722} {
			t.Run(fmt.Sprintf("%s to %s", name, codec), func(t *testing.T) {
				pcm, rate := heardTone(t, s.telephone(t, codec), tone)
				if got, want := audiotest.Level(pcm, rate, tone), audiotest.Decibels(math.MaxInt16/2); math.Abs(got-want) > 1 {
					t.Errorf("%d Hz arrives with %.1f dB, want %.1f", tone, got, want)
				}
				if worst := audiotest.WorstHarmonic(pcm, rate, tone); worst > -35 {
					t.Errorf("a harmonic has %.1f dB", worst)
				}
			})
		}
	}
}

// TestWidebandTelephonesHearMore than others: 5 kHz of a file that has it.
func TestWidebandTelephonesHearMore(t *testing.T) {
	const tone = 5000
	s := startSIP(t, &safeLog{}, nil)
	s.lead(t, playingFile(t, pcmFile(1, audio.Wideband, tone)))
	pcm, rate := heardTone(t, s.telephone(t, sdp.G722), tone)
	if got := audiotest.Level(pcm, rate, tone); got < -9 || rate != audio.Wideband {
		t.Errorf("%d Hz arrives with %.1f dB at %d Hz", tone, got, rate)
	}
}
