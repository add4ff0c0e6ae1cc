package trunk

import (
	"errors"
	"net"
	"net/netip"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/setting"
)

// Section is the trunks of the settings.
type Section struct {
	Trunks []Settings `key:"trunk" doc:"The carrier that calls to telephone numbers go to, and whose calls are believed who calls. One at most."`
}

// Settings are those of one trunk.
type Settings struct {
	Name      setting.Name `key:"name" example:"carrier" need:"item" doc:"What the trunk is called in the log and in alerts."`
	Address   Address      `key:"address" example:"sip.carrier.example" need:"item" doc:"Where the carrier is: a name, a name or an address with a port, or a sip: or sips: address of these. Without a port the DNS says which servers there are (SRV records) and which of them are tried first. Another one is tried where one does not answer."`
	Transport Transport    `key:"transport" default:"udp" doc:"How the carrier is reached: udp, tcp or tls. core.sip needs an address of the same kind. Over TLS the carrier shows a certificate of the name in address."`

	Username Username       `key:"username" example:"12125550100" doc:"What the carrier knows us by, where it asks for a password or we register. Left out, the carrier knows us by our address."`
	Password setting.Secret `key:"password" doc:"The password that goes with username."`

	Register      bool          `key:"register" default:"false" doc:"Whether to tell the carrier again and again where its calls are to be sent, for carriers that do not send them to a fixed address."`
	RegisterEvery time.Duration `key:"register_every" default:"10m" min:"1m" max:"1d" doc:"For how long to register each time. The carrier may shorten it; it is renewed before it ends."`

	// OptionsEvery is 0 if the servers are not asked.
	OptionsEvery time.Duration `key:"options_every" default:"30s" min:"5s" max:"1h" zero:"never" doc:"How often each server of the carrier is asked whether it is there (OPTIONS), which also keeps the way through a router open. Any answer will do; a server that does not answer is tried last, and when none has answered three times the trunk is down, unless it registers. 0 is never, for carriers that never answer."`

	FromDomain setting.Domain `key:"from_domain" example:"carrier.example" doc:"The domain that follows numbers in From and P-Asserted-Identity. Left out, that of address."`
	From       From           `key:"from" default:"number" doc:"What stands in From: number, the number that is shown; username, for carriers that insist on their own name there and read the number from P-Asserted-Identity."`
	Caller     setting.Number `key:"caller" example:"+12125550100" doc:"The number that is shown where who calls has none of their own. Left out, none is."`

	Numbers     Format              `key:"numbers" default:"e164_plus" doc:"How the carrier writes numbers: e164_plus, as +12125550123; e164, as 12125550123; national, as they are dialled in its country, 2125550123 or 011442079460123."`
	Prefix      Prefix              `key:"prefix" example:"9" doc:"What is put before each number that is called, where the carrier wants that."`
	CallingCode setting.CallingCode `key:"calling_code" example:"31" inherits:"core.calling_code" doc:"The calling code of the carrier's country, for numbers that are written without one. Left out, that of [core]."`

	Networks     []netip.Prefix `key:"networks" example:"192.0.2.0/24" doc:"Networks that the carrier's calls come from, beside the addresses of its servers. Its calls are believed who calls, and have no limits for each source."`
	LargeOverTCP bool           `key:"large_over_tcp" default:"false" doc:"Whether requests of more than 1,300 bytes go over TCP where transport is udp, for ways that lose what does not fit into a packet. Where nobody takes the connection they go over UDP."`
}

// Check reports a second trunk.
func (s *Section) Check() error {
	if len(s.Trunks) > 1 {
		return setting.Problemf("trunk.1.name", "is of a second trunk, and there can be one; leave it out, or put the other servers of a carrier into the SRV records of one name")
	}
	return nil
}

// Equal reports whether two settings are the same.
func (s Settings) Equal(other Settings) bool {
	same := s.Password.Equal(other.Password)
	s.Password, other.Password = setting.Secret{}, setting.Secret{}
	return same && reflect.DeepEqual(s, other)
}

// Check reports what does not go together.
func (s *Settings) Check() error {
	var problems []error
	if s.Address.Secure && s.Transport != TLS {
		problems = append(problems, setting.Problemf("transport", "is %s, and address begins with sips:, which is over TLS", s.Transport))
	}
	if s.Username == "" && (s.Register || s.From == FromUsername || s.Password.IsSet()) {
		problems = append(problems, setting.Missing("username"))
	}
	if s.Register && !s.Password.IsSet() {
		problems = append(problems, setting.Missing("password"))
	}
	if s.LargeOverTCP && s.Transport != UDP {
		problems = append(problems, setting.Problemf("large_over_tcp", "is for the transport udp, not %s", s.Transport))
	}
	if s.Caller != "" {
		if n, err := phone.Parse(string(s.Caller), phone.HomeOfCode(string(s.CallingCode))); err != nil || n.Internal() {
			problems = append(problems, setting.Problemf("caller", "is no telephone number that a carrier can show; write it with a plus and the country's code, as in +12125550100"))
		}
	}
	return errors.Join(problems...)
}

