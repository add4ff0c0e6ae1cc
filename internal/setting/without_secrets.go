package setting

import (
	"net/url"
	"slices"
	"strings"
)

// WithoutSecrets returns a text with the secrets of the URLs in it taken out: user
// names and passwords, and the values of parameters that IsSecretName. All that we
// store, log or show of a URL that others gave us passes it; requests go to the
// whole URL.
func WithoutSecrets(text string) string {
	return withoutParameters(withoutUsers(text))
}

// secretNames are parameters whose values are secrets, in the URLs of our own
// webhooks and of others', in lower case and without what joins words.
var secretNames = []string{"key", "pass", "passwd", "pwd", "auth", "authorization", "sig", "hmac", "credential", "accesskey", "secretkey", "privatekey"}

// secretEndings are what longer names of such parameters end in.
var secretEndings = []string{"secret", "token", "password", "signature", "apikey"}

var joins = strings.NewReplacer("-", "", "_", "", ".", "")

// IsSecretName reports whether the value of a parameter of this name is a secret.
func IsSecretName(name string) bool {
	if plain, err := url.QueryUnescape(name); err == nil {
		name = plain
	}
	name = joins.Replace(strings.ToLower(name))
	return slices.Contains(secretNames, name) || slices.ContainsFunc(secretEndings, func(ending string) bool { return strings.HasSuffix(name, ending) })
}

// ends are the characters that no URL in a text goes on after.
const ends = " \t\r\n\"'<>`"

// withoutUsers takes out what stands between :// and the @ of a host.
func withoutUsers(text string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "://")
		if !found {
			break
		}
		b.WriteString(before + "://")
		host := rest
		if end := strings.IndexAny(rest, "/?#"+ends); end >= 0 {
			host = rest[:end]
		}
		if at := strings.LastIndexByte(host, '@'); at > 0 {
			b.WriteString(Redacted)
			rest = rest[at:]
		}
		text = rest
	}
	return b.String() + text
}

// withoutParameters takes out the values of secret parameters.
func withoutParameters(text string) string {
	var b strings.Builder
	for {
		equals := strings.IndexByte(text, '=')
		if equals < 0 {
			break
		}
		name := text[strings.LastIndexAny(text[:equals], "?&;#"+ends)+1 : equals]
		led := len(name) < equals && strings.IndexByte("?&;#", text[equals-len(name)-1]) >= 0
		b.WriteString(text[:equals+1])
		text = text[equals+1:]
		if led && IsSecretName(name) {
			end := strings.IndexAny(text, "&#"+ends)
			if end < 0 {
				end = len(text)
			}
			if end > 0 {
				b.WriteString(Redacted)
				text = text[end:]
			}
		}
	}
	return b.String() + text
}
