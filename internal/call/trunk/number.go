package trunk

import (
	"strings"

	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/setting"
)

// Format is how a carrier writes numbers.
type Format string

// The formats of +12125550123.
const (
	E164Plus Format = "e164_plus" // +12125550123
	E164     Format = "e164"      // 12125550123
	National Format = "national"  // 2125550123; a number abroad after what is dialled before one
)

// Choices returns the formats.
func (Format) Choices() []string { return setting.Words(E164Plus, E164, National) }

// write returns a number as a carrier writes it whose country is home.
func (f Format) write(n phone.Number, home phone.Home) string {
	switch f {
	case E164:
		return n.Digits()
	case National:
		return n.National(home)
	}
	return n.E164()
}

// read returns a number of a carrier's as E.164 has it, with its plus. What is no
// number of any country stays as it is: names, extensions, hidden callers.
func (f Format) read(text string, home phone.Home) string {
	if text == "" || strings.Trim(text, "+0123456789") != "" {
		return text
	}
	if f == E164 && !strings.HasPrefix(text, "+") && !strings.HasPrefix(text, "0") {
		if n := phone.Read("+"+text, home); n.Valid() {
			return n.E164()
		}
	}
	if n := phone.Read(text, home); n.Valid() && !n.Internal() {
		return n.E164()
	}
	return text
}

// Read returns a number that the carrier has written, of a caller or of who is
// called, as E.164 has it, with its plus. What is no number of any country stays as
// it is.
func (t *Trunk) Read(text string) string {
	return t.config.Settings.Numbers.read(text, t.home)
}
