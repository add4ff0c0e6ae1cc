package widget

import (
	_ "embed" // the looks
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/switchhook/switchhook/internal/answer/entry"
)

// Limits of branding, in characters: a button is not a page.
const (
	maxButtonText  = 60
	maxCompanyName = 80
	maxLogoURL     = 500
)

//go:embed widget.css
var looks string

var comment = regexp.MustCompile(`(?s)/\*.*?\*/`)

// sheet is the looks without what only their readers need.
var sheet = sync.OnceValue(func() string { return strip(comment.ReplaceAllString(looks, "")) })

// settings are what the script is called with; widget.js explains them.
type settings struct {
	ID     string          `json:"id"`
	URL    string          `json:"url"`
	Lang   string          `json:"lang"`
	Texts  json.RawMessage `json:"t"`
	CSS    string          `json:"css"`
	Button string          `json:"button"`
	Name   string          `json:"name,omitempty"`
	Logo   string          `json:"logo,omitempty"`
	Days   int             `json:"days"`
}

// scheme is by which colours a button is drawn.
type scheme string

const (
	asVisitors scheme = "(prefers-color-scheme: dark)"
	byDay      scheme = "not all"
	byNight    scheme = "all"
)

func settingsOf(k kind, s scheme) settings {
	texts := vocabulary().texts[k.language]
	button := clean(k.branding.ButtonText, maxButtonText)
	if button == "" {
		var words struct{ Button string }
		if err := json.Unmarshal(texts, &words); err != nil {
			panic(err) // it is a file of ours
		}
		button = words.Button
	}
	logo, _ := logoURL(k.branding.LogoURL)
	day, night, ok := Colours(k.branding.ButtonColor)
	if !ok {
		day, night, _ = Colours(DefaultColour)
	}
	css := ".all{" + day.variables("") + night.variables("night-") + "}" +
		strings.Replace(sheet(), string(asVisitors), string(s), 1)
	return settings{
		ID: k.id, URL: k.url, Lang: k.language, Texts: texts, CSS: css,
		Button: button, Name: clean(k.branding.CompanyName, maxCompanyName), Logo: logo,
		Days: int(Ahead / (24 * time.Hour)),
	}
}

// Problems returns a sentence for each part of an entry's branding that its
// button cannot show as it is, and says what is shown instead.
func Problems(b entry.Branding) []string {
	var found []string
	for _, text := range []struct {
		field, value string
		most         int
	}{{"button_text", b.ButtonText, maxButtonText}, {"company_name", b.CompanyName, maxCompanyName}} {
		if shown := clean(text.value, text.most); strings.HasSuffix(shown, cut) && !strings.HasSuffix(text.value, cut) {
			found = append(found, fmt.Sprintf("%s has more than %d characters; the button shows %q", text.field, text.most, shown))
		}
	}
	if b.ButtonColor != "" {
		if _, _, ok := Colours(b.ButtonColor); !ok {
			found = append(found, fmt.Sprintf("button_color %.60q is not a colour such as %s; the button has that one", b.ButtonColor, DefaultColour))
		}
	}
	if b.LogoURL != "" {
		if _, ok := logoURL(b.LogoURL); !ok {
			found = append(found, fmt.Sprintf("logo_url %.60q is not an address such as https://example.net/logo.png; no logo is shown", b.LogoURL))
		}
	}
	return found
}

// cut ends a text that was too long.
const cut = "…"

// clean returns a text as one line that cannot disturb what stands around it:
// without invisible characters, such as those that change the direction of
// writing.
func clean(text string, most int) string {
	const joiner, nonJoiner = '\u200d', '\u200c' // of emoji, and of scripts that need them
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == joiner || r == nonJoiner:
			return r
		case unicode.In(r, unicode.C), r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, text)
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > most {
		text = strings.TrimSpace(string(runes[:most-1])) + cut
	}
	return text
}

// hostName is a host with its port, and nothing that could mean something else
// in a policy.
var hostName = regexp.MustCompile(`^[A-Za-z0-9.-]+(?::[0-9]{1,5})?$`)

// logoURL reads the address of a logo, which is fetched by visitors' browsers:
// by https only, so that a page keeps its padlock.
func logoURL(text string) (string, bool) {
	text = strings.TrimSpace(text)
	u, err := url.Parse(text)
	if err != nil || len(text) > maxLogoURL || u.Scheme != "https" || !hostName.MatchString(u.Host) || u.User != nil {
		return "", false
	}
	return u.String(), true
}
