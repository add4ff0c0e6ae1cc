package softphone

import (
	"context"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/media"
	"github.com/switchhook/switchhook/internal/call/sdp"
)

// Recorder is what arrives from the other side, put in order by the times that the
// sender gave it. What is missing is silence in it, and a Gap.
type Recorder struct {
	begun chan struct{} // closed once there is sound, or there will be none
	sound *audio.Sound  // nil before

	mu   sync.Mutex
	gaps []Gap

	line    timeline
	decoder decoder
}

// Gap is sound that is missing: it was lost, or was not sent, as on hold and while
// a key is pressed.
type Gap struct {
	At     time.Duration // in the recorded Sound
	Length time.Duration
}

// Hear returns the recorder of the call, which records from the first Hear on
// until the end. There is one for each call; of a call that is over, the one that
// it had or an empty one.
func (c *Call) Hear() *Recorder {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.recorder == nil {
		c.recorder = &Recorder{begun: make(chan struct{})}
		if c.silent {
			c.recorder.end()
			return c.recorder
		}
		tap := c.leg.Listen(media.FromCaller)
		c.recording.Go(func() { c.recorder.run(tap) })
	}
	return c.recorder
}

// Sound waits for the first sound to arrive, and returns it as it grows. It has
// the rate of the codec, and ends with the call: empty where nothing arrived. The
// error is the cause of the context's end.
func (r *Recorder) Sound(ctx context.Context) (*audio.Sound, error) {
	select {
	case <-r.begun:
		return r.sound, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// Gaps returns what is missing so far, in order.
func (r *Recorder) Gaps() []Gap {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.gaps)
}

// WriteWAV writes what was heard so far.
func (r *Recorder) WriteWAV(w io.Writer) error {
	select {
	case <-r.begun:
		return r.sound.WriteWAV(w)
	default:
		return audio.WriteWAV(w, nil)
	}
}

// packetSize is the most that a packet of sound has.
const packetSize = 1500

// run records until the tap ends.
func (r *Recorder) run(tap *media.Tap) {
	defer r.end()
	b := make([]byte, packetSize)
	var ready []piece
	for ended := false; !ended; {
		<-tap.Ready()
		ended = tap.Ended() // first: what came before the end counts
		for f, ok := tap.Read(b); ok; f, ok = tap.Read(b) {
			if _, known := media.CodecOf(f.Codec); known {
				ready = r.line.step(ready[:0], f.Codec, f.Packet)
				r.write(ready)
			}
		}
	}
	r.write(r.line.flush(ready[:0]))
}

// end ends the sound.
func (r *Recorder) end() {
	if r.sound == nil {
		r.begin(audio.Rate)
	}
	r.sound.End(nil)
}

func (r *Recorder) begin(rate int) {
	r.sound = audio.NewSound(rate)
	close(r.begun)
}

// write adds pieces to the sound.
func (r *Recorder) write(pieces []piece) {
	for _, p := range pieces {
		if r.sound == nil {
			r.begin(p.codec.SampleRate())
		}
		if p.gap > 0 {
			gap := Gap{At: r.sound.Duration(), Length: time.Duration(p.gap) * time.Second / unitRate}
			r.mu.Lock()
			r.gaps = append(r.gaps, gap)
			r.mu.Unlock()
			r.sound.Append(make([]int16, p.gap*r.sound.Rate()/unitRate))
		}
		r.sound.Append(r.decoder.step(p.codec, p.payload, r.sound.Rate()))
	}
}

// decoder makes samples of what arrives.
type decoder struct {
	codec   sdp.Codec
	codes   audio.Decoder
	rate    *audio.Resampler // nil: the sound has the codec's
	pcm     []int16
	resized []int16
}

// step returns the samples of a payload, until the next step.
func (d *decoder) step(codec sdp.Codec, payload []byte, rate int) []int16 {
	if d.codec != codec {
		carried, _ := media.CodecOf(codec)
		*d = decoder{codec: codec, codes: audio.NewDecoder(carried)}
		if codec.SampleRate() != rate {
			var err error
			if d.rate, err = audio.NewResampler(codec.SampleRate(), rate); err != nil {
				panic(err) // both are rates of telephones
			}
		}
	}
	d.pcm = d.codes.Append(d.pcm[:0], payload)
	if d.rate == nil {
		return d.pcm
	}
	d.resized = d.rate.Append(d.resized[:0], d.pcm)
	return d.resized
}
