//go:build !unix

package systemd

import "net"

// Keep does nothing: systemd is Linux only.
func (m *Manager) Keep(string, net.Listener) error { return nil }

// Drop does nothing.
func (m *Manager) Drop(string) error { return nil }
