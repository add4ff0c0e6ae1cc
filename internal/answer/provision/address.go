package provision

import (
	"net/url"
	"reflect"
	"strings"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/phone"
)

// address returns a rule's URL without what may stand before it:
// <HttpMethod=GET>, <HttpSecret=…>.
func address(parameter string) string {
	for {
		parameter = strings.TrimSpace(parameter)
		_, rest, ok := strings.Cut(parameter, ">")
		if !ok || parameter[0] != '<' {
			return parameter
		}
		parameter = rest
	}
}

// before returns what stands before a rule's URL.
func before(parameter string) string {
	return strings.TrimSuffix(strings.TrimSpace(parameter), address(parameter))
}

// shown returns as much of a stranger's URL as holds no secrets.
func shown(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "something that is no URL"
	}
	return u.Scheme + "://" + u.Host + u.EscapedPath()
}

// hiddenValue stands for a secret.
const hiddenValue = "<secret>"

// shownParameter returns a rule's parameter for people: numbers masked, and of
// its settings and its query only what is known to be no secret.
func shownParameter(parameter string) string {
	target := address(parameter)
	u, err := url.Parse(target)
	if err != nil || u.Host == "" {
		return shown(target)
	}
	var b strings.Builder
	for setting := range strings.SplitAfterSeq(before(parameter), ">") {
		name, value, _ := strings.Cut(strings.Trim(setting, "<> \t"), "=")
		switch {
		case name == "":
		case strings.EqualFold(name, "HttpMethod") && (strings.EqualFold(value, "GET") || strings.EqualFold(value, "POST")):
			b.WriteString("<" + name + "=" + value + ">")
		default:
			b.WriteString("<…>")
		}
	}
	b.WriteString(shown(target))
	query := u.Query()
	separator := "?"
	if id := query.Get("id"); entry.CheckID(id) == nil {
		b.WriteString(separator + "id=" + id)
		separator = "&"
	}
	if query.Has("key") {
		b.WriteString(separator + "key=" + hiddenValue)
		separator = "&"
	}
	query.Del("id")
	query.Del("key")
	if len(query) > 0 {
		b.WriteString(separator + "…")
	}
	return phone.MaskIn(b.String())
}

// sameAddress reports whether two URLs ask for the same.
func sameAddress(a, b string) bool {
	return a == b || equalURLs(a, b, func(url.Values) {})
}

// sameButKey is sameAddress for URLs whose keys may differ, or be missing.
func sameButKey(a, b string) bool {
	return equalURLs(a, b, func(query url.Values) { query.Del("key") })
}

// equalURLs compares two URLs without what trim takes out of their queries.
func equalURLs(a, b string, trim func(url.Values)) bool {
	ua, errA := url.Parse(a)
	ub, errB := url.Parse(b)
	if errA != nil || errB != nil {
		return false
	}
	qa, qb := ua.Query(), ub.Query()
	trim(qa)
	trim(qb)
	return ua.Scheme == ub.Scheme && strings.EqualFold(ua.Host, ub.Host) && ua.Path == ub.Path && ua.User == nil && ub.User == nil && reflect.DeepEqual(qa, qb)
}

// entryAt returns the id of the entry that a URL asks for, where it can be one.
func entryAt(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	id := u.Query().Get("id")
	if entry.CheckID(id) != nil {
		return ""
	}
	return id
}
