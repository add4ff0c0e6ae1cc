package speech

import (
	"os"

	"golang.org/x/sys/unix"
)

// scratch returns a file in memory, without a name.
func scratch() (*os.File, error) {
	fd, err := unix.MemfdCreate("speech", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), "speech"), nil
}
