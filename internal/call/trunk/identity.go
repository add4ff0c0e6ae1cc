package trunk

import (
	"github.com/emiago/sipgo/sip"

	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/phone"
)

// identity says who calls, as a carrier is told.
type identity struct {
	from   dialog.Party
	header []sip.Header
}

// identify returns who calls. The carrier is told the number in P-Asserted-Identity
// always (RFC 3325 section 9.1): it bills by that. Of those who hide, From says
// nothing, and Privacy asks the carrier to pass nothing on (RFC 3325 section 9.3).
// Without any number From has the name of the account.
func (s *Settings) identify(who engine.Outside, home phone.Home) identity {
	var id identity
	number := s.callerOf(who, home)
	if number != "" {
		uri := s.uri(number)
		id.header = append(id.header, sip.NewHeader("P-Asserted-Identity", "<"+uri.String()+">"))
	}
	user := number
	if s.From == FromUsername || number == "" {
		user = s.Username.user()
	}
	switch {
	case who.Private:
		id.from = dialog.Anonymous()
		id.header = append(id.header, dialog.Private())
	case user == "":
		id.from = dialog.Party{Name: who.Name, Address: s.uri(dialog.AnonymousUser)}
	default:
		id.from = dialog.Party{Name: who.Name, Address: s.uri(user)}
	}
	return id
}

// callerOf returns the number that is shown, as the carrier writes it; empty: none.
// Extensions are of no use to a carrier.
func (s *Settings) callerOf(who engine.Outside, home phone.Home) string {
	for _, text := range []string{who.From, string(s.Caller)} {
		if n := phone.Read(text, home); !n.Hidden() && !n.Internal() {
			return s.Numbers.write(n, home)
		}
	}
	return ""
}

// uri returns an address of ours at the carrier.
func (s *Settings) uri(user string) sip.Uri {
	uri := s.server()
	uri.User = user
	if s.FromDomain != "" {
		uri.Host, uri.Port = string(s.FromDomain), 0
	}
	return uri
}

// server returns the address of the carrier itself.
func (s *Settings) server() sip.Uri {
	uri := sip.Uri{Scheme: "sip", Host: s.Address.Host, Port: int(s.Address.Port)}
	if s.Address.Literal().Is6() {
		uri.Host = "[" + uri.Host + "]"
	}
	if s.Address.Secure {
		uri.Scheme = "sips"
	}
	return uri
}
