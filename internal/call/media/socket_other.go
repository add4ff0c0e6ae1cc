//go:build !linux

package media

import (
	"net/netip"

	"github.com/switchhook/switchhook/internal/fault"
)

// machineNetwork would be the network of this machine.
type machineNetwork struct{}

// Open says that the sound of SIP calls needs Linux.
func (machineNetwork) Open(netip.AddrPort) (Socket, error) {
	return nil, fault.Newf(fault.Unsupported, "calls over SIP need Linux").
		WithHint("use Linux, on amd64 or arm64; call of URLs and numbers, check and test work here")
}

// headers are nothing: there is no system call.
type headers struct{}

func (*headers) init(*Batch) {}
