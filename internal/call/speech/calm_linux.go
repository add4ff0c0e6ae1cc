package speech

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// calm takes from a program the priority that it has inherited, so that speaking
// never holds up the sound of calls: real-time scheduling, and a nice value below
// nought. Lowering takes no privilege (sched(7)). Where systemd forbids the call
// (SystemCallFilter=~@resources) the program speaks all the same: there the server
// could not raise its own priority either.
func calm(pid int) error {
	has, err := unix.SchedGetAttr(pid, 0)
	switch {
	case errors.Is(err, unix.ESRCH):
		return nil // it has ended
	case err != nil:
		return fmt.Errorf("read the priority of the program: %w", err)
	case has.Policy == unix.SCHED_NORMAL && has.Nice >= 0:
		return nil
	}
	plain := unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_NORMAL, Nice: max(has.Nice, 0)}
	if err := unix.SchedSetAttr(pid, &plain, 0); err != nil && !errors.Is(err, unix.ESRCH) && !errors.Is(err, unix.EPERM) {
		return fmt.Errorf("lower the priority of the program: %w", err)
	}
	return nil
}
