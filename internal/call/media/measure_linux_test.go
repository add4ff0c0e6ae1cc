package media_test

import (
	"net"
	"net/netip"
	"testing"

	"github.com/switchhook/switchhook/internal/call/media"
	"github.com/switchhook/switchhook/internal/call/sdp"
)

// BenchmarkPacketOfTheKernel is playout over sockets of this machine: a look for
// what has arrived, and a packet that is sent. Most of it is the kernel's.
func BenchmarkPacketOfTheKernel(b *testing.B) {
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(here, 0)))
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	to := conn.LocalAddr().(*net.UDPAddr).AddrPort()
	s := scene{"", false, sdp.PCMU, sdp.PCMU, scenes[0].do}
	c := s.begin(b, media.MachineNetwork(), func(uint16) netip.AddrPort { return to })
	b.ReportAllocs()
	b.ResetTimer()
	c.run(slotsOf * (b.N/crowdLegs + 1))
}
