package media

import "runtime"

// Priority is what the kernel granted to a thread. Without a real-time one, calls
// stutter as soon as the machine is busy: give the service CAP_SYS_NICE or
// LimitRTPRIO.
type Priority struct {
	Realtime bool
	Nice     int   // where not: -20 to 19, less is more
	Refused  error // why it is not more; nil: it is all that was asked for
}

// Threads returns how many media threads a machine with so many cores should
// have: one core is left to all else.
func Threads(cores int) int { return max(1, cores-1) }

// Processors returns what to set GOMAXPROCS to on a machine with so many cores and
// media threads. A thread that wakes up needs one of the runtime's processors, and
// waits up to 10 ms where goroutines have all of them, so there are more than
// goroutines that run at once, as a rule. Which of them gets a core the kernel says,
// by priority.
func Processors(cores, threads int) int { return 4*cores + threads }

// Cores returns how many there are to use, as the runtime sees it before the process
// follows the advice of Processors.
func Cores() int { return min(runtime.NumCPU(), runtime.GOMAXPROCS(0)) }
