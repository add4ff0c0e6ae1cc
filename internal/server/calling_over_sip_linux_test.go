package server_test

import (
	"bytes"
	"errors"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/sdp"
	"github.com/switchhook/switchhook/internal/call/softphone"
	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/internal/server/config"
	"github.com/switchhook/switchhook/test/await"
	"github.com/switchhook/switchhook/test/handset"
)

// sipSettings returns the settings of a Core that takes calls over SIP at a free port
// of this machine, with more of them by their paths.
func sipSettings(t *testing.T, folder string, more map[string]string) *config.Settings {
	t.Helper()
	flags := map[string]string{"listen": "127.0.0.1:0", "data": folder, "core.domain": "example.net", "core.sip.0": "udp://127.0.0.1:0"}
	maps.Copy(flags, more)
	settings, err := config.Load(config.Sources{Dir: folder, Flags: flags})
	if err != nil {
		t.Fatal(err)
	}
	return settings
}

func startSIP(t *testing.T, log *safeLog, more map[string]string) *phoneSystem {
	t.Helper()
	return startCoreIn(t, sipSettings(t, t.TempDir(), more), server.Options{Log: slog.New(slog.NewTextHandler(log, nil))})
}

// scrape returns the metrics.
func (s *phoneSystem) scrape(t *testing.T) []byte {
	t.Helper()
	request := httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody)
	request.Header.Set("Authorization", "Bearer "+s.dialer(t).Token)
	answer := httptest.NewRecorder()
	s.Handler().ServeHTTP(answer, request)
	return answer.Body.Bytes()
}

// telephone is a phone that calls a server from this machine.
type telephone struct {
	*handset.Phone
	to netip.AddrPort
}

func (s *phoneSystem) telephone(t *testing.T, codecs ...sdp.Codec) *telephone {
	t.Helper()
	to := s.SIPAddresses()[0].Address
	p := newPhone(t, to.Addr(), codecs...)
	p.to = to
	return p
}

// newPhone returns a phone at an address of this machine that calls nobody yet.
// Without codecs it has PCMU alone.
func newPhone(t *testing.T, at netip.Addr, codecs ...sdp.Codec) *telephone {
	t.Helper()
	if len(codecs) == 0 {
		codecs = []sdp.Codec{sdp.PCMU}
	}
	return &telephone{Phone: handset.Start(t, softphone.Config{
		Listen: dialog.Listen{Network: dialog.UDP, Address: netip.AddrPortFrom(at, 0)},
		User:   "+12125550100", Codecs: codecs,
	})}
}

// at returns where the phone is called.
func (p *telephone) at() string {
	_, at, _ := strings.Cut(p.Address(), "@")
	return at
}

// call calls the user of a SIP address.
func (p *telephone) call(user string) *handset.Call {
	p.T.Helper()
	return p.Dial("sip:" + user + "@" + p.to.String())
}

// playing serves a document that plays the tones of keys, and calls asked with each
// request for it.
func playing(t *testing.T, keys string, asked func(*http.Request)) string {
	t.Helper()
	tones, err := audio.DTMF(keys, 100*time.Millisecond, 100*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	var wav bytes.Buffer
	if err := audio.WriteWAV(&wav, tones); err != nil {
		t.Fatal(err)
	}
	return answering(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/tones.wav" {
			w.Header().Set("Content-Type", "audio/wav")
			_, _ = w.Write(wav.Bytes())
			return
		}
		asked(r)
		_, _ = w.Write([]byte(`<Play>tones.wav</Play>`))
	})
}

// keysIn returns the keys whose tones were heard.
func keysIn(t *testing.T, r *softphone.Recorder) string {
	t.Helper()
	sound, err := r.Sound(await.Context(t))
	if err != nil {
		t.Fatal(err)
	}
	return keysOf(sound.Clip(), sound.Rate())
}

// keysOf returns the keys whose tones are in a sound.
func keysOf(clip []int16, rate int) string {
	detector := audio.NewDTMFDetector(rate)
	block := rate / 100
	var keys strings.Builder
	for ; len(clip) >= block; clip = clip[block:] {
		if key := detector.Listen(clip[:block]); key != 0 {
			keys.WriteByte(key)
		}
	}
	return keys.String()
}

