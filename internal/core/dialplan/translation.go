package dialplan

import (
	"strings"

	"github.com/switchhook/switchhook/internal/fault"
)

// Keep is the translation that changes nothing. It may stand within others:
// sales_[*].
const Keep = "[*]"

// Tokens of translations, besides Keep.
const (
	ownDomain       = "<OwnDomain>"  // the owner's domain
	ownCallerIDName = "<OwnCidName>" // the owner's name for callers
	ownCallerID     = "<OwnCidNmbr>" // the owner's number for callers
	null            = "<Null>"       // nothing
)

// Translation says how a rule rewrites who is called (Destination) and who calls
// (Source). An empty field is Keep.
type Translation struct {
	DestinationScheme, DestinationUser, DestinationHost string
	SourceName, SourceScheme, SourceUser, SourceHost    string
}

// own is what the tokens of a translation stand for.
type own struct {
	domain, callerIDName, callerID string
}

// apply translates a call's ends. It fails where a part gets too long.
func (t *Translation) apply(from, to *URI, o own) error {
	for _, part := range []struct {
		name, template string
		value          *string
	}{
		{"the destination's user", t.DestinationUser, &to.User},
		{"the destination's host", t.DestinationHost, &to.Host},
		{"the caller's name", t.SourceName, &from.Name},
		{"the caller's number", t.SourceUser, &from.User},
		{"the caller's host", t.SourceHost, &from.Host},
	} {
		translated := o.translate(part.template, *part.value)
		if len(translated) > MaxPart {
			return fault.Newf(fault.Invalid, "%s, translated by %q, is longer than %d characters", part.name, part.template, MaxPart)
		}
		*part.value = translated
	}
	to.Scheme = translateScheme(t.DestinationScheme, to.Scheme)
	from.Scheme = translateScheme(t.SourceScheme, from.Scheme)
	return nil
}

// translate fills a template in. Tokens are recognized in the template alone: a
// name that a caller sends cannot contain one.
func (o own) translate(template, original string) string {
	switch template {
	case "", Keep:
		return original
	}
	if strings.IndexByte(template, '[') < 0 && strings.IndexByte(template, '<') < 0 {
		return template
	}
	return strings.NewReplacer(
		Keep, original,
		ownDomain, o.domain,
		ownCallerIDName, orElse(o.callerIDName, original),
		ownCallerID, orElse(o.callerID, original),
		null, "",
	).Replace(template)
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func translateScheme(template, original string) string {
	switch template {
	case "", Keep:
		return original
	case null:
		return ""
	}
	return strings.ToLower(strings.TrimSuffix(template, ":"))
}
