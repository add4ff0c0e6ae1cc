package doctor

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"

	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/voice"
	"github.com/switchhook/switchhook/internal/setting"
)

// receiveBuffer checks whether the kernel holds a burst of calls until it is read.
func (e *examination) receiveBuffer() {
	text, known := kernel("net/core/rmem_max")
	most, err := strconv.Atoi(text)
	switch {
	case !known || err != nil:
	case most < dialog.ReceiveBuffer:
		e.warn("buffers", fmt.Sprintf("net.core.rmem_max is %d: of a burst of calls over UDP some have to be sent again", most),
			fmt.Sprintf("write net.core.rmem_max = %d into /etc/sysctl.d/60-switchhook.conf, run sysctl --system, and restart the server", dialog.ReceiveBuffer))
	default:
		e.ok("buffers", fmt.Sprintf("net.core.rmem_max is %d", most))
	}
}

// mediaPorts checks the ports of the calls' sound: whether other programs have some
// of them, or may get them.
func (e *examination) mediaPorts(settings *voice.Settings, served bool) {
	const about = "media ports"
	ports := settings.MediaPorts
	var taken []string
	for port := int(ports.First); port <= int(ports.Last); port++ {
		if tryPort(uint16(port)) != nil {
			taken = append(taken, strconv.Itoa(port))
		}
	}
	switch {
	case len(taken) == 0:
		e.ok(about, ports.String()+" are free")
	case served:
		e.ok(about, fmt.Sprintf("%d of %s are in use, by calls as it seems", len(taken), ports))
	default:
		e.warn(about, fmt.Sprintf("other programs use %d of %s: %s", len(taken), ports, names(taken, 3)), "calls take the others; choose a range of their own: media_ports")
	}
	if lent, known := kernel("net/ipv4/ip_local_port_range"); known && overlaps(ports, lent) && !reserved(ports) {
		e.warn(about, fmt.Sprintf("the system gives some of %s to any program that asks for a port (%s)", ports, strings.Join(strings.Fields(lent), "-")),
			fmt.Sprintf("write net.ipv4.ip_local_reserved_ports = %s into /etc/sysctl.d/60-switchhook.conf, and run sysctl --system", ports))
	}
}

// tryPort returns why a port of UDP cannot be used.
func tryPort(port uint16) error {
	packets, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(netip.IPv4Unspecified(), port)))
	if err != nil {
		return err
	}
	return packets.Close()
}

// overlaps reports whether ports are among those between two numbers.
func overlaps(ports setting.Ports, between string) bool {
	ends := strings.Fields(between)
	if len(ends) != 2 {
		return false
	}
	first, err := strconv.Atoi(ends[0])
	last, failed := strconv.Atoi(ends[1])
	return err == nil && failed == nil && first <= int(ports.Last) && int(ports.First) <= last
}

// reserved reports whether the kernel keeps all ports of a range for those who ask
// for them by number.
func reserved(ports setting.Ports) bool {
	text, _ := kernel("net/ipv4/ip_local_reserved_ports")
	for part := range strings.SplitSeq(text, ",") {
		from, to, ranged := strings.Cut(strings.TrimSpace(part), "-")
		if !ranged {
			to = from
		}
		first, err := strconv.Atoi(from)
		last, failed := strconv.Atoi(to)
		if err == nil && failed == nil && first <= int(ports.First) && int(ports.Last) <= last {
			return true
		}
	}
	return false
}

// kernel returns a setting of the kernel, as sysctl(8) does; known is false where
// there is none, as on other systems than Linux.
func kernel(name string) (text string, known bool) {
	read, err := os.ReadFile("/proc/sys/" + name)
	return strings.TrimSpace(string(read)), err == nil
}
