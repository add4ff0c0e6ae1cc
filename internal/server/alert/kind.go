package alert

import (
	"slices"
	"time"
)

// Kind says what needs attention. The set is closed.
type Kind string

// The kinds.
const (
	TextDead           Kind = "text_dead"           // a text will not go on by itself
	TextsLimited       Kind = "texts_limited"       // a cap of texts is reached
	KeyMissing         Kind = "key_missing"         // anyone who knows an entry's address can have texts sent
	ProvisionFailed    Kind = "provision_failed"    // the phone system could not be made to match an entry
	ProvisionConflict  Kind = "provision_conflict"  // somebody else's rule is in an entry's place
	PhoneSystemDown    Kind = "phone_system_down"   // it has not answered for a while
	CallGivenUp        Kind = "call_given_up"       // a call that a visitor scheduled is not placed
	SecretsGuessed     Kind = "secrets_guessed"     // a network has to wait after many wrong secrets
	SourceDown         Kind = "source_down"         // who is on call cannot be updated
	SubscriptionFailed Kind = "subscription_failed" // replies do not arrive, including STOP
	RepliesCapped      Kind = "replies_capped"      // START and HELP reached the limit of answers
	DatabaseTrouble    Kind = "database_trouble"    // calls and texts cannot be stored
	Overload           Kind = "overload"            // callers are turned away because the database is full
	DiskLow            Kind = "disk_low"            // the database's disk is nearly full
	RecordingLost      Kind = "recording_lost"      // what callers record cannot be stored
	TrunkDown          Kind = "trunk_down"          // the carrier does not answer, or does not register us
	ClockJumped        Kind = "clock_jumped"        // the machine's clock was set to another time
	CallsBarred        Kind = "calls_barred"        // calls abroad or to premium numbers are refused: maybe fraud
	EmergencyRefused   Kind = "emergency_refused"   // somebody has tried to call an emergency service
	CallsOutNear       Kind = "calls_out_near"      // a ceiling of calls out is used to four fifths
	CallsOutFull       Kind = "calls_out_full"      // calls out are refused for a ceiling
	EntriesUnreadable  Kind = "entries_unreadable"  // domains.json is broken, or cannot be read
	SettingsUnreadable Kind = "settings_unreadable" // a reload was refused
	Undelivered        Kind = "alert_undelivered"   // alerts do not arrive by one of the ways
)

// traits are what is different between kinds.
type traits struct {
	title string // for a subject line

	// lasts says that it lasts until it is resolved, as an outage does. Others
	// happen, and are over.
	lasts bool

	// shared says that all servers of a database see the same, so that each of
	// them may resolve what another has raised.
	shared bool

	// entry says that it is about an entry.
	entry bool

	// times and over are how often it has to be raised, and for how long, before
	// it is told: less may be a coincidence.
	times int
	over  time.Duration
}

// downAfter is how many questions in a row must go unanswered before a phone
// system is down, and downFor is how long. One that restarts is back within that
// time, and an operator could not act sooner.
const (
	downAfter = 3
	downFor   = 110 * time.Second // the probe asks each minute, or some seconds sooner
)

var kinds = map[Kind]traits{
	TextDead:           {title: "A text did not go out", entry: true},
	TextsLimited:       {title: "A cap on texts is reached"},
	KeyMissing:         {title: "An entry has no key", entry: true, lasts: true, shared: true},
	ProvisionFailed:    {title: "Provisioning failed", entry: true, lasts: true, shared: true},
	ProvisionConflict:  {title: "Provisioning needs a decision", entry: true, lasts: true, shared: true},
	PhoneSystemDown:    {title: "The phone system is down", lasts: true, shared: true, times: downAfter, over: downFor},
	CallGivenUp:        {title: "A scheduled call was given up", entry: true},
	SecretsGuessed:     {title: "Somebody guesses secrets", lasts: true},
	SourceDown:         {title: "An on-call source is down", lasts: true},
	SubscriptionFailed: {title: "Replies do not arrive", lasts: true, shared: true},
	RepliesCapped:      {title: "Replies are capped"},
	DatabaseTrouble:    {title: "The database is in trouble", lasts: true},
	Overload:           {title: "Callers are turned away", lasts: true},
	DiskLow:            {title: "The disk is nearly full", lasts: true},
	RecordingLost:      {title: "A recording is lost", lasts: true},
	TrunkDown:          {title: "The trunk is down", lasts: true},
	ClockJumped:        {title: "The clock was set"},
	CallsBarred:        {title: "Calls out are refused", lasts: true},
	EmergencyRefused:   {title: "A call to an emergency number", lasts: true},
	CallsOutNear:       {title: "Calls out near their ceiling", lasts: true},
	CallsOutFull:       {title: "Calls out are at their ceiling", lasts: true},
	EntriesUnreadable:  {title: "The entries cannot be read", lasts: true},
	SettingsUnreadable: {title: "The settings cannot be read", lasts: true},
	Undelivered:        {title: "Alerts do not arrive", lasts: true},
}

// Kinds returns all of them, in the order of their names.
func Kinds() []Kind {
	all := make([]Kind, 0, len(kinds))
	for kind := range kinds {
		all = append(all, kind)
	}
	slices.Sort(all)
	return all
}

// Lasts reports whether what is of this kind lasts until it is resolved.
func (k Kind) Lasts() bool { return kinds[k].lasts }
