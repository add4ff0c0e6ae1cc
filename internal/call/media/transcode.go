package media

import (
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/rtp"
)

const (
	// maxCushion is how much sound may wait to be sent: the packet that is due and
	// two more. A sender whose clock is fast would fill it up.
	maxCushion = 60 * time.Millisecond

	// maxMadeUp is for how long lost sound is made up. After that there is silence,
	// which needs no place.
	maxMadeUp = 100 * time.Millisecond

	// usual is the packet for which there is room from the beginning. Telephones send
	// 20 ms.
	usual = 60 * time.Millisecond

	// waiting is how many packets there is room for: those of rtp.MaxDepth, and some
	// that come at once.
	waiting = 16
)

// transcoder makes the sound that arrives on one leg into the codec of another.
// Its stream is one of ours: packets are evened out, and lost ones made up for.
type transcoder struct {
	from      audio.Codec
	buffer    *rtp.Buffer
	decoder   audio.Decoder
	encoder   audio.Encoder
	resampler *audio.Resampler // nil: both have one rate
	concealer audio.Concealer

	filled bool // a packet
	begun  bool
	next   int64 // place of the frame after the last
	owed   int64 // units that were made up since

	ready       []byte // encoded, to be sent
	pcm, scaled []int16
}

// newTranscoder returns the transcoder between two codecs.
func newTranscoder(from, to audio.Codec) *transcoder {
	c := &transcoder{
		from: from, buffer: rtp.NewBuffer(audio.ByteRate),
		decoder: audio.NewDecoder(from), encoder: audio.NewEncoder(to),
		concealer: audio.NewConcealer(from.Rate()),
		ready:     make([]byte, 0, 2*mtu),
		pcm:       make([]int16, 0, 2*mtu), // of G.722 there are two a byte
		scaled:    make([]int16, 0, 4*mtu),
	}
	c.buffer.Reserve(waiting, bytesOf(usual))
	if from.Rate() != to.Rate() {
		var err error
		if c.resampler, err = audio.NewResampler(from.Rate(), to.Rate()); err != nil {
			panic(err) // the rates are those of codecs
		}
		c.resampler.Reserve(cap(c.pcm))
	}
	return c
}

// push takes a packet that has arrived.
func (c *transcoder) push(p rtp.Packet, at time.Duration) { c.buffer.Push(p, at) }

// fill fills a packet that is due now. It reports whether it is the first.
func (c *transcoder) fill(packet []byte, now time.Duration) (first bool) {
	for f, ok := c.buffer.Take(now); ok; f, ok = c.buffer.Take(now) {
		c.take(f)
	}
	if excess := len(c.ready) - len(packet) - bytesOf(maxCushion); excess > 0 {
		c.drop(excess)
	}
	if missing := len(packet) - len(c.ready); missing > 0 {
		// It is lost, or comes a little later and from then on waits its turn.
		c.makeUp(missing)
		c.owed += int64(missing)
	}
	c.drop(copy(packet, c.ready))
	first, c.filled = !c.filled, true
	return first
}

// bytesOf returns how many bytes of a codec d takes.
func bytesOf(d time.Duration) int { return bytesPerMS * int(d/time.Millisecond) }

// drop takes bytes off what is ready.
func (c *transcoder) drop(n int) { c.ready = c.ready[:copy(c.ready, c.ready[n:])] }

// take decodes a frame, after what is missing before it.
func (c *transcoder) take(f rtp.Frame) {
	if missing := f.At - c.next - c.owed; c.begun && missing > 0 {
		c.makeUp(int(min(missing, int64(bytesOf(maxMadeUp)))))
	}
	c.begun, c.next, c.owed = true, f.At+int64(len(f.Payload)), 0
	c.pcm = c.decoder.Append(c.pcm[:0], f.Payload)
	c.concealer.Came(c.pcm)
	c.encode()
}

// makeUp makes up for bytes that did not come.
func (c *transcoder) makeUp(bytes int) {
	c.pcm = c.pcm[:min(cap(c.pcm), bytes*c.from.Rate()/audio.ByteRate)]
	c.concealer.Lost(c.pcm)
	c.encode()
}

// encode adds the samples to what is ready.
func (c *transcoder) encode() {
	pcm := c.pcm
	if c.resampler != nil {
		c.scaled = c.resampler.Append(c.scaled[:0], pcm)
		pcm = c.scaled
	}
	c.ready = c.encoder.Append(c.ready, pcm)
}