func TestANumberIsCalledOverSIP(t *testing.T) {
	var log safeLog
	asked := make(chan string, 1)
	s := startSIP(t, &log, nil)
	s.lead(t, playing(t, "1590", func(r *http.Request) { asked <- r.FormValue("OrigCallID") }))
	call := s.telephone(t).call("+12125551212")
	heard := call.Hear()
	ended := handset.Expect[softphone.Ended](call)
	if ended.Cause != engine.Normal || !ended.Theirs || ended.Status != 0 {
		t.Errorf("the call ended as %+v\n%s", ended.Ended, log.String())
	}
	if got := keysIn(t, heard); got != "1590" {
		t.Errorf("the caller heard the tones of %q", got)
	}
	await.That(t, "the trace of the call", func() bool {
		calls, err := s.StoredCalls(t.Context())
		return err == nil && len(calls) == 1 && calls[0].From == "12125550100" && calls[0].To == "12125551212"
	})
	var metrics string
	await.That(t, "that no call is in hand", func() bool {
		metrics = string(s.scrape(t))
		return strings.Contains(metrics, "switchhook_sip_calls 0\n")
	})
	for _, want := range []string{
		"switchhook_sip_calls_total 1\n", `switchhook_sip_calls_refused_total{why="rate"} 0`,
		`switchhook_sip_dropped_total{why="not_allowed"} 0`, "switchhook_media_late_ticks_total ",
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
	if strings.Contains(metrics, "switchhook_media_packets_total{direction=\"sent\"} 0\n") {
		t.Error("no packet of sound was counted")
	}
	if status, body := s.get(t, "/readyz"); status != http.StatusOK || !strings.Contains(body, `"sip":"ok"`) {
		t.Errorf("it is ready so: %d %s", status, body)
	}
	line := "msg=\"call ended\" call_id=" + await.From(t, "the responder's request", asked) + " from=+1212•••0100 to=+1212•••1212"
	await.That(t, "the line of the call", func() bool { return strings.Contains(log.String(), line) })
}

func TestANumberIsCalledOverIPv6(t *testing.T) {
	s := startSIP(t, &safeLog{}, map[string]string{"core.sip.0": "udp://[::1]:0"})
	s.lead(t, playing(t, "7", func(*http.Request) {}))
	call := s.telephone(t).call("+12125551212")
	heard := call.Hear()
	handset.Expect[softphone.Ended](call)
	if got := keysIn(t, heard); got != "7" {
		t.Errorf("the caller heard the tones of %q", got)
	}
}

// TestWhoMayCallIsReadAgain asks whether the server is there, and calls once it may.
func TestWhoMayCallIsReadAgain(t *testing.T) {
	log := &safeLog{}
	s := startSIP(t, log, map[string]string{"core.sip_allow.0": "192.0.2.0/24"})
	s.lead(t, responderSaying(t, `<Echo/>`))
	stranger, err := net.Dial("udp", s.SIPAddresses()[0].Address.String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stranger.Close() }()
	if _, err := stranger.Write([]byte("OPTIONS sip:127.0.0.1 SIP/2.0\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	await.That(t, "that it is dropped", func() bool {
		return bytes.Contains(s.scrape(t), []byte("switchhook_sip_dropped_total{why=\"not_allowed\"} 1\n"))
	})
	if err := s.Reload(t.Context(), sipSettings(t, s.data, map[string]string{"core.sip_allow.0": "127.0.0.1"})); err != nil {
		t.Fatal(err)
	}
	call := s.telephone(t).call("2125551212")
	handset.Expect[dialog.Answered](call)
	call.Hangup()
	handset.Expect[softphone.Ended](call)
	if said := log.String(); strings.Contains(said, "restart to apply") {
		t.Errorf("the log says\n%s", said)
	}
}

func TestAStrangerReachesNumbersAlone(t *testing.T) {
	s := startSIP(t, &safeLog{}, nil)
	s.lead(t, responderSaying(t, `<Echo/>`))
	phone := s.telephone(t)
	for _, user := range []string{"8001", "user_8001", "8001%40example.net", "webresponder8001", "2125559999", "*", "911"} {
		ended := handset.Expect[softphone.Ended](phone.call(user))
		if ended.Status != http.StatusNotFound {
			t.Errorf("a call to %s ended as %+v, want 404", user, ended.Ended)
		}
	}
	call := phone.call("2125551212")
	handset.Expect[dialog.Answered](call)
	call.Hangup()
	handset.Expect[softphone.Ended](call)
}

func TestACallIsAnsweredAtOnceWhereTheOperatorWantsThat(t *testing.T) {
	for answer, answered := range map[string]bool{"first_sound": false, "at_once": true} {
		t.Run(answer, func(t *testing.T) {
			s := startSIP(t, &safeLog{}, map[string]string{"core.answer": answer})
			s.lead(t, responderSaying(t, `<Hangup/>`))
			if ended := handset.Expect[softphone.Ended](s.telephone(t).call("2125551212")); (ended.Status == 0) != answered {
				t.Errorf("the call ended as %+v; it was to be answered: %t", ended.Ended, answered)
			}
		})
	}
}

func TestAStopWaitsForCallsOverSIP(t *testing.T) {
	s := startSIP(t, &safeLog{}, nil)
	s.lead(t, responderSaying(t, `<Echo timeout="1"/>`))
	phone := s.telephone(t)
	call := phone.call("2125551212")
	handset.Expect[dialog.Answered](call)
	s.stop()
	if ended := handset.Expect[softphone.Ended](call); ended.Cause != engine.Normal || !ended.Theirs {
		t.Errorf("the call in hand ended as %+v", ended.Ended)
	}
	if err := await.From(t, "the stop", s.stopped); err != nil {
		t.Errorf("the stop: %v", err)
	}
}

func TestASIPSocketThatIsTakenStopsTheStart(t *testing.T) {
	first := startSIP(t, &safeLog{}, nil)
	at := first.SIPAddresses()[0]
	second, err := server.New(t.Context(), sipSettings(t, t.TempDir(), map[string]string{"core.sip.0": at.String()}), server.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(second.Listen(t.Context()), second.Close())
	want := "calls over SIP cannot be taken: listen for SIP at 127.0.0.1:" + strconv.Itoa(int(at.Address.Port())) + " over UDP: "
	if err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("listening where another program does is %v, want %s…", err, want)
	}
}
