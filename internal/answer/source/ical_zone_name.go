package source

import (
	_ "embed"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
)

const (
	// maxZoneName bounds the name of a time zone, in bytes.
	maxZoneName = 200

	// maxPlaces bounds how many places of a name we look up.
	maxPlaces = 10
)

//go:embed windowszones.tsv
var windowsZonesText string

// windowsZones are zones of the database by the names and the places that
// Windows has for them, in the form of plainZone.
var windowsZones = sync.OnceValue(func() map[string]string {
	zones := make(map[string]string)
	add := func(name, zone string) {
		if name = plainZone(name); zones[name] == "" {
			zones[name] = zone
		}
	}
	rows := strings.Split(windowsZonesText, "\n")
	for _, row := range rows {
		if name, rest, ok := strings.Cut(row, "\t"); ok {
			zone, places, _ := strings.Cut(rest, "\t")
			add(name, zone)
			add(places, zone)
		}
	}
	for _, row := range rows { // each place of a list, which may name a zone of its own too
		if _, rest, ok := strings.Cut(row, "\t"); ok {
			zone, places, _ := strings.Cut(rest, "\t")
			for place := range strings.SplitSeq(places, ",") {
				add(place, zone)
			}
		}
	}
	return zones
})

// areas are the parts of the database that have cities.
var areas = [...]string{"Europe", "America", "Asia", "Africa", "Australia", "Pacific", "Atlantic", "Indian"}

var (
	// shownZone is how Windows shows a zone: (UTC+01:00) Amsterdam, Berlin, Bern.
	shownZone = regexp.MustCompile(`(?i)^\((?:UTC|GMT)?\s*([+-]\d{1,2}(?:[:.]?\d{2})?)?\)\s*(.*)$`)

	// offsetZone is a zone that is an offset: GMT+0200, UTC-5, +02:00.
	offsetZone = regexp.MustCompile(`(?i)^(?:UTC|GMT)?\s*([+-])(\d{1,2})[:.]?(\d{2})?$`)

	partsOfPlaces = regexp.MustCompile(`\s*[,/;]\s*`)
)

