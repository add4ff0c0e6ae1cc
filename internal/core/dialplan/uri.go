package dialplan

import "strings"

// MaxPart is the longest a part of a URI may get, in bytes. Nothing that can be
// called is longer; a translation such as [*][*], applied again and again, would
// otherwise grow without end.
const MaxPart = 255

// URI is who calls or who is called, in the parts that rules translate.
type URI struct {
	Name   string // shown beside a caller's number; of sources only
	Scheme string // sip; empty where a rule translates it to <Null>
	User   string // a number, an extension or an alias such as webresponder8001
	Host   string // a domain, or a connection out of this phone system

	Transport string // the parameter of that name, with its semicolon; empty: none was given
}

// DefaultScheme is the scheme of what is given without one.
const DefaultScheme = "sip"

// ParseURI reads an address as people and programs write it: a number, an
// extension, an alias, user@host or a whole URI. Parameters after a semicolon
// are dropped, but for a transport. If no host is named the URI gets the given one.
func ParseURI(text, host string) URI {
	u := URI{Scheme: DefaultScheme, Host: host}
	text = strings.TrimSpace(text)
	text = strings.TrimSuffix(strings.TrimPrefix(text, "<"), ">")
	if scheme, rest, ok := strings.Cut(text, ":"); ok && isScheme(scheme) {
		u.Scheme, text = strings.ToLower(scheme), rest
	}
	text, parameters, _ := strings.Cut(text, ";")
	u.Transport = transportOf(parameters)
	at := strings.LastIndexByte(text, '@')
	if at < 0 {
		u.User = cutTo(text, MaxPart)
		return u
	}
	u.User = cutTo(text[:at], MaxPart)
	if named := text[at+1:]; named != "" && named != "*" {
		u.Host = cutTo(named, MaxPart)
	}
	return u
}

// transportOf returns the parameter that says how an address is reached, as it is
// written behind it; "" if there is none that is known.
func transportOf(parameters string) string {
	for parameter := range strings.SplitSeq(strings.ToLower(parameters), ";") {
		switch parameter {
		case "transport=udp", "transport=tcp", "transport=tls":
			return ";" + parameter
		}
	}
	return ""
}

func isScheme(s string) bool {
	switch strings.ToLower(s) {
	case "sip", "sips", "tel":
		return true
	}
	return false
}

func cutTo(s string, most int) string { return s[:min(len(s), most)] }

// String returns the URI without the name.
func (u URI) String() string {
	s := u.User
	if u.Host != "" {
		s += "@" + u.Host
	}
	if u.Scheme != "" {
		s = u.Scheme + ":" + s
	}
	return s
}

// Address returns user@host, as people name a user.
func (u URI) Address() string {
	if u.Host == "" {
		return u.User
	}
	return u.User + "@" + u.Host
}

// key is a URI in the forms that patterns are matched against.
type key struct {
	text       string // scheme:user@host, in lower case, without a plus
	user, host int    // where the user part begins, and where it ends
}

func (u URI) key() key {
	user := u.User
	if len(user) > 1 && user[0] == '+' && isDigit(user[1]) {
		user = user[1:]
	}
	k := key{}
	if u.Scheme != "" {
		k.user = len(u.Scheme) + 1
	}
	k.host = k.user + len(user)
	b := make([]byte, 0, k.host+1+len(u.Host))
	if u.Scheme != "" {
		b = appendLower(b, u.Scheme)
		b = append(b, ':')
	}
	b = appendLower(b, user)
	b = append(b, '@')
	b = appendLower(b, u.Host)
	k.text = string(b)
	return k
}

// form returns the key as patterns of a form want it.
func (k *key) form(f form) string {
	switch f {
	case bare:
		return k.text[k.user:k.host]
	case address:
		return k.text[k.user:]
	default:
		return k.text
	}
}

// appendLower is for ASCII, so that the length of s is known before.
func appendLower(b []byte, s string) []byte {
	for i := range len(s) {
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		b = append(b, c)
	}
	return b
}
