//go:build linux

package main

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/rtp"
)

// slots is among how many parts of a packet's time the calls are divided.
const slots = 4

// sound is the thread that sends and receives the sound of all calls.
type sound struct {
	mu       sync.Mutex
	streams  [slots][]*stream
	count    int
	counting atomic.Bool
	ending   atomic.Bool
	ended    chan struct{}
}

func newSound() *sound { return &sound{ended: make(chan struct{})} }

func (s *sound) add(stream *stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.streams[s.count%slots] = append(s.streams[s.count%slots], stream)
	s.count++
}

// measure begins and ends the time that is measured.
func (s *sound) measure(on bool) { s.counting.Store(on) }

// stop ends the thread, and closes the sockets. After that the figures may be read.
func (s *sound) stop() {
	s.ending.Store(true)
	<-s.ended
}

// realtime has this goroutine's thread run before all that is not of real time. The
// thread is for nothing else from then on, and ends with the goroutine.
func realtime() error {
	runtime.LockOSThread()
	return unix.SchedSetAttr(0, &unix.SchedAttr{Policy: unix.SCHED_FIFO, Priority: 4}, 0)
}

// run runs until stop.
func (s *sound) run() {
	defer close(s.ended)
	_ = realtime() // worthLittle has told
	buffer, control := make([]byte, 1500), make([]byte, 64)
	silence := make([]byte, rtp.HeaderSize+samples)
	for i := rtp.HeaderSize; i < len(silence); i++ {
		silence[i] = audio.MulawSilence
	}
	began := time.Now()
	for tick := 1; !s.ending.Load(); tick++ {
		for _, stream := range s.due(tick) {
			stream.receive(buffer, control, s.counting.Load())
			stream.step(silence)
		}
		sleep(time.Until(began.Add(time.Duration(tick) * packetTime / slots)))
	}
	for _, streams := range s.streams {
		for _, stream := range streams {
			_ = unix.Close(stream.fd)
		}
	}
}

// due returns the streams whose turn it is, without those whose calls are over.
func (s *sound) due(tick int) []*stream {
	s.mu.Lock()
	defer s.mu.Unlock()
	streams := &s.streams[tick%slots]
	*streams = slices.DeleteFunc(*streams, func(stream *stream) bool {
		over := stream.over.Load()
		if over {
			_ = unix.Close(stream.fd)
		}
		return over
	})
	return *streams
}

// sleep waits in the kernel: the runtime's own timers are served by another thread.
func sleep(d time.Duration) {
	if d > 0 {
		wait := unix.NsecToTimespec(int64(d))
		_ = unix.Nanosleep(&wait, nil) // woken early it is early once
	}
}
