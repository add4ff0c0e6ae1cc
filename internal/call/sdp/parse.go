package sdp

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/switchhook/switchhook/internal/fault"
)

// The bounds of what is read: the longest message that we take, more m= lines
// than any phone has, and longer words in them.
const (
	maxText  = 64 << 10
	maxMedia = 32
	maxToken = 64

	maxParams = 256 // of an a=fmtp line, which may be said to the other leg
)

// Parse reads a session description. It takes any ends of lines, a last line
// without one, and lines in any order within the session's part and each m=
// line's; what it does not know it leaves out. An error is a fault.Error of the
// code Invalid: the answer to a request is 400 (RFC 3261 section 21.4.1).
//
// The reader is our own, because those of libraries refuse the whole of what
// phones send: an m=image line, attributes before c=, or an unknown b= line.
func Parse(text []byte) (*Description, error) {
	if len(text) > maxText {
		return nil, fault.Newf(fault.Invalid, "the session description has %d bytes, %d is the limit", len(text), maxText)
	}
	var r reader
	for line := range strings.FieldsFuncSeq(string(text), isLineEnd) {
		if err := r.line(strings.TrimSpace(line)); err != nil {
			return nil, err
		}
	}
	if !r.begun && len(r.d.Media) == 0 {
		return nil, fault.Newf(fault.Invalid, "this is no session description: it has neither a v= nor an m= line")
	}
	r.finish()
	return &r.d, nil
}

func isLineEnd(r rune) bool { return r == '\r' || r == '\n' }

// reader reads a description line by line.
type reader struct {
	d       Description
	begun   bool  // v= was read
	session Media // what the lines before the first m= line say of all of them

	connected bool // the m= line at hand has a c= line of its own
}

// at returns what a line belongs to.
func (r *reader) at() *Media {
	if n := len(r.d.Media); n > 0 {
		return &r.d.Media[n-1]
	}
	return &r.session
}

func (r *reader) line(line string) error {
	kind, value, _ := strings.Cut(line, "=")
	value = strings.TrimSpace(value)
	switch strings.TrimSpace(kind) {
	case "v":
		r.begun = true
	case "o":
		r.d.Origin = parseOrigin(value)
	case "c":
		if !r.connected { // further ones are layers of multicast
			r.at().Address = parseConnection(value)
			r.connected = true
		}
	case "m":
		return r.media(value)
	case "a":
		name, value, _ := strings.Cut(value, ":")
		r.at().attribute(strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value))
	}
	return nil
}

// media begins an m= line's part. It cannot be left out where it makes no sense,
// because an answer has as many as the offer.
func (r *reader) media(value string) error {
	if len(r.d.Media) == maxMedia {
		return fault.Newf(fault.Invalid, "the session description has more than %d m= lines", maxMedia)
	}
	fields := strings.Fields(value)
	unreadable := fault.Newf(fault.Invalid, "m= line %d of the session description cannot be read", len(r.d.Media)+1)
	if len(fields) < 3 || slices.ContainsFunc(fields, func(f string) bool { return !isToken(strings.ReplaceAll(f, "/", "")) }) {
		return unreadable
	}
	first, _, _ := strings.Cut(fields[1], "/") // how many ports there are is for layers
	port, err := strconv.ParseUint(first, 10, 16)
	if err != nil {
		return unreadable
	}
	m := r.session
	m.Kind, m.Port, m.Protocol, m.Others = fields[0], uint16(port), fields[2], fields[3:]
	if len(m.Others) == 0 {
		m.Others = []string{"0"} // a refused line that lacks its formats: an answer needs one
	}
	if m.isSound() {
		m.readFormats()
	}
	r.d.Media = append(r.d.Media, m)
	r.connected = false
	return nil
}

// readFormats makes Formats of Others, where these are payload types.
func (m *Media) readFormats() {
	for _, token := range m.Others {
		payload, err := strconv.ParseUint(token, 10, payloadBits)
		if twice, _ := m.format(token); err == nil && twice == nil {
			m.Formats = append(m.Formats, Format{Payload: uint8(payload), Codec: staticCodecs[uint8(payload)]})
		}
	}
	if len(m.Formats) > 0 {
		m.Others = nil
	}
}

func (m *Media) attribute(name, value string) {
	if i := slices.Index(directions[:], name); i >= 0 {
		m.Direction = Direction(i)
		return
	}
	switch name {
	case "rtpmap":
		if f, rest := m.format(value); f != nil && staticCodecs[f.Payload] == "" {
			f.Codec = parseCodec(rest)
		}
	case "fmtp":
		if f, rest := m.format(value); f != nil && f.Params == "" && isParams(rest) {
			f.Params = rest
		}
	case "ptime":
		m.Ptime = parsePtime(value)
	case "maxptime":
		m.MaxPtime = parsePtime(value)
	}
}

// isParams reports whether s is parameters of a format: RFC 8866 section 9 has any
// bytes there, but nobody needs others than these.
func isParams(s string) bool {
	return len(s) <= maxParams && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}

// format returns the format whose payload type begins value, and the rest; nil
// if there is none.
func (m *Media) format(value string) (f *Format, rest string) {
	token, rest, _ := strings.Cut(value, " ")
	payload, err := strconv.ParseUint(token, 10, payloadBits)
	if err != nil {
		return nil, ""
	}
	i := slices.IndexFunc(m.Formats, func(f Format) bool { return uint64(f.Payload) == payload })
	if i < 0 {
		return nil, ""
	}
	return &m.Formats[i], strings.TrimSpace(rest)
}

// parseOrigin reads the value of an o= line. One that makes no sense is the zero
// Origin: nothing depends on the other side's.
func parseOrigin(value string) Origin {
	fields := strings.Fields(value)
	if len(fields) != 6 {
		return Origin{}
	}
	id, err1 := strconv.ParseUint(fields[1], 10, 64)
	version, err2 := strconv.ParseUint(fields[2], 10, 64)
	if err1 != nil || err2 != nil {
		return Origin{}
	}
	return Origin{ID: id, Version: version, Address: fields[5]}
}

// parseConnection reads the value of a c= line (RFC 8866 section 5.7). It
// returns the unspecified address for a host under .invalid, which says the same
// (RFC 6157), and the zero Addr for other hosts and for multicast.
func parseConnection(value string) netip.Addr {
	fields := strings.Fields(value)
	if len(fields) != 3 {
		return netip.Addr{}
	}
	host, _, _ := strings.Cut(fields[2], "/")
	address, err := netip.ParseAddr(host)
	switch {
	case err != nil && strings.HasSuffix(strings.ToLower(host), ".invalid"):
		return netip.IPv6Unspecified()
	case err != nil, address.IsMulticast():
		return netip.Addr{}
	}
	return address.WithZone("").Unmap()
}

// finish leaves of lines that cannot be agreed on what an answer needs.
func (r *reader) finish() {
	for i := range r.d.Media {
		if m := &r.d.Media[i]; len(m.Formats) == 0 {
			*m = Media{Kind: m.Kind, Port: m.Port, Protocol: m.Protocol, Others: m.Others}
		}
	}
}
