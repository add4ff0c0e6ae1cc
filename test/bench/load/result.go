//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// result is how calls were served.
type result struct {
	calls, failed int
	counts
	silent       int             // calls of which no packet came
	setUp, first []time.Duration // from the INVITE to the answer, and from there to the first packet; sorted
	busy         shares
	realtime     error // why the sound did not run in real time; nil: it did
}

// well reports whether the calls were served well.
func (r result) well() bool {
	return r.failed == 0 && r.silent == 0 && r.lost == 0 && r.late*1000 <= r.received
}

func (r result) String() string {
	line := fmt.Sprintf("%5d  %6d  %11d  %6d  %4d  %7d  %14s  %20s  %3.0f%%  %5.0f%%  %5.0f%%",
		r.calls, r.failed+r.silent, r.late, r.veryLate, r.lost, r.received, spread(r.setUp), spread(r.first),
		100*r.busy.own, 100*r.busy.server, 100*r.busy.others)
	if r.realtime != nil {
		line += "\n       worth little: no SCHED_FIFO: " + r.realtime.Error()
	}
	if r.busy.others > quiet {
		line += "\n       worth little: others used the processors"
	}
	return line
}

// quiet is how much of a processor others may use for the figures to be worth something.
const quiet = 0.1

// spread returns the 50th and the 99th percentile of sorted times.
func spread(sorted []time.Duration) string {
	if len(sorted) == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f/%.1f ms", sorted[len(sorted)/2].Seconds()*1000, sorted[len(sorted)*99/100].Seconds()*1000)
}

// summary adds the calls up. The thread of the sound has ended.
func summary(all []*call, before, after usage, realtime error) result {
	r := result{calls: len(all), busy: after.since(before), realtime: realtime}
	for _, c := range all {
		answered, failed := c.standing()
		if answered.IsZero() || failed {
			r.failed++
			continue
		}
		r.setUp = append(r.setUp, answered.Sub(c.dialed))
		if c.stream.first.IsZero() {
			r.silent++
			continue
		}
		r.first = append(r.first, max(0, c.stream.first.Sub(answered)))
		r.received += c.stream.received
		r.lost += c.stream.lost
		r.late += c.stream.late
		r.veryLate += c.stream.veryLate
	}
	slices.Sort(r.setUp)
	slices.Sort(r.first)
	return r
}

// usage is how long the processors have worked, since the machine or a process began.
type usage struct {
	at               time.Time
	all, own, server time.Duration
}

// shares are how many processors were busy: 1 is one of them.
type shares struct{ own, server, others float64 }

func (u usage) since(before usage) shares {
	share := func(d time.Duration) float64 { return d.Seconds() / u.at.Sub(before.at).Seconds() }
	s := shares{own: share(u.own - before.own), server: share(u.server - before.server)}
	s.others = max(0, share(u.all-before.all)-s.own-s.server)
	return s
}

// tick is USER_HZ, in which the kernel counts for programs on all that Go runs on.
const tick = 10 * time.Millisecond

// usageNow reads /proc; a server of 0 is none.
func usageNow(server int) (usage, error) {
	u := usage{at: time.Now()}
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return u, err
	}
	first, _, _ := bytes.Cut(stat, []byte("\n"))
	fields := bytes.Fields(first)
	const idle, ioWait, guest = 4, 5, 9
	for i := 1; i < min(len(fields), guest); i++ {
		if i != idle && i != ioWait {
			u.all += ticks(fields[i])
		}
	}
	var own unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &own); err != nil {
		return u, os.NewSyscallError("getrusage", err)
	}
	u.own = time.Duration(own.Utime.Nano() + own.Stime.Nano())
	if server == 0 {
		return u, nil
	}
	if stat, err = os.ReadFile("/proc/" + strconv.Itoa(server) + "/stat"); err != nil { //nolint:gosec // who runs this says which process
		return u, err
	}
	const user, system = 11, 12 // after the name, which may hold blanks
	fields = bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) <= system {
		return u, errors.New("/proc does not say how busy the server is")
	}
	u.server = ticks(fields[user]) + ticks(fields[system])
	return u, nil
}

func ticks(field []byte) time.Duration {
	n, _ := strconv.ParseInt(string(field), 10, 64) // the kernel writes numbers
	return time.Duration(n) * tick
}
