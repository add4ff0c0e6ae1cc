package sdp

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Bytes returns d as it is sent, in the order of lines of RFC 8866 section 5.
func (d *Description) Bytes() []byte {
	var w strings.Builder
	host := d.Origin.Address
	fmt.Fprintf(&w, "v=0\r\no=- %d %d IN %s %s\r\ns=-\r\n", d.Origin.ID, d.Origin.Version, family(host), host)
	common, ok := d.commonAddress()
	if ok {
		writeConnection(&w, common)
	}
	w.WriteString("t=0 0\r\n")
	for i := range d.Media {
		d.Media[i].write(&w, !ok)
	}
	return []byte(w.String())
}

// commonAddress returns the address of all sound: old phones look for the c=
// line before the first m= line alone.
func (d *Description) commonAddress() (address netip.Addr, ok bool) {
	for i := range d.Media {
		switch m := &d.Media[i]; {
		case len(m.Formats) == 0:
			continue
		case ok && m.Address != address || !m.Address.IsValid():
			return netip.Addr{}, false
		default:
			address, ok = m.Address, true
		}
	}
	return address, ok
}

func (m *Media) write(w *strings.Builder, connection bool) {
	fmt.Fprintf(w, "m=%s %d %s %s\r\n", m.Kind, m.Port, m.Protocol, strings.Join(m.tokens(), " "))
	if len(m.Formats) == 0 {
		return
	}
	if connection && m.Address.IsValid() {
		writeConnection(w, m.Address)
	}
	for _, f := range m.Formats {
		if f.Codec != "" {
			fmt.Fprintf(w, "a=rtpmap:%d %s\r\n", f.Payload, f.Codec)
		}
		if f.Params != "" {
			fmt.Fprintf(w, "a=fmtp:%d %s\r\n", f.Payload, f.Params)
		}
	}
	writePtime(w, "ptime", m.Ptime)
	writePtime(w, "maxptime", m.MaxPtime)
	fmt.Fprintf(w, "a=%s\r\n", m.Direction)
}

// tokens returns the formats of the m= line.
func (m *Media) tokens() []string {
	if len(m.Formats) == 0 {
		return m.Others
	}
	tokens := make([]string, len(m.Formats))
	for i, f := range m.Formats {
		tokens[i] = strconv.Itoa(int(f.Payload))
	}
	return tokens
}

func writeConnection(w *strings.Builder, a netip.Addr) {
	fmt.Fprintf(w, "c=IN %s %s\r\n", family(a.String()), a)
}

func writePtime(w *strings.Builder, name string, d time.Duration) {
	if d != 0 {
		fmt.Fprintf(w, "a=%s:%d\r\n", name, d.Milliseconds())
	}
}

// family returns the address type of an o= or c= line.
func family(address string) string {
	if strings.Contains(address, ":") {
		return "IP6"
	}
	return "IP4"
}

// same reports whether two descriptions differ in nothing but their o= lines.
func (d *Description) same(other *Description) bool {
	a, b := *d, *other
	a.Origin, b.Origin = Origin{}, Origin{}
	return slices.Equal(a.Bytes(), b.Bytes())
}
