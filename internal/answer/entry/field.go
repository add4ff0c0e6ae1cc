package entry

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/switchhook/switchhook/internal/hours"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/setting/plaintext"
)

// The limits of a cool-down. Texts sent more than a day ago are not
// considered.
const (
	maxCooldownTexts   = 100
	maxCooldownMinutes = 24 * 60
)

// read reads a field that is more than a text; one that is not known is left
// as it is. The error completes "the field NAME: ".
func (e *Entry) read(name string, value json.RawMessage) (err error) {
	if string(value) == "null" {
		return nil
	}
	switch name {
	case FieldLanguage:
		e.Language, err = language(value)
	case FieldTexts:
		e.Spoken, err = spoken(value)
	case FieldMessages:
		err = texts(value, map[string]*string{"open": &e.Messages.Open, "closed": &e.Messages.Closed, "holiday": &e.Messages.Holiday})
	case FieldConsentKey:
		e.ConsentKey, err = consentKey(value)
	case FieldCooldown:
		e.Cooldown, err = cooldown(value)
	case FieldTimeZone:
		var zone string
		if zone, err = text(value); err == nil && zone != "" {
			e.TimeZone, err = hours.ParseZone(zone)
		}
	case FieldHours:
		e.schedule().Week, err = hours.ParseWeek(value)
	case FieldHolidays:
		e.schedule().Holidays, err = hours.ParseHolidays(value)
	case FieldKey:
		e.Key, err = readKey(value)
	case FieldAllowFrom:
		e.AllowFrom, err = list(value, `addresses, such as ["192.0.2.1", "198.51.100.0/24"]`, prefix)
	case FieldBranding:
		e.Branding, err = branding(value)
	case FieldRegions:
		e.Regions, err = list(value, `regions, such as ["US", "CA"]`, region)
	case FieldOrigins:
		e.Origins, err = list(value, `origins, such as ["https://example.net"]`, origin)
	case FieldLimits:
		if !isObject(value) {
			return errNoObject
		}
		e.Limits = bytes.Clone(value) // not to keep the whole file's text
	}
	return err
}

var (
	errKeyless  = errors.New("it needs the field key, or anybody could agree to texts in a caller's place; openssl rand -hex 16 makes a good one")
	errNoText   = errors.New("it is not a text")
	errNoObject = errors.New("it is not an object")
)

func text(value []byte) (string, error) {
	s, ok := textOf(value)
	if !ok {
		return "", errNoText
	}
	return s, nil
}

// texts reads an object of texts. Members that are not known stay as they are.
func texts(value []byte, known map[string]*string) error {
	if !isObject(value) {
		return errNoObject
	}
	for name, member := range members(value) {
		field, ok := known[name]
		if !ok {
			continue
		}
		if *field, ok = textOf(member); !ok {
			return fmt.Errorf("%s: %w", name, errNoText)
		}
		*field = plaintext.Compose(*field)
	}
	return nil
}

// schedule returns the opening hours to be filled.
func (e *Entry) schedule() *hours.Schedule {
	if e.Hours == nil {
		e.Hours = &hours.Schedule{}
	}
	return e.Hours
}

