//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// usage is how long the processors have worked, since the machine or a process began.
type usage struct {
	at               time.Time
	all, own, server time.Duration
}

// shares are how many processors were busy: 1 is one of them.
type shares struct{ own, server, others float64 }

// quiet is how much of a processor others may use for the figures to be worth something.
const quiet = 0.1

// sharesHeader is above what String returns.
const sharesHeader = "  load  server  others"

func (s shares) String() string {
	line := fmt.Sprintf("  %3.0f%%  %5.0f%%  %5.0f%%", 100*s.own, 100*s.server, 100*s.others)
	if s.others > quiet {
		line += "  (worth little: others used the processors)"
	}
	return line
}

func (u usage) since(before usage) shares {
	share := func(d time.Duration) float64 { return d.Seconds() / u.at.Sub(before.at).Seconds() }
	s := shares{own: share(u.own - before.own), server: share(u.server - before.server)}
	s.others = max(0, share(u.all-before.all)-s.own-s.server)
	return s
}

// watched returns how busy the processors were while something was done.
func (b *bench) watched(do func() error) (shares, error) {
	before, err := usageNow(b.server)
	if err != nil {
		return shares{}, err
	}
	if err := do(); err != nil {
		return shares{}, err
	}
	after, err := usageNow(b.server)
	return after.since(before), err
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
	if stat, err = os.ReadFile("/proc/" + strconv.Itoa(server) + "/stat"); err != nil {
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

// worthLittle says why no figure will be worth much; "": there is no reason known.
func (b *bench) worthLittle() string {
	granted := make(chan error)
	go func() { granted <- realtime() }()
	if err := <-granted; err != nil {
		return "load does not run under SCHED_FIFO: " + err.Error()
	}
	if b.server == 0 {
		return ""
	}
	// One that has just begun has its ports a moment before it raises its threads.
	for limit := time.Now().Add(time.Second); time.Now().Before(limit); time.Sleep(10 * time.Millisecond) {
		if runsInRealtime(b.server) {
			return ""
		}
	}
	return "the server has no thread under SCHED_FIFO"
}

// runsInRealtime reports whether a process has a thread under SCHED_FIFO.
func runsInRealtime(process int) bool {
	threads, _ := os.ReadDir("/proc/" + strconv.Itoa(process) + "/task") // it may have ended
	for _, t := range threads {
		id, _ := strconv.Atoi(t.Name()) // the kernel writes numbers
		if a, err := unix.SchedGetAttr(id, 0); err == nil && a.Policy == unix.SCHED_FIFO {
			return true
		}
	}
	return false
}
