package media

import (
	"fmt"
	"io"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// eventBell is an eventfd(2): who rings takes no lock of the runtime, who waits
// does so in the runtime's poller.
type eventBell struct {
	fd   int
	file *os.File
}

func newMachineBell() (bell, error) {
	fd, err := unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("make an eventfd: %w", err)
	}
	return &eventBell{fd, os.NewFile(uintptr(fd), "eventfd")}, nil
}

func (b *eventBell) ring() {
	one := uint64(1)
	_, _, _ = unix.RawSyscall(unix.SYS_WRITE, uintptr(b.fd), uintptr(unsafe.Pointer(&one)), unsafe.Sizeof(one))
}

func (b *eventBell) wait() bool {
	var rings [8]byte
	_, err := io.ReadFull(b.file, rings[:])
	return err == nil
}

func (b *eventBell) close() { _ = b.file.Close() }
