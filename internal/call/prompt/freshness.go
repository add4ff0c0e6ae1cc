package prompt

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// longestGood bounds how long an answer is taken for good without asking again,
// whatever it says: an operator who replaces a greeting wants it heard.
const longestGood = 24 * time.Hour

// goodUntil returns what the headers of an answer say of sharing it (RFC 9111,
// sections 3 and 4.2): whether it is for one call alone, the headers to keep of
// it, and until when nobody need be asked again.
func (l *Library) goodUntil(h http.Header) (private bool, kept http.Header, good time.Time) {
	kept = http.Header{}
	for _, name := range [...]string{"ETag", "Last-Modified"} {
		if value := h.Get(name); value != "" {
			kept.Set(name, value)
		}
	}
	rules := directives(h)
	_, noStore := rules["no-store"]
	_, onlyOne := rules["private"]
	if noStore || onlyOne || h.Get("Set-Cookie") != "" || strings.Contains(strings.Join(h.Values("Vary"), ","), "*") {
		return true, kept, time.Time{}
	}
	now := l.config.Now()
	if _, ask := rules["no-cache"]; ask {
		return false, kept, now
	}
	return false, kept, now.Add(min(lifetime(h, rules, now), longestGood))
}

// directives returns what Cache-Control says.
func directives(h http.Header) map[string]string {
	rules := map[string]string{}
	for rule := range strings.SplitSeq(strings.Join(h.Values("Cache-Control"), ","), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(rule), "=")
		rules[strings.ToLower(name)] = strings.Trim(value, `"`)
	}
	return rules
}

// lifetime returns for how long an answer is good from now on.
func lifetime(h http.Header, rules map[string]string, now time.Time) time.Duration {
	age := seconds(h.Get("Age"))
	for _, name := range [...]string{"s-maxage", "max-age"} {
		if value, ok := rules[name]; ok {
			return max(0, seconds(value)-age)
		}
	}
	expires, err := http.ParseTime(h.Get("Expires"))
	if err != nil {
		return 0 // and where it is 0, as many write: it is no longer good
	}
	made, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		made = now
	}
	return max(0, expires.Sub(made)-age)
}

// seconds reads a number of seconds; what is none is 0.
func seconds(text string) time.Duration {
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil {
		return 0
	}
	return time.Duration(n) * time.Second
}