// language reads a tag of BCP 47, as far as its form goes.
func language(value []byte) (string, error) {
	tag, err := text(value)
	if err != nil || tag == "" {
		return "", err
	}
	for i, part := range strings.Split(tag, "-") {
		tooLong, tooShort := len(part) > 8, len(part) < 1 || i == 0 && len(part) < 2
		if tooLong || tooShort || strings.ContainsFunc(part, func(r rune) bool { return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
			return "", fmt.Errorf("%.40q is not a language such as en-US", tag)
		}
	}
	return tag, nil
}

// spoken reads texts that are to stand in documents, and thus in XML.
func spoken(value []byte) (map[string]string, error) {
	if !isObject(value) {
		return nil, errNoObject
	}
	all := map[string]string{}
	for name, member := range members(value) {
		words, ok := textOf(member)
		if !ok {
			return nil, fmt.Errorf("%.40s: %w", name, errNoText)
		}
		if strings.ContainsFunc(words, unspeakable) {
			return nil, fmt.Errorf("%.40s: it has a character that cannot be spoken", name)
		}
		if words != "" {
			all[name] = words
		}
	}
	return all, nil
}

// unspeakable reports whether XML 1.0 does not allow a character.
func unspeakable(r rune) bool {
	return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == '\uFFFE' || r == '\uFFFF'
}

func consentKey(value []byte) (string, error) {
	if len(value) == 1 && isDigits(value) {
		return string(value), nil
	}
	key, ok := textOf(value)
	if !ok || len(key) > 1 || strings.Trim(key, "0123456789*#") != "" {
		return "", errors.New(`it is not a key of a telephone, such as "1"`)
	}
	return key, nil
}

func cooldown(value []byte) (*Cooldown, error) {
	if !isObject(value) {
		return nil, errNoObject
	}
	var minutes int
	c := &Cooldown{}
	for name, member := range members(value) {
		var err error
		switch name {
		case "texts":
			c.Texts, err = count(member, maxCooldownTexts)
		case "minutes":
			minutes, err = count(member, maxCooldownMinutes)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	if c.Texts == 0 || minutes == 0 {
		return nil, errors.New(`it needs texts and minutes, such as {"texts": 3, "minutes": 60}`)
	}
	c.Time = time.Duration(minutes) * time.Minute
	return c, nil
}

func count(value []byte, most int) (int, error) {
	n, err := strconv.Atoi(string(value))
	if err != nil || n < 1 || n > most {
		return 0, fmt.Errorf("%.40s is not a number from 1 to %d", value, most)
	}
	return n, nil
}

// branding reads what the widget shows. Numbers and the like count as texts: a
// page's script shows them, too.
func branding(value []byte) (Branding, error) {
	var b Branding
	if !isObject(value) {
		return b, errNoObject
	}
	for name, member := range members(value) {
		var field *string
		switch name {
		case "button_text":
			field = &b.ButtonText
		case "button_color":
			field = &b.ButtonColor
		case "company_name":
			field = &b.CompanyName
		case "logo_url":
			field = &b.LogoURL
		default:
			continue
		}
		text, ok := textOf(member)
		switch {
		case ok:
			*field = text
		case bytes.ContainsAny(member[:1], "{["):
			return Branding{}, fmt.Errorf("%s: %w", name, errNoText)
		default:
			*field = string(member)
		}
	}
	return b, nil
}

// list reads a list of texts. An empty one could mean all or none, and is
// refused: leave the field out to mean all.
func list[T any](value []byte, of string, parse func(string) (T, error)) ([]T, error) {
	var given []string
	if err := json.Unmarshal(value, &given); err != nil {
		return nil, fmt.Errorf("it is not a list of %s", of)
	}
	if len(given) == 0 {
		return nil, errors.New("it is empty: name one, or leave the field out")
	}
	parsed := make([]T, 0, len(given))
	for _, text := range given {
		item, err := parse(strings.TrimSpace(text))
		if err != nil {
			return nil, err
		}
		parsed = append(parsed, item)
	}
	return parsed, nil
}

func prefix(text string) (netip.Prefix, error) {
	if p, err := netip.ParsePrefix(text); err == nil && !p.Addr().Is4In6() {
		return p.Masked(), nil
	}
	address, err := netip.ParseAddr(text)
	if err != nil || address.Zone() != "" {
		return netip.Prefix{}, fmt.Errorf("%.60q is not an address such as 192.0.2.1 or 198.51.100.0/24", text)
	}
	address = address.Unmap()
	return netip.PrefixFrom(address, address.BitLen()), nil
}

func region(text string) (string, error) {
	name := strings.ToUpper(text)
	if !phone.KnownRegion(name) {
		return "", fmt.Errorf("%.40q is not a region such as US", text)
	}
	return name, nil
}

// origin returns the origin of pages as browsers send it, RFC 6454.
func origin(text string) (string, error) {
	u, err := url.Parse(strings.ToLower(text))
	beyond := func(r rune) bool { return r > unicode.MaxASCII || r == '*' } // browsers send xn--…
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || strings.ContainsFunc(u.Host, beyond) ||
		u.User != nil || u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("%.60q is not an origin such as https://example.net", text)
	}
	host := u.Host
	if port := u.Port(); port == "" || u.Scheme == "https" && port == "443" || u.Scheme == "http" && port == "80" {
		host = strings.TrimSuffix(host, ":"+port)
	}
	return u.Scheme + "://" + host, nil
}
