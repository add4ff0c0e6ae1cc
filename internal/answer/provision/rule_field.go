package provision

import (
	"slices"

	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/netsapiens"
)

// ruleField is a field of a dial rule.
type ruleField struct {
	name string
	of   func(*netsapiens.DialRule) *string
}

// The fields of dial rules: those that can be changed, and those that identify
// the rule.
var (
	setFields = []ruleField{
		{"enabled", func(r *netsapiens.DialRule) *string { return &r.Enabled }},
		{"application", func(r *netsapiens.DialRule) *string { return &r.Application }},
		{"parameter", func(r *netsapiens.DialRule) *string { return &r.Parameter }},
		{"destination scheme", func(r *netsapiens.DialRule) *string { return &r.DestinationScheme }},
		{"destination user", func(r *netsapiens.DialRule) *string { return &r.DestinationUser }},
		{"destination host", func(r *netsapiens.DialRule) *string { return &r.DestinationHost }},
		{"source name", func(r *netsapiens.DialRule) *string { return &r.SourceName }},
		{"source scheme", func(r *netsapiens.DialRule) *string { return &r.SourceScheme }},
		{"source user", func(r *netsapiens.DialRule) *string { return &r.SourceUser }},
		{"source host", func(r *netsapiens.DialRule) *string { return &r.SourceHost }},
		{"description", func(r *netsapiens.DialRule) *string { return &r.Description }},
	}
	matchFields = []ruleField{
		{"matches destination", func(r *netsapiens.DialRule) *string { return &r.ToURI }},
		{"matches caller", func(r *netsapiens.DialRule) *string { return &r.FromURI }},
		{"matches days", func(r *netsapiens.DialRule) *string { return &r.Days }},
		{"matches from date", func(r *netsapiens.DialRule) *string { return &r.StartDate }},
		{"matches to date", func(r *netsapiens.DialRule) *string { return &r.EndDate }},
		{"matches from time", func(r *netsapiens.DialRule) *string { return &r.StartTime }},
		{"matches to time", func(r *netsapiens.DialRule) *string { return &r.EndTime }},
	}
)

// essential are the fields without which a rule does not lead to the webhook,
// however a phone system may show them.
var essential = []string{"enabled", "application", "parameter"}

// differing returns the fields in which a rule is not as wanted.
func differing(is, wanted netsapiens.DialRule, shows map[string]string) []ruleField {
	var fields []ruleField
	is, wanted = is.Complete(), wanted.Complete()
	for _, f := range slices.Concat(matchFields, setFields) {
		a, b := *f.of(&is), *f.of(&wanted)
		switch as, ok := shows[f.name]; {
		case a == b, ok && a == as && !slices.Contains(essential, f.name):
		case f.name == "application" && netsapiens.IsToWeb(a) && netsapiens.IsToWeb(b):
		case f.name == "parameter" && sameAddress(address(a), address(b)):
		default:
			fields = append(fields, f)
		}
	}
	return fields
}

// shownFields returns differing fields for people.
func shownFields(fields []ruleField, is, wanted netsapiens.DialRule) []Field {
	is, wanted = is.Complete(), wanted.Complete()
	var all []Field
	for _, f := range fields {
		from, to := phone.MaskIn(*f.of(&is)), phone.MaskIn(*f.of(&wanted))
		if f.name == "parameter" {
			from, to = shownParameter(is.Parameter), shownParameter(wanted.Parameter)
		}
		if from == to {
			from += " (another)"
		}
		all = append(all, Field{f.name, from, to})
	}
	return all
}