// plainZone returns the letters, digits and signs of a name, in small letters.
func plainZone(name string) string {
	name = strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '+' || r == '-' {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
	name = strings.Replace(name, "daylighttime", "standardtime", 1)
	return strings.Replace(name, "summertime", "standardtime", 1)
}

// cleanZone takes off what programs put around a name.
func cleanZone(name string) string {
	return strings.Trim(strings.ReplaceAll(name, `\`, ""), " \t\"'")
}

// regionZone returns the zone of the database that a name such as
// Europe/Amsterdam means. Programs put names of their own before it, as in
// /example.org/2005/Europe/Amsterdam.
func regionZone(name string) (*time.Location, bool) {
	name = strings.Trim(cleanZone(name), "/")
	for strings.Contains(name, "/") && len(name) <= maxZoneName {
		if zone, ok := databaseZone(name); ok {
			return zone, true
		}
		_, name, _ = strings.Cut(name, "/")
	}
	return nil, false
}

// namedZone returns the time zone that a name means: one of the database or of
// Windows, or an offset, as programs write them.
func namedZone(name string) (*time.Location, bool) {
	name = cleanZone(name)
	if len(name) > maxZoneName {
		return nil, false
	}
	if m := shownZone.FindStringSubmatch(name); m != nil {
		return placeZone(m[1], m[2])
	}
	if zone, ok := regionZone(name); ok {
		return zone, true
	}
	name = name[strings.LastIndexByte(name, '/')+1:] // of tzone://Microsoft/Utc
	plain := plainZone(name)
	for _, found := range [...]string{windowsZones()[plain], otherZones()[plain], windowsZones()[plain+"standardtime"]} { // the last of Lotus Notes
		if zone, err := time.LoadLocation(found); err == nil && found != "" {
			return zone, true
		}
	}
	if zone, ok := fixedZone(name); ok {
		return zone, true
	}
	if zone, ok := databaseZone(name); ok {
		return zone, true
	}
	if zone, ok := cityZone(name); ok {
		return zone, true
	}
	return namedInParts(name)
}

// namedInParts returns the zone of a name that is put together with hyphens: a
// city after a name, as Google shows it, or an area and a city.
func namedInParts(name string) (*time.Location, bool) {
	if what, city, ok := cutLast(name, " - "); ok {
		if zone, ok := cityZone(city); ok {
			return zone, true
		}
		return namedZone(what)
	}
	area, city, ok := strings.Cut(name, "-")
	if ok && slices.ContainsFunc(areas[:], func(a string) bool { return strings.EqualFold(a, area) }) {
		return databaseZone(area + "/" + city)
	}
	return nil, false
}

// cutLast is strings.Cut at the last separator.
func cutLast(text, separator string) (before, after string, ok bool) {
	at := strings.LastIndex(text, separator)
	if at < 0 {
		return text, "", false
	}
	return text[:at], text[at+len(separator):], true
}

// placeZone returns the time zone that Windows shows by an offset and places. It
// is that of the first place that is known; without places it is the offset.
func placeZone(offset, places string) (*time.Location, bool) {
	if zone := windowsZones()[plainZone(places)]; zone != "" {
		found, err := time.LoadLocation(zone)
		return found, err == nil
	}
	if places == "" {
		return fixedZone(offset)
	}
	for _, place := range partsOfPlaces.Split(places, maxPlaces) {
		if zone := windowsZones()[plainZone(place)]; zone != "" {
			found, err := time.LoadLocation(zone)
			return found, err == nil
		}
		if zone, ok := cityZone(place); ok {
			return zone, true
		}
	}
	return namedInParts(places)
}

// fixedZone returns a zone that is an offset.
func fixedZone(name string) (*time.Location, bool) {
	m := offsetZone.FindStringSubmatch(strings.TrimSpace(name))
	if m == nil {
		return nil, false
	}
	hour, _ := strconv.Atoi(m[2]) // digits
	minute, _ := strconv.Atoi(m[3])
	const most = 14 // hours, of the Line Islands
	if hour > most || minute > 59 {
		return nil, false
	}
	offset := hour*3600 + minute*60
	if m[1] == "-" {
		offset = -offset
	}
	return time.FixedZone("UTC"+m[1]+m[2]+m[3], offset), true
}

// cityZone returns the zone of a city that the database has.
func cityZone(city string) (*time.Location, bool) {
	city = titled(underscored(city))
	if city == "" || strings.Contains(city, "/") {
		return nil, false
	}
	for _, area := range areas {
		if zone, err := time.LoadLocation(area + "/" + city); err == nil {
			return zone, true
		}
	}
	return nil, false
}

func underscored(words string) string { return strings.ReplaceAll(strings.TrimSpace(words), " ", "_") }

// databaseZone returns the zone of the database with a name, whatever its
// letter case and its blanks. The database has capitals at the beginning of
// words, but for names such as Port-au-Prince and Etc/GMT-1.
func databaseZone(name string) (*time.Location, bool) {
	const most = 3 // America/Argentina/Buenos_Aires
	segments := strings.Split(name, "/")
	if name == "" || strings.EqualFold(name, "Local") || len(segments) > most {
		return nil, false
	}
	for i := range segments {
		segments[i] = underscored(segments[i])
	}
	upper := strings.ToUpper(strings.Join(segments, "/"))
	first, others, _ := strings.Cut(upper, "/")
	dashed := titled(strings.Join(segments, "/"))
	tries := []string{name, dashed, titled(strings.ReplaceAll(dashed, "-", "_")), upper}
	if others != "" {
		tries = append(tries, titled(first)+"/"+others, first+"/"+titled(others)) // Etc/GMT-1, US/Eastern
	}
	for i, try := range tries {
		if slices.Contains(tries[:i], try) {
			continue // to look for a name that is not there takes a while
		}
		if zone, err := time.LoadLocation(try); err == nil {
			return zone, true
		}
	}
	return nil, false
}

// titled returns words as the database writes them.
func titled(words string) string {
	var b strings.Builder
	for len(words) > 0 {
		n := strings.IndexAny(words, "_-/")
		if n < 0 {
			n = len(words)
		}
		switch word := strings.ToLower(words[:n]); word {
		case "of", "es", "au":
			b.WriteString(word)
		case "mcmurdo":
			b.WriteString("McMurdo")
		case "dumontdurville":
			b.WriteString("DumontDUrville")
		default:
			if word != "" {
				b.WriteString(strings.ToUpper(word[:1]) + word[1:])
			}
		}
		if n < len(words) {
			b.WriteByte(words[n])
			n++
		}
		words = words[n:]
	}
	return b.String()
}
