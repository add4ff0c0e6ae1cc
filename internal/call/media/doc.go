// Package media plays and receives the sound of calls over RTP. A few threads
// serve all legs, each at its time; no leg has a goroutine.
//
// A [Pool] has the threads, and opens a [Leg] for each side of a call. What is
// asked of a leg goes to its thread without a lock, and begins at one of its next
// ticks; what it tells comes back the same way: [Leg.Next] returns it, [Leg.Ready]
// says when. A [Source] is what is played, a [Tap] hears.
//
// The thread's part of a leg is legState. It is plain arithmetic over a tick, a
// now and the packets that have arrived, so tests bring a [Clock] and a [Network]
// of their own.
package media
