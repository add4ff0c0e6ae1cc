package voice_test

import (
	"fmt"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/enginetest"
	"github.com/switchhook/switchhook/internal/call/recording"
	"github.com/switchhook/switchhook/internal/call/rtp"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/call/voice"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/test/await"
	"github.com/switchhook/switchhook/test/sipp"
)

// said returns a file with sound as sipp sends it.
func said(t *testing.T, clip audio.Clip) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "said.ulaw")
	if err := os.WriteFile(path, audio.AppendMulaw(nil, clip), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestTelephonesOfSippAreHeard has sipp send what telephones do.
func TestTelephonesOfSippAreHeard(t *testing.T) {
	tones, err := audio.DTMF("12#", 100*time.Millisecond, 100*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []struct {
		name, scenario string
		root           bool // sipp must be
		document       string
		says           audio.Clip
		want           string // an event
	}{
		{"keys after a prompt", "gather", true, `<Gather finishOnKey="#" action="/next"><Play>200ms.wav</Play></Gather>`, nil, `gather digits=12 finishOnKey`},
		{"a key in a prompt", "bargein", true, `<Gather numDigits="1" action="/next"><Play>60s.wav</Play></Gather>`, nil, `gather digits=5 numDigits`},
		{"a key in an INFO", "info", false, `<Gather numDigits="1" action="/next"><Play>60s.wav</Play></Gather>`, nil, `gather digits=5 numDigits`},
		{"keys as tones", "inband", false, `<Gather finishOnKey="#" action="/next"/>`, tones, `gather digits=12 finishOnKey`},
	} {
		t.Run(s.name, func(t *testing.T) {
			if s.root && os.Geteuid() != 0 {
				t.Skip("sipp sends events of RTP through a raw socket, which only root may open")
			}
			x := serve(t, enginetest.Documents{"/": s.document, "/next": `<Hangup/>`}, nil)
			scenario := sipp.Scenario{File: "testdata/sipp/" + s.scenario + ".xml"}
			if s.says != nil {
				scenario.Data = said(t, s.says)
			}
			scenario.Start(t, "-m", "1", "-s", "100", x.at.String()).Wait()
			if got := x.gathered(t); got != s.want {
				t.Errorf("the call had %q, want %q", got, s.want)
			}
		})
	}
}

// gathered waits for the end of the only call, and returns what it gathered.
func (s *service) gathered(t *testing.T) string {
	t.Helper()
	for _, e := range s.only(t) {
		if g, ok := e.Event.(trace.Gather); ok {
			return fmt.Sprintf("gather digits=%s %s", g.Digits, g.Ended)
		}
	}
	return ""
}

// newFolder returns a folder of recordings.
func newFolder(t *testing.T) *recording.Folder {
	t.Helper()
	return recording.NewFolder(recording.Config{
		Path: t.TempDir(), Origin: func() *url.URL { return &url.URL{Scheme: "https", Host: "here.example"} },
		Limits: func() recording.Limits { return recording.Limits{Keep: time.Hour, Bytes: 1 << 30} }, Secret: "a secret", Home: phone.HomeOfCode("1"),
	})
}

func TestWhatATelephoneOfSippSaysIsRecorded(t *testing.T) {
	f := newFolder(t)
	x := serve(t, enginetest.Documents{"/": `<Record maxLength="3" timeout="1" playBeep="false" action="/next"/>`, "/next": `<Hangup/>`},
		func(c *voice.ServerConfig) { c.Recordings = f })
	tone, err := audio.DTMF("5", time.Second, 0)
	if err != nil {
		t.Fatal(err)
	}
	sipp.Scenario{File: "testdata/sipp/record.xml", Data: said(t, tone)}.Start(t, "-m", "1", "-s", "100", x.at.String()).Wait()
	var heard audio.Clip
	for _, e := range x.only(t) {
		if r, ok := e.Event.(trace.Record); ok {
			w := httptest.NewRecorder()
			f.ServeHTTP(w, httptest.NewRequest(http.MethodGet, r.URL, nil))
			if heard, err = audio.ReadWAV(w.Body); err != nil {
				t.Fatal(err)
			}
		}
	}
	from, to := loudPart(heard)
	if off := to - from - len(tone); off < -audio.Rate/25 || off > audio.Rate/25 {
		t.Errorf("%d samples of it are loud, %d were said", to-from, len(tone))
	}
	quarter := (to - from) / 4
	if got, want := loudness(heard[from+quarter:to-quarter]), loudness(tone); math.Abs(got-want) > 1 {
		t.Errorf("it has %.1f dB, %.1f were said", got, want)
	}
}

// TestATelephoneOfSippHearsItself: what it says is sent for it, a packet for each that
// arrives.
func TestATelephoneOfSippHearsItself(t *testing.T) {
	tone := audio.Silence(2 * time.Second)
	for i := range tone {
		tone[i] = int16(9000 * math.Sin(2*math.Pi*1000*float64(i)/audio.Rate))
	}
	sound, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sound.Close() }()
	heard := make(chan audio.Clip, 1)
	go func() { heard <- talk(sound, tone) }()
	x := serve(t, enginetest.Documents{"/": `<Echo timeout="3"/>`}, nil)
	port := sound.LocalAddr().(*net.UDPAddr).Port
	sipp.Scenario{File: "testdata/sipp/echo.xml", Data: port}.Start(t, "-m", "1", "-s", "100", x.at.String()).Wait()
	_ = sound.Close()
	clip := await.From(t, "what was heard", heard)
	from, to := loudPart(clip)
	if to-from < len(tone)*3/4 {
		t.Fatalf("%d samples of it are loud, %d were said", to-from, len(tone))
	}
	quarter := (to - from) / 4
	if got, want := loudness(clip[from+quarter:to-quarter]), loudness(tone); math.Abs(got-want) > 1 {
		t.Errorf("it has %.1f dB, %.1f were said", got, want)
	}
}

// talk says a clip in PCMU to whom sound comes from, and returns what came until the
// socket was closed.
func talk(sound *net.UDPConn, clip audio.Clip) (heard audio.Clip) {
	const frame = audio.Rate / 50
	said := audio.AppendMulaw(nil, clip)
	packet := make([]byte, rtp.HeaderSize, rtp.HeaderSize+frame)
	header := rtp.Header{SSRC: 1}
	buffer := make([]byte, 1500)
	for {
		n, from, err := sound.ReadFromUDPAddrPort(buffer)
		if err != nil {
			return heard
		}
		if p, kind := rtp.Read(buffer[:n]); kind == rtp.RTP && p.PayloadType == 0 {
			heard = audio.AppendPCMFromMulaw(heard, p.Payload)
		}
		if len(said) < frame {
			continue
		}
		header.Put(packet)
		_, _ = sound.WriteToUDPAddrPort(append(packet, said[:frame]...), from) // what is lost is not heard
		header.Sequence, header.Timestamp, said = header.Sequence+1, header.Timestamp+frame, said[frame:]
	}
}

// loudPart returns where a sound begins and ends to be no silence.
func loudPart(clip audio.Clip) (from, to int) {
	loud := func(s int16) bool { return s > 1000 || s < -1000 }
	from = max(0, slices.IndexFunc(clip, loud))
	for to = len(clip); to > from && !loud(clip[to-1]); to-- {
	}
	return from, to
}

// loudness returns the power of a sound, in dB under the loudest there can be.
func loudness(clip audio.Clip) float64 {
	var sum float64
	for _, s := range clip {
		sum += float64(s) * float64(s)
	}
	return 10 * math.Log10(sum/float64(len(clip))/(1<<30))
}
