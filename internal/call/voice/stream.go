package voice

import (
	"context"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/media"
)

// Stream joins the caller and a media stream.
func (l *Line) Stream(ctx context.Context, m *engine.Media) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	l.listenFor(nil)
	if err := l.answer(ctx); err != nil {
		return err
	}
	f := l.feed(m)
	defer f.close()
	for !isOver(m) {
		if err := l.streamPart(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

// streamPart plays what the stream sends until it ends, or the codec changes.
func (l *Line) streamPart(ctx context.Context, m *engine.Media) error {
	if !m.TwoWay {
		return l.waitBeside(ctx, m.Done(), func() bool { return isOver(m) })
	}
	l.playing = l.config.Leg.Play(media.Play{Source: newStreamed(m, l.news.codec)})
	defer func() {
		l.config.Leg.Stop(l.playing)
		l.playing = 0
	}()
	return l.waitBeside(ctx, m.Done(), func() bool { return isOver(m) || l.news.played.Play == l.playing })
}

// Fork gives a media stream the sound of the call, while other methods run.
func (l *Line) Fork(m *engine.Media) (stop func()) {
	l.ask()
	return l.feed(m).close
}

// isOver reports whether a media stream has ended, and all of it was heard.
func isOver(m *engine.Media) bool {
	select {
	case <-m.Done():
		return true
	default:
		return false
	}
}

// maxPacket is more bytes of sound than a packet has.
const maxPacket = 1500

// streamed is what a media stream sends, as a media.Source in a codec. It counts as
// heard once the media thread has taken it for the packet that is due, which is
// what marks wait for.
type streamed struct {
	media *engine.Media
	codec audio.Codec

	alaw    *[256]byte // by the code of µ-law
	mulaw   [maxPacket]byte
	narrow  []int16
	wide    []int16
	up      *audio.Resampler
	encoder audio.Encoder
	codes   []byte
}

var _ media.Source = (*streamed)(nil)

// newStreamed makes all the room that a media thread needs.
func newStreamed(m *engine.Media, codec audio.Codec) *streamed {
	s := &streamed{media: m, codec: codec, encoder: audio.NewEncoder(codec)}
	switch codec {
	case audio.PCMA:
		s.alaw = alawOfMulaw()
	case audio.G722:
		s.up, _ = audio.NewResampler(audio.Rate, codec.Rate()) // there is one for the rates of codecs
		s.narrow = make([]int16, 0, maxPacket)
		s.wide = make([]int16, 0, 4*maxPacket)
		s.codes = make([]byte, 0, 2*maxPacket)
		// The first samples fill the filter: from then on it has two for each that
		// goes in, and room for a packet.
		s.wide = s.up.Append(s.wide, make([]int16, maxPacket))
	}
	return s
}

// alawOfMulaw returns the code of A-law for each of µ-law.
func alawOfMulaw() *[256]byte {
	var mulaw [256]byte
	for i := range mulaw {
		mulaw[i] = byte(i)
	}
	return (*[256]byte)(audio.AppendAlaw(nil, audio.AppendPCMFromMulaw(nil, mulaw[:])))
}

// Copy fills dst with what comes next, which need not be at a place.
func (s *streamed) Copy(dst []byte, _ int) int {
	dst = dst[:min(len(dst), maxPacket)]
	switch s.codec {
	case audio.PCMA:
		s.media.Take(dst)
		for i, code := range dst {
			dst[i] = s.alaw[code]
		}
	case audio.G722:
		mulaw := s.mulaw[:len(dst)] // a byte of either is an eighth of a millisecond
		s.media.Take(mulaw)
		copy(dst, s.encode(mulaw))
	default:
		s.media.Take(dst)
	}
	return len(dst)
}

// encode returns G.722 of as many bytes of µ-law.
func (s *streamed) encode(mulaw []byte) []byte {
	s.narrow = audio.AppendPCMFromMulaw(s.narrow[:0], mulaw)
	s.wide = s.up.Append(s.wide[:0], s.narrow)
	return s.encoder.Append(s.codes[:0], s.wide)
}

// Done reports whether the stream has ended, and all of it was heard.
func (s *streamed) Done(int) bool { return isOver(s.media) }