// Transport is how a carrier is reached.
type Transport string

// The transports.
const (
	UDP Transport = dialog.UDP
	TCP Transport = dialog.TCP
	TLS Transport = dialog.TLS
)

// Choices returns the transports.
func (Transport) Choices() []string { return setting.Words(UDP, TCP, TLS) }

// From is what stands in From.
type From string

// What stands there.
const (
	FromNumber   From = "number"
	FromUsername From = "username"
)

// Choices returns what can stand there.
func (From) Choices() []string { return setting.Words(FromNumber, FromUsername) }

// Address is where a carrier is.
type Address struct {
	Host   string // a name, or an IP address without brackets
	Port   uint16 // 0: where the DNS says
	Secure bool   // it was written as sips:
}

// UnmarshalText reads a host, with a port or without, as it stands or in a URI.
func (a *Address) UnmarshalText(text []byte) error {
	*a = Address{}
	rest := string(text)
	scheme, uri, _ := strings.Cut(rest, ":")
	isURI := strings.EqualFold(scheme, "sip") || strings.EqualFold(scheme, "sips")
	if isURI && strings.Trim(uri, "0123456789") != "" { // else it is a host of that name, and its port
		a.Secure, rest = strings.EqualFold(scheme, "sips"), uri
		switch {
		case strings.Contains(rest, "@"):
			return errors.New("has a user; username is a setting of its own")
		case strings.ContainsAny(rest, ";?"):
			return errors.New("has parameters; transport is a setting of its own")
		}
	}
	if strings.Contains(rest, "/") {
		return setting.ErrForm
	}
	host := rest
	if inside, ok := strings.CutPrefix(rest, "["); ok {
		host = strings.TrimSuffix(inside, "]")
	}
	if name, port, err := net.SplitHostPort(rest); err == nil {
		number, err := strconv.ParseUint(port, 10, 16)
		if err != nil || number == 0 {
			return errors.New("has a port that is not a number up to 65535")
		}
		host, a.Port = name, uint16(number)
	}
	a.Host = strings.TrimSuffix(host, ".")
	if ip, err := netip.ParseAddr(host); err == nil && ip.Zone() == "" {
		return nil
	}
	var domain setting.Domain
	if strings.Trim(a.Host, "0123456789") == "" || domain.UnmarshalText([]byte(a.Host)) != nil {
		return setting.ErrForm
	}
	return nil
}

// Takes says what an Address is.
func (a Address) Takes() string {
	return `the name or address of a carrier, such as "sip.carrier.example" or "192.0.2.1:5060"`
}

// String returns the address as it is written.
func (a Address) String() string {
	host := a.Host
	switch {
	case a.Port > 0:
		host = net.JoinHostPort(host, strconv.Itoa(int(a.Port)))
	case strings.Contains(host, ":"):
		host = "[" + host + "]"
	}
	if a.Secure {
		return "sips:" + host
	}
	return host
}

// IsSet reports whether there is one.
func (a Address) IsSet() bool { return a.Host != "" }

// Literal returns the IP address that stands in place of a name; the zero Addr:
// there is a name.
func (a Address) Literal() netip.Addr {
	ip, _ := netip.ParseAddr(a.Host) // a name: the zero Addr
	return ip.Unmap()
}

// Username is what a carrier knows us by.
type Username string

// maxUsername is the longest name, in bytes.
const maxUsername = 128

// UnmarshalText reads a name: what may stand in an address, with a domain or
// without.
func (u *Username) UnmarshalText(text []byte) error {
	*u = Username(text)
	odd := func(r rune) bool {
		return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-_.!~*+=&$@", r)
	}
	if len(text) > maxUsername || strings.ContainsFunc(string(text), odd) || u.user() == "" {
		return setting.ErrForm
	}
	return nil
}

// Takes says what a Username is.
func (u Username) Takes() string { return `the name of an account, such as "12125550100"` }

// user returns what stands before the domain, if there is one: what can stand in an
// address of our own.
func (u Username) user() string {
	user, _, _ := strings.Cut(string(u), "@")
	return user
}

// Prefix is digits that are dialled before a number.
type Prefix string

// maxPrefix is the most characters that a carrier wants before a number.
const maxPrefix = 16

// UnmarshalText reads digits, *, # and a plus.
func (p *Prefix) UnmarshalText(text []byte) error {
	*p = Prefix(text)
	if strings.Trim(string(text), "+0123456789*#") != "" || len(text) > maxPrefix {
		return setting.ErrForm
	}
	return nil
}

// escaped returns what stands in an address, where a # would end it (RFC 3261
// section 25.1).
func (p Prefix) escaped() string { return strings.ReplaceAll(string(p), "#", "%23") }

// Takes says what a Prefix is.
func (p Prefix) Takes() string { return `digits that are dialled, such as "9"` }
