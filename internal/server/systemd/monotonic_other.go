//go:build !linux

package systemd

import "time"

// monotonic returns nothing: systemd is Linux only.
func monotonic() (now time.Duration, ok bool) { return 0, false }
