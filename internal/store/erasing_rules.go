package store

// erasingRule says where in a table a number can stand, and how it is erased
// there. Columns that it does not name hold no number: words of a closed set,
// and random values. A test of the command looks for columns that we have
// forgotten.
type erasingRule struct {
	table string
	key   []string // the columns that identify a row

	owners  []string // columns of numbers: a row with the number is deleted
	instead string   // a statement with the key and the time that replaces the deletion
	kept    string   // the row stays, without the contents of this column
	count   func(*Removed) *int

	words     []string // written by people and programs: the number is taken out
	documents []string // the same in JSON
	ids       []string // of calls and messages: the number is taken out, of the same id everywhere in the same way
	drop      bool     // a row that mentions the number is deleted
	others    string   // what rows that mention it are called

	onTheWay string // rows for which this is true do not change: they are about to be sent

	names         map[string]string // columns with operators' names, which stay, and what bears the name
	configuration string            // a column that operators configured, which stays
}

// erasedWord replaces a number.
const erasedWord = "erased"

// erasingRules are the rules of all tables, except for the Core's objects.
var erasingRules = []erasingRule{
	{
		table: "texts", key: []string{"id"}, owners: []string{"receiver", "dialled"}, count: func(r *Removed) *int { return &r.Texts },
		words: []string{"message", "sender", "problem"}, ids: []string{"call_id"}, others: "texts to others",
		onTheWay: "state IN ('sending', 'queued')",
		names:    map[string]string{"entry": "entry", "domain": "domain", "username": "user"},
	},
	{
		table: "inbound", key: []string{"id"}, owners: []string{"sender"}, count: func(r *Removed) *int { return &r.Inbound },
		words: []string{"receiver", "message"}, ids: []string{"id"}, others: "texts from others",
		names: map[string]string{"domain": "domain"},
	},
	{
		table: "answers", key: []string{"caller", "entry", "call_id", "step"}, owners: []string{"caller"}, count: func(r *Removed) *int { return &r.Answers },
		ids: []string{"call_id"}, others: "answers to calls of others", names: map[string]string{"entry": "entry"},
	},
	{
		table: "counted_calls", key: []string{"caller", "entry", "step"}, owners: []string{"caller"}, count: func(r *Removed) *int { return &r.Answers },
		names: map[string]string{"entry": "entry"},
	},
	{
		table: "consents", key: []string{"number", "entry", "at", "call_id"}, owners: []string{"number"}, count: func(r *Removed) *int { return &r.Consents },
		words: []string{"wording"}, ids: []string{"call_id"}, others: "consents of others", names: map[string]string{"entry": "entry"},
	},
	{
		table: "calls", key: []string{"id"}, owners: []string{"from_number", "to_number"}, count: func(r *Removed) *int { return &r.Calls },
		words: []string{"outcome"}, documents: []string{"trace"}, ids: []string{"id"}, others: "calls of others",
	},
	{
		// The duty to leave somebody alone outlives the rest.
		table: "suppressions", key: []string{"number", "tenant", "channel"}, owners: []string{"number"}, kept: "words", count: func(r *Removed) *int { return &r.Suppressions },
		words: []string{"words"}, others: "suppressions of others", names: map[string]string{"tenant": "domain"},
	},
	{
		// The remaining row counts for widgets, tenants and networks.
		table: "callbacks", key: []string{"id"}, owners: []string{"number", "dialled"}, count: func(r *Removed) *int { return &r.CallBacks },
		instead: `UPDATE callbacks SET number = '', dialled = '', idem = '', problem = '', origin = '', updated = $2,
			counted = CASE WHEN state = 'scheduled' THEN 0 ELSE counted END,
			state = CASE WHEN state = 'scheduled' THEN 'cancelled' ELSE state END WHERE id = $1`,
		words: []string{"origin", "problem"}, ids: []string{"idem"}, others: "calls that others asked for",
		names: map[string]string{"entry": "entry", "tenant": "domain", "queue": "user"},
	},
	{
		table: "activity", key: []string{"at", "id"}, owners: []string{"number"}, count: func(r *Removed) *int { return &r.Activity },
		documents: []string{"steps"}, ids: []string{"story", "about"}, others: "items of the activity record about others",
		names: map[string]string{"entry": "entry", "tenant": "domain"},
	},
	{table: "callback_proofs", key: []string{"id"}, owners: []string{"number"}, others: "codes for it"},
	{table: "callback_tries", key: []string{"id"}, owners: []string{"number"}, others: "wrong codes for it"},
	{table: "events", key: []string{"id"}, words: []string{"actor", "action", "about", "detail"}, others: "lines of the audit"},
	{table: "limits", key: []string{"id"}, ids: []string{"id"}, drop: true, others: "limits"},
	{table: "oncall_decisions", key: []string{"id"}, documents: []string{"record"}, others: "decisions on who is rung"},
	{table: "alerts", key: []string{"kind", "about"}, documents: []string{"state"}, others: "alerts"}, // numbers are masked, but for names of entries

	{table: "entries", key: []string{"id"}, names: map[string]string{"id": "entry"}, configuration: "item"},
	{table: "provisioned", key: []string{"entry"}, names: map[string]string{"entry": "entry"}, configuration: "record"},
	{table: "oncall_answers", key: []string{"source"}, names: map[string]string{"source": onCallSource}, configuration: "snapshot"},
	{table: "oncall_overrides", key: []string{"route"}, names: map[string]string{"route": onCallRoute, "source": onCallSource}, configuration: "person"},
	{table: "trunk_time", key: []string{"owner", "hour"}, names: map[string]string{"owner": "user"}},
	{table: "event_keys", key: []string{"domain"}, names: map[string]string{"domain": "domain"}},
	{table: "revisions", key: []string{"kind", "domain"}, names: map[string]string{"domain": "domain"}},
}

// onCallSource is what operators call a source of who is on call.
const onCallSource = "on-call source"

// onCallRoute is what they call a route of calls to who is on call.
const onCallRoute = "on-call route"

// whyKept maps what stays to the reason.
var whyKept = map[string]string{
	"entry":      "calls and texts go by it: change it where it is configured",
	"domain":     "it is a name on the phone system",
	"user":       "it is a name on the phone system",
	onCallRoute:  "its override rings the number: end it with switchhook oncall override ROUTE --end",
	onCallSource: "calls go by what it said last: take the number out there",
}
