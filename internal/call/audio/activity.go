package audio

import (
	"math"
	"time"
)

// The floor is the quietest 20 ms of the last two seconds: people who speak
// take a breath more often than that, a fan does not.
const (
	floorFrames = 25 // of each part of those two seconds
	floorParts  = 4
)

// Voice is louder than the floor by so much, and than the hum of a quiet line.
const (
	voiceOverFloor = 7.0   // dB
	voiceLevel     = -48.0 // dBm0
)

// Somebody speaks after 120 ms of voice, which a click or a cough does not last,
// and does so for twice as long after the last of it: words have gaps.
const (
	voiceBegins = 6 // frames
	voiceLasts  = 12
)

// VoiceLasts is how long an Activity reports somebody who has stopped speaking.
const VoiceLasts = voiceLasts * 20 * time.Millisecond

// Activity hears whether somebody speaks. It is a value, for one sound.
type Activity struct {
	x, y float32 // of the filter that takes out what stands still

	quietest [floorParts]float32 // power of each part, the last first
	frames   int                 // of the last part
	parts    int                 // that came

	voice    int // frames with voice, less those without
	speaking bool
}

// Listen takes in the next 20 ms, at any rate, and reports whether somebody
// speaks. It says so from 120 ms after they began until 240 ms after they ended.
func (a *Activity) Listen(pcm []int16) bool {
	if len(pcm) == 0 {
		return a.speaking
	}
	power := a.power(pcm)
	if floor := a.floor(power); power > voiceLimits.floor*floor && power > voiceLimits.power {
		a.voice = min(a.voice+1, voiceLasts)
	} else {
		a.voice = max(a.voice-1, 0)
	}
	switch {
	case a.voice == 0:
		a.speaking = false
	case a.voice >= voiceBegins && !a.speaking:
		a.speaking, a.voice = true, voiceLasts
	}
	return a.speaking
}

// power returns the mean square of what moves in the samples.
func (a *Activity) power(pcm []int16) float32 {
	const pole = 0.95 // 65 Hz at Rate, 130 in wideband
	var sum float32
	x, y := a.x, a.y
	for _, s := range pcm {
		x, y = float32(s), float32(s)-x+pole*y
		sum += y * y
	}
	a.x, a.y = x, y
	return sum / float32(len(pcm))
}

// floor takes in the power of a frame, and returns that of the quietest.
func (a *Activity) floor(power float32) float32 {
	if a.frames == 0 {
		copy(a.quietest[1:], a.quietest[:])
		a.quietest[0] = power
		a.parts = min(a.parts+1, floorParts)
	}
	a.frames = (a.frames + 1) % floorFrames
	a.quietest[0] = min(a.quietest[0], power)
	floor := power
	for _, q := range a.quietest[:a.parts] {
		floor = min(floor, q)
	}
	return floor
}

// voiceLimits are the levels above, as a ratio of power and as a mean square.
var voiceLimits = struct{ floor, power float32 }{
	floor: float32(math.Pow(10, voiceOverFloor/10)),
	power: float32(amplitude(voiceLevel) * amplitude(voiceLevel) / 2),
}
