package rtp

import (
	"slices"
	"time"
)

// The depth of a Buffer: how long a frame waits after the moment at which it
// would have arrived, had it been as fast as the fastest.
const (
	MinDepth = 40 * time.Millisecond
	MaxDepth = 200 * time.Millisecond
)

const (
	depthStep   = 20 * time.Millisecond
	depthWindow = 5 * time.Second // the depth falls by a step for each that did not need it
	maxGap      = 10 * time.Second
	maxFrames   = 64   // MaxDepth of frames of 10 ms, three times
	maxFrame    = 1500 // bytes
)

// Buffer puts the frames of a stream in order and evens out how long they took.
// It is for recording, recognition and transcoding; a bridge and an echo pass
// packets on as they come, because the far end has a buffer of its own.
//
// A frame is due Depth after its place in the stream. The depth grows at once
// when a frame comes later than that, and falls slowly.
type Buffer struct {
	rate  int
	depth time.Duration

	frames [maxFrames]Frame // the first count are waiting, in order; the rest lend their memory
	count  int
	next   int64 // frames before this place were taken, or given up

	begun     bool
	timestamp uint32        // of the last packet …
	sequence  uint16        // … its number …
	at        int64         // … and its place
	origin    time.Duration // when the frame of place 0 would have arrived, as fast as the fastest

	windowEnd   time.Duration
	least, most time.Duration // how late the frames of this window came
	discarded   uint32
}

// Frame is the payload of one packet.
type Frame struct {
	// At is its place in the stream, in samples since the first frame. There is
	// one count for the whole call, along the clock: where a stream pauses or
	// restarts its timestamps, At is where the sound belongs in a recording.
	At      int64
	Payload []byte
}

// NewBuffer returns a Buffer for a stream whose timestamps count at rate, in Hz.
func NewBuffer(rate int) *Buffer {
	return &Buffer{rate: rate, depth: MinDepth}
}

// Reserve makes room for so many frames of so many bytes, which Push then does not
// allocate.
func (b *Buffer) Reserve(frames, bytes int) {
	for i := b.count; i < min(frames, maxFrames); i++ {
		b.frames[i].Payload = slices.Grow(b.frames[i].Payload[:0], bytes)
	}
}

// Depth returns the present depth.
func (b *Buffer) Depth() time.Duration { return b.depth }

// Discarded returns how many frames came too late, did not fit, or were too
// large. To the ear they are lost.
func (b *Buffer) Discarded() uint32 { return b.discarded }

// Push takes a packet that has just arrived, and copies its payload. What a
// Reception calls a duplicate is to be dropped before: it would pass for a late
// frame, and make the buffer deeper.
func (b *Buffer) Push(p Packet, now time.Duration) {
	if len(p.Payload) == 0 || len(p.Payload) > maxFrame {
		b.discarded++
		return
	}
	b.place(p.Header, now)
	b.adapt(now)
	if b.at < b.next {
		b.discarded++
		return
	}
	b.insert(b.at, p.Payload)
}

// Take returns the next frame that is due; call it until it is not ok. Where At
// skips samples, they were lost or never sent. The payload is valid until the
// next Push.
func (b *Buffer) Take(now time.Duration) (f Frame, ok bool) {
	if b.count == 0 || now < b.arrival(b.frames[0].At)+b.depth {
		return Frame{}, false
	}
	return b.remove(), true
}

// place finds the place of a packet: where its timestamp says, or now where
// that is of another count. A packet that others have overtaken has an older
// number, so a newer one whose timestamp has not grown begins another count.
func (b *Buffer) place(h Header, now time.Duration) {
	step := int64(int32(h.Timestamp - b.timestamp))
	newer := int16(h.Sequence-b.sequence) > 0
	b.timestamp, b.sequence = h.Timestamp, h.Sequence
	switch {
	case !b.begun:
		b.begun = true
		b.origin = now
		b.window(now)
	case spanOf(max(step, -step), b.rate) > maxGap, step <= 0 && newer:
		b.at = max(b.end(), samplesOf(now-b.origin, b.rate))
		b.origin = now - spanOf(b.at, b.rate)
	default:
		b.at += step
	}
}

// end returns the place after all frames so far.
func (b *Buffer) end() int64 {
	if b.count == 0 {
		return b.next
	}
	return b.frames[b.count-1].At + 1
}

// adapt learns from how late the packet at b.at came.
func (b *Buffer) adapt(now time.Duration) {
	late := now - b.arrival(b.at)
	if late < 0 { // faster than the fastest: the others came later than that
		b.origin += late
		b.most -= late
		late = 0
	}
	b.least = min(b.least, late)
	b.most = max(b.most, late)
	b.depth = max(b.depth, depthFor(late))
	if now < b.windowEnd {
		return
	}
	if b.least > MaxDepth { // the sender's count paused: so does the sound
		b.at += samplesOf(b.least, b.rate)
	} else { // its clock is slower than ours
		b.origin += b.least
	}
	b.depth = max(b.depth-depthStep, depthFor(b.most-b.least))
	b.window(now)
}

// window begins to measure again.
func (b *Buffer) window(now time.Duration) {
	b.windowEnd = now + depthWindow
	b.least, b.most = depthWindow, 0
}

// depthFor returns the depth that frames so late need.
func depthFor(late time.Duration) time.Duration {
	whole := (late + depthStep - 1).Truncate(depthStep)
	return min(max(whole, MinDepth), MaxDepth)
}

// arrival returns when the frame at a place would have arrived at the fastest.
func (b *Buffer) arrival(at int64) time.Duration {
	return b.origin + spanOf(at, b.rate)
}

// insert puts a frame in its place; without room the oldest is given up.
func (b *Buffer) insert(at int64, payload []byte) {
	i := b.count
	for i > 0 && b.frames[i-1].At > at {
		i--
	}
	if i > 0 && b.frames[i-1].At == at {
		return
	}
	if b.count == maxFrames {
		b.discarded++
		if i == 0 {
			return
		}
		b.remove()
		i--
	}
	memory := b.frames[b.count].Payload
	copy(b.frames[i+1:b.count+1], b.frames[i:b.count])
	b.frames[i] = Frame{at, append(memory[:0], payload...)}
	b.count++
}

// remove takes out the first frame; its memory is lent to the next.
func (b *Buffer) remove() Frame {
	first := b.frames[0]
	copy(b.frames[:b.count-1], b.frames[1:b.count])
	b.count--
	b.frames[b.count] = first
	b.next = first.At + 1
	return first
}

// spanOf returns how long n samples take.
func spanOf(n int64, rate int) time.Duration {
	return time.Duration(n * int64(time.Second) / int64(rate))
}

// samplesOf returns how many whole samples d takes.
func samplesOf(d time.Duration, rate int) int64 {
	return int64(d) * int64(rate) / int64(time.Second)
}
