//go:build !unix

package handover

import (
	"errors"
	"net"
	"os"
)

// Possible says whether a process can replace itself here.
const Possible = false

// Signal asks a process to replace itself; nil: there is none.
var Signal os.Signal

var errNowhere = errors.New("sockets cannot be handed over on this system")

func listenerOf(descriptor) (net.Listener, error) { return nil, errNowhere }

// Held are sockets that are open until Exec or Close.
type Held struct{}

// Hold fails: sockets cannot be handed over here.
func Hold([]Socket) (*Held, error) { return nil, errNowhere }

// Close does nothing.
func (h *Held) Close() {}

// Exec fails.
func (h *Held) Exec(string, []string, []string) error { return errNowhere }
