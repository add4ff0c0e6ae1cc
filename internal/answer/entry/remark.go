package entry

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/switchhook/switchhook/internal/fault/spelling"
	"github.com/switchhook/switchhook/internal/setting/plaintext"
)

// Remark is something about entries that is probably a slip: an unknown field.
// They are in force, and the field stays. It is an error so that it is reported
// with the problems, but does not count as one.
type Remark struct {
	Says    string   // a sentence, such as "the field mesage is not known; is message meant?"
	Entries []string // the ids of the entries that it is about
}

// maxNamed is how many entries a Remark names; the others are counted.
const maxNamed = 5

// Error says what it is about.
func (r *Remark) Error() string {
	names := strings.Join(r.Entries[:min(len(r.Entries), maxNamed)], ", ")
	if more := len(r.Entries) - maxNamed; more > 0 {
		names += fmt.Sprintf(" and %d more", more)
	}
	return names + ": " + r.Says
}

// remarks are sentences about entries, by id.
type remarks map[string][]string

// since returns what is new, one Remark for each sentence, in the order of the
// entries' ids.
func (r remarks) since(before remarks) []*Remark {
	return r.sinceIn(slices.Sorted(maps.Keys(r)), before)
}

// sinceIn is since in another order.
func (r remarks) sinceIn(ids []string, before remarks) []*Remark {
	var all []*Remark
	bySentence := map[string]*Remark{}
	for _, id := range ids {
		for _, says := range r[id] {
			if slices.Contains(before[id], says) {
				continue
			}
			if bySentence[says] == nil {
				bySentence[says] = &Remark{Says: says}
				all = append(all, bySentence[says])
			}
			bySentence[says].Entries = append(bySentence[says].Entries, id)
		}
	}
	return all
}

// SpokenTexts are the names of the texts that an entry may have, those of
// textback.Reason.
var SpokenTexts = []string{
	"sent", "queued", "consent", "declined", "cooldown", "suppressed", "quiet", "anonymous", "on_net", "short", "landline", "region", "own_number",
	"loop", "limited", "too_long", "unknown_id", "incomplete", "forbidden", "refused", "failed", "overload", "uncertain", "bad_request",
}

// knownFields are the fields of an entry, each with its known members; without
// such a list all members are known.
var knownFields = map[string][]string{
	FieldAPIDomain: nil, FieldUser: nil, FieldSystemUser: nil, FieldFromNumber: nil, FieldMessage: nil, FieldQueue: nil,
	FieldLanguage: nil, FieldConsentKey: nil, FieldTimeZone: nil, FieldHours: nil, FieldHolidays: nil, FieldKey: nil, FieldAllowFrom: nil,
	FieldRegions: nil, FieldOrigins: nil,
	FieldTexts:    SpokenTexts,
	FieldMessages: {"open", "closed", "holiday"},
	FieldCooldown: {"texts", "minutes"},
	FieldBranding: {"button_text", "button_color", "company_name", "logo_url"},
	FieldLimits:   {"number_per_day", "network_per_hour", "network_per_day", "widget_per_day", "tenant_per_day", "scheduled_per_minute"},
}

// float is a user or a number as spreadsheets write them.
var float = regexp.MustCompile(`^"(\d+)\.0{1,2}"$`)

// remarksOn returns the remarks on an entry's object, which is valid JSON, in
// the order of its fields.
func remarksOn(object []byte) (says []string) {
	names := make([]string, 0, len(knownFields))
	for name, value := range members(object) {
		within, known := knownFields[name]
		switch {
		case slices.Contains(names, name):
			says = append(says, fmt.Sprintf("the field %.100s stands twice; the last one counts", printable(name)))
		case !known:
			says = append(says, unknown(name, fieldMeant(name)))
		case within != nil:
			for member := range members(value) {
				if !slices.Contains(within, member) {
					says = append(says, unknown(name+"."+member, memberMeant(name, within, member)))
				}
			}
		case name == FieldUser, name == FieldSystemUser, name == FieldFromNumber, name == FieldQueue:
			if parts := float.FindSubmatch(value); parts != nil {
				says = append(says, fmt.Sprintf("the field %s is %s; is %s meant?", name, value, parts[1]))
			}
		case name == FieldKey:
			if key, err := readKey(value); err == nil && key != "" && len(key) < leastKey {
				says = append(says, fmt.Sprintf("the field key has fewer than %d characters, and can be guessed; openssl rand -hex 16 makes one that cannot", leastKey))
			}
		}
		names = append(names, name)
	}
	return says
}

func unknown(path, meant string) string {
	if meant == "" {
		return fmt.Sprintf("the field %.100s is not known", printable(path))
	}
	return fmt.Sprintf("the field %.100s is not known; is %s meant?", printable(path), meant)
}

// fieldMeant returns the field that was probably meant, which may be a member of
// another one; empty: none.
func fieldMeant(name string) string {
	fields := slices.Sorted(maps.Keys(knownFields))
	if near := spelling.Loosely(name, fields); near != "" {
		return near
	}
	for _, field := range fields {
		if field != FieldTexts && slices.Contains(knownFields[field], name) {
			return field + "." + name
		}
	}
	return ""
}

func memberMeant(field string, within []string, member string) string {
	if near := spelling.Loosely(member, within); near != "" {
		return field + "." + near
	}
	if _, known := knownFields[member]; known {
		return member
	}
	return ""
}

// printable returns a name as one line that cannot affect a terminal.
func printable(name string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7F {
			return '\uFFFD'
		}
		return r
	}, name)
}

// Examine returns the remarks on the text of a valid domains.json, as sentences:
// which of two entries with one id counts, which ids forms refuse, and which
// fields are unknown.
func Examine(text []byte) []string {
	o, twice, err := parseFile(text)
	if err != nil {
		return nil
	}
	text = plaintext.Decode(text)
	var says []string
	lines := linesOf(text, twice)
	for _, id := range slices.Compact(slices.Sorted(slices.Values(twice))) {
		last := lines[id][len(lines[id])-1]
		list := strings.Trim(strings.ReplaceAll(fmt.Sprint(lines[id]), " ", ", "), "[]")
		if i := strings.LastIndex(list, ", "); i >= 0 {
			list = list[:i] + " and" + list[i+1:]
		}
		says = append(says, fmt.Sprintf("the id %.120q stands %s, on lines %s: the one on line %d counts", id, times(len(lines[id])), list, last))
	}
	on := remarks{}
	for _, id := range o.names {
		if err := CheckID(id); err != nil {
			says = append(says, err.Error()+": forms refuse it")
		}
		on[id] = remarksOn(o.values[id])
	}
	for _, remark := range on.sinceIn(o.names, nil) {
		says = append(says, remark.Error())
	}
	return says
}

func times(n int) string {
	if n == 2 {
		return "twice"
	}
	return fmt.Sprintf("%d times", n)
}

// linesOf returns the lines on which some names of an object stand.
func linesOf(text []byte, names []string) map[string][]int {
	lines := map[string][]int{}
	if len(names) == 0 {
		return lines
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	if _, err := decoder.Token(); err != nil {
		return lines
	}
	line, counted := 1, 0
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			break
		}
		at := int(decoder.InputOffset())
		line += bytes.Count(text[counted:at], []byte{'\n'})
		counted = at
		if name, ok := token.(string); ok && slices.Contains(names, name) {
			lines[name] = append(lines[name], line)
		}
		var value json.RawMessage
		if decoder.Decode(&value) != nil {
			break
		}
	}
	return lines
}
