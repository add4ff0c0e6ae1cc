package softphone

import (
	"fmt"
	"io"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/media"
	"github.com/switchhook/switchhook/internal/fault"
)

// Say plays a sound to the other side, in place of one that is being played, also
// one that still grows. Said is told when it is over. Before Agreed there is no
// codec: then the error is a fault.Error of the code Unavailable.
func (c *Call) Say(s *audio.Sound) (media.PlayID, error) {
	codec, ok := media.CodecOf(c.agreement().Codec.Codec)
	if !ok {
		return 0, fault.Newf(fault.Unavailable, "no codec is agreed on yet")
	}
	return c.leg.Play(media.Play{Source: s.Frames(codec)}), nil
}

// ReadWAV reads a WAV file to say, at the rate that it has, if that is one of
// telephones.
func ReadWAV(r io.Reader) (*audio.Sound, error) {
	file, err := audio.OpenWAV(r)
	if err != nil {
		return nil, err
	}
	s := audio.NewSound(file.Rate())
	err = file.Decode(s)
	s.End(err)
	return s, err
}

// How long keys are pressed, as telephones do it.
const (
	keyLength = 100 * time.Millisecond
	keyPause  = 100 * time.Millisecond
)

// Press sends keys (0-9, *, #, A-D), one after another, and returns the way that
// they take. The way "" is ByEvents if that was agreed on, else ByTones. The error is a fault.Error: of the code
// Unsupported where a way was not agreed on, Invalid for what is no key, and
// Unavailable for tones before Agreed.
func (c *Call) Press(keys string, way Way) (Way, error) {
	if way == "" {
		way = ByTones
		if c.agreement().Events.Codec != "" {
			way = ByEvents
		}
	}
	// Also checks the keys of the other ways.
	tones, err := audio.DTMF(keys, keyLength, keyPause)
	if err != nil {
		return way, &fault.Error{Code: fault.Invalid, Message: fmt.Sprintf("%q cannot be pressed", keys), Err: err}
	}
	switch way {
	case ByEvents:
		return way, c.leg.Press(keys)
	case ByInfo:
		for i := range len(keys) {
			c.dialog.Info(dialog.InfoOf(keys[i]))
		}
		return way, nil
	case ByTones:
		_, err := c.Say(audio.SoundOf(tones))
		return way, err
	}
	return way, fault.Newf(fault.Invalid, "keys cannot be sent by %q", way).WithHint("it is one of %s, %s and %s", ByEvents, ByInfo, ByTones)
}
